"""Notices in the file: they stand there for a while, and who listens looks again and again."""

import sqlite3
from dataclasses import dataclass
from typing import ClassVar

from ..base import Publish
from ..calls.call import Call
from .budget import STEP_ITEMS

KEPT_SECONDS = 60
"""Whoever looks less often may miss some, and is told so."""
LOOKED_AT = 1000
"""Notices read at once."""


@dataclass(frozen=True, slots=True)
class News:
    """The notices after a number, and that of the last there was."""

    notices: list[tuple[bytes, bytes]]
    """Topic and value, oldest first."""
    last: int
    is_complete: bool
    """Whether none between has been removed."""


@dataclass(frozen=True, slots=True)
class Listen(Call[News]):
    """What is new after a number; None is from now on."""

    is_write: ClassVar[bool] = False

    after: int | None


def publish(db: sqlite3.Connection, now: int, call: Publish) -> None:
    values = (now, call.topic, call.value)
    db.execute("INSERT INTO notice (at, topic, value) VALUES (?, ?, ?)", values)


def drop_old(db: sqlite3.Connection, now: int) -> bool:
    """Remove a part of those that have stood there long enough; whether there may be more."""
    # In the order of their numbers, which is that of their times: for those there is no index.
    statement = (
        "DELETE FROM notice WHERE number <= (SELECT max(number) FROM"
        " (SELECT number, at FROM notice ORDER BY number LIMIT ?) WHERE at < ?)"
    )
    values = (STEP_ITEMS, now - KEPT_SECONDS * 1000)
    return db.execute(statement, values).rowcount == STEP_ITEMS


def listen(db: sqlite3.Connection, now: int, call: Listen) -> News:
    if call.after is None:
        return News([], _last(db), is_complete=False)
    found = db.execute(
        "SELECT number, topic, value FROM notice WHERE number > ? ORDER BY number LIMIT ?",
        (call.after, LOOKED_AT),
    ).fetchall()
    if not found:
        # Either there is nothing new, or all of it is gone already, or the file is another one.
        last = _last(db)
        return News([], last, is_complete=last == call.after)
    notices = [(topic, value) for _, topic, value in found]
    return News(notices, found[-1][0], is_complete=found[0][0] == call.after + 1)


def _last(db: sqlite3.Connection) -> int:
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'notice'").fetchone()
    return found[0] if found else 0
