"""What is done to the file besides calls of features: sweeping, figures, checking, copying."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Event
from typing import ClassVar

from ...config.model import CROWDED
from ..calls.call import Call
from ..errors import Unavailable
from .budget import STEP_ITEMS, Budget
from .clock import StoreTime
from .files import part_name, put_in_place
from .groups import forget
from .histories import drop_oldest
from .histories import trim_all as trim_histories
from .logs import drop_trimmed
from .notices import drop_old as drop_old_notices
from .schema import NEVER

MIN_SECONDS = 20
"""Between two sweeps, whichever processes make them."""
EVICTED = 0.05
"""Part of the things that goes then, up to `STEP_ITEMS`."""
COPIED = 1000
"""Pages that a backup copies before it looks whether it is wanted still."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to."""

    has_more: bool
    """Whether there is more to do."""
    evicted: int
    """Things that went before their time, for want of space."""


@dataclass(frozen=True, slots=True)
class Sweep(Call[Swept]):
    """Remove what has expired, and more where it is crowded; a part of it at a time."""

    clock: StoreTime
    evicts: bool = True
    """Whether anything may go before its time."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is in the file."""

    entries: dict[str, int]
    pages: int
    free_pages: int
    max_pages: int
    page_size: int
    version: int


@dataclass(frozen=True, slots=True)
class Look(Call[Figures]):
    """Count what is in the file."""

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Inspect(Call[Sequence[str]]):
    """What is wrong with the file; nothing if it is sound. Reads all of it."""

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Backup(Call[None]):
    """Copy the file, as it is at this moment, to one that is not there yet."""

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True

    path: str
    stop: Event
    """Set by who does not want it any more."""


def sweep(db: sqlite3.Connection, now: int, call: Sweep) -> Swept:
    found = db.execute("SELECT at FROM swept").fetchone()
    if found is not None and 0 <= now - found[0] < MIN_SECONDS * 1000:
        return Swept(has_more=False, evicted=0)
    call.clock.keep(db)
    has_more = _clear(db, now)
    evicted = _evict(db) if call.evicts and _is_crowded(db) else 0
    has_more = has_more or evicted > 0
    if not has_more:
        db.execute("REPLACE INTO swept (id, at) VALUES (1, ?)", (now,))
    return Swept(has_more, evicted)


def make_room(db: sqlite3.Connection, now: int, used: float) -> int:
    """For a write that has found no space, and cannot wait for the next sweep.

    One step towards using only that part of the size allowed; how many things went before their
    time.
    """
    _clear(db, now)
    return _evict(db) if _is_crowded(db, used) else 0


def look(db: sqlite3.Connection, now: int, call: Look) -> Figures:
    counts = {
        "values": "value",
        "counters": "counter",
        "buckets": "bucket",
        # What was cleared is on its way out, and does not count.
        "sets": "container WHERE kind = 'set' AND expires > 0",
        "hashes": "container WHERE kind = 'hash' AND expires > 0",
        "history rows": "row WHERE history IN (SELECT id FROM history WHERE max_age >= 0)",
        "log entries": "entry",
    }
    entries = {
        name: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for name, table in counts.items()
    }
    return Figures(
        entries,
        pages=_pragma(db, "page_count"),
        free_pages=_pragma(db, "freelist_count"),
        max_pages=_pragma(db, "max_page_count"),
        page_size=_pragma(db, "page_size"),
        version=_pragma(db, "user_version"),
    )


def backup(db: sqlite3.Connection, now: int, call: Backup) -> None:
    def go_on(_status: int, _left: int, _total: int) -> None:
        if call.stop.is_set():
            raise Unavailable("the copy was broken off")

    part = part_name(call.path)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        # The transaction that we are in begins with what is read first: all of the copy is of this
        # moment, and what others write meanwhile is not seen.
        _pragma(db, "schema_version")
        with closing(sqlite3.connect(part)) as copy:
            db.backup(copy, pages=COPIED, progress=go_on)
        put_in_place(part, call.path)
    finally:
        for suffix in ("", "-journal"):
            with suppress(FileNotFoundError):
                os.unlink(part + suffix)


def inspect(db: sqlite3.Connection, now: int, call: Inspect) -> Sequence[str]:
    found = [text for (text,) in db.execute("PRAGMA integrity_check(100)")]
    return [] if found == ["ok"] else found


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _clear(db: sqlite3.Connection, now: int) -> bool:
    """Remove a part of what has expired, and what else is found no more; whether there is more."""
    budgets = [Budget() for _ in _TABLES]
    for table, budget in zip(_TABLES, budgets, strict=True):
        _expire(db, table, now, budget)
    containers = Budget(STEP_ITEMS * 5)
    _expire_containers(db, now, containers, STEP_ITEMS)
    has_more = any(budget.is_spent for budget in (*budgets, containers))
    return any(
        (
            has_more,
            drop_old_notices(db, now),
            trim_histories(db, now, Budget()),
            drop_trimmed(db, Budget()),
        )
    )


_EXPIRE = """
DELETE FROM {table} WHERE key IN (
  SELECT key FROM (
    SELECT key, sum(weight) OVER (ORDER BY expires, key ROWS UNBOUNDED PRECEDING) - weight AS before
    FROM (
      SELECT key, expires, {weight} AS weight FROM {table} WHERE expires <= :until
      ORDER BY expires LIMIT :items
    )
  ) WHERE before < :octets
) RETURNING {weight}
"""
_LOOKED_AT = 32
"""Values at once: to find out how large one is SQLite reads all of it, 1 ms for each MiB."""
_TABLES = {"value": "length(value)", "counter": "0", "bucket": "0"}
"""Things that expire, and what they weigh."""


def _expire(db: sqlite3.Connection, table: str, until: int, budget: Budget) -> int:
    statement = _EXPIRE.format(table=table, weight=_TABLES[table])
    removed, gone = 0, [0]
    while gone and not budget.is_spent:
        items = min(_LOOKED_AT, budget.items) if table == "value" else budget.items
        values = {"until": until, "items": items, "octets": budget.octets}
        gone = [weight for (weight,) in db.execute(statement, values).fetchall()]
        budget.spend(len(gone), sum(gone))
        removed += len(gone)
    return removed


def _expire_containers(db: sqlite3.Connection, until: int, budget: Budget, limit: int) -> int:
    """How many of up to so many went, or have begun to; the budget is for what is in them."""
    statement = "SELECT id, kind FROM container WHERE expires <= ? ORDER BY expires LIMIT ?"
    found = db.execute(statement, (until, limit)).fetchall()
    for count, (container, kind) in enumerate(found, 1):
        forget(db, container, kind, budget)
        if budget.is_spent:
            return count
    if len(found) == limit:
        budget.items = 0
    return len(found)


def _is_crowded(db: sqlite3.Connection, part: float = CROWDED) -> bool:
    used = _pragma(db, "page_count") - _pragma(db, "freelist_count")
    return used > part * _pragma(db, "max_page_count")


def _evict(db: sqlite3.Connection) -> int:
    """Remove a part of what would expire first, and of the oldest rows; how many things went."""
    removed = 0
    for table in _TABLES:
        removed += _expire(db, table, NEVER - 1, Budget(_some(db, table)))
    containers = Budget(STEP_ITEMS * 5)
    removed += _expire_containers(db, NEVER - 1, containers, _some(db, "container"))
    return removed + drop_oldest(db, Budget(_some(db, "row")))


def _some(db: sqlite3.Connection, table: str) -> int:
    # To count all of a large table would take longer than to remove the part.
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT ?)"
    (count,) = db.execute(counted, (int(STEP_ITEMS / EVICTED),)).fetchone()
    return min(STEP_ITEMS, int(count * EVICTED) + 1)
