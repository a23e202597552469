"""Histories in the file: their rows are numbered in order of arrival."""

import sqlite3
from collections.abc import Sequence

from ..base import HistoryAdd, HistoryClear, HistoryFind, HistoryGet, Limits, Page, Row
from ..calls.bounds import MAX_CALL
from .budget import STEP_ITEMS, STEP_OCTETS, Budget
from .schema import NEVER

_INSERTED = 50
"""Rows of one statement. Each step of a statement gives the interpreter up, and may have to wait
some milliseconds to get it back from a reactor that is busy: a few large ones keep up with it."""
_TRIMMED = 500
"""Rows looked at in one step of trimming."""


def history_add(db: sqlite3.Connection, now: int, call: HistoryAdd) -> None:
    history, size, octets = _find(db, call.key) or _make(db, call.key)
    for start in range(0, len(call.rows), _INSERTED):
        _insert(db, history, now, call.rows[start : start + _INSERTED])
    added = sum(row.octets() for row in call.rows)
    limits = (call.limits.rows, call.limits.octets, _age(call.limits))
    # More than comes may go, so that a history comes within its limits.
    budget = Budget(len(call.rows) + STEP_ITEMS, added + STEP_OCTETS)
    kept = (size + len(call.rows), octets + added)
    kept = _trim(db, now, history, kept, limits, budget)
    db.execute(
        "UPDATE history SET size = ?, octets = ?, max_size = ?, max_octets = ?, max_age = ?"
        " WHERE id = ?",
        (*kept, *limits, history),
    )


def history_find(db: sqlite3.Connection, now: int, call: HistoryFind) -> Page:
    conditions, values = ["h.key = ?", "r.at + h.max_age > ?"], [call.key, now]
    for condition, value in (
        ("r.number < ?", None if call.before is None else int(call.before)),
        ("r.time >= ?", call.since),
        ("r.time < ?", call.until),
        *(("instr(r.terms, ?)", b"\0%b\0" % term) for term in call.terms),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    statement = (
        "SELECT r.number, r.row_id, r.time, r.terms, r.body FROM history h"
        f" JOIN row r ON r.history = h.id WHERE {' AND '.join(conditions)}"
        " ORDER BY r.number DESC LIMIT ?"
    )
    rows: list[Row] = []
    octets = last = 0
    for number, row_id, at, terms, body in db.execute(statement, (*values, call.limit + 1)):
        octets += len(terms) + len(body)
        if len(rows) == call.limit or (rows and octets > MAX_CALL):
            return Page(rows, b"%d" % last)
        rows.append(Row(row_id, at, parted(terms), body))
        last = number
    return Page(rows, None)


def history_get(db: sqlite3.Connection, now: int, call: HistoryGet) -> Row | None:
    found = db.execute(
        "SELECT r.row_id, r.time, r.body, r.detail FROM history h JOIN row r ON r.history = h.id"
        " WHERE h.key = ? AND r.row_id = ? AND r.at + h.max_age > ? ORDER BY r.number DESC LIMIT 1",
        (call.key, call.row_id, now),
    ).fetchone()
    return None if found is None else Row(found[0], found[1], (), found[2], found[3])


def history_clear(db: sqlite3.Connection, now: int, call: HistoryClear) -> int:
    found = _find(db, call.key)
    if found is None:
        return 0
    history = found[0]
    count = _count(db, now, history)
    # Too much may be there to go at once: nobody finds it any more, and all of it is too old.
    statement = "UPDATE history SET key = ?, max_age = ? WHERE id = ?"
    db.execute(statement, (b"\0%d" % history, -NEVER, history))
    _trim_kept(db, now, history, Budget())
    return count


def _count(db: sqlite3.Connection, now: int, history: int) -> int:
    """Of the rows that are not too old, of which there are few at any time."""
    oldest = db.execute(
        "SELECT r.number FROM row r JOIN history h ON h.id = r.history"
        " WHERE r.history = ? AND r.at + h.max_age > ? ORDER BY r.number LIMIT 1",
        (history, now),
    ).fetchone()
    if oldest is None:
        return 0
    statement = "SELECT count(*) FROM row WHERE history = ? AND number >= ?"
    return int(db.execute(statement, (history, *oldest)).fetchone()[0])


def trim_all(db: sqlite3.Connection, now: int, budget: Budget) -> bool:
    """Remove a part of the rows that are beyond their limits; whether there may be more."""
    for (history,) in db.execute("SELECT id FROM history").fetchall():
        _trim_kept(db, now, history, budget)
        if budget.is_spent:
            return True
    return False


def _trim_kept(db: sqlite3.Connection, now: int, history: int, budget: Budget) -> None:
    """By the limits of those who add to it."""
    statement = "SELECT size, octets, max_size, max_octets, max_age FROM history WHERE id = ?"
    size, octets, *limits = db.execute(statement, (history,)).fetchone()
    kept = _trim(db, now, history, (size, octets), limits, budget)
    if limits[2] < 0 and kept[0] == 0:
        db.execute("DELETE FROM history WHERE id = ?", (history,))
    elif kept != (size, octets):
        db.execute("UPDATE history SET size = ?, octets = ? WHERE id = ?", (*kept, history))


_OLDEST = """
SELECT max(number) FROM (
  SELECT number, sum(octets) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) - octets AS before
  FROM (SELECT number, octets FROM row ORDER BY number LIMIT ?)
) WHERE before < ?
"""


def drop_oldest(db: sqlite3.Connection, budget: Budget) -> int:
    """Remove the oldest rows of all histories; how many went."""
    (last,) = db.execute(_OLDEST, (budget.items, budget.octets)).fetchone()
    if last is None:
        return 0
    histories = db.execute("SELECT id FROM history").fetchall()
    return sum(_drop(db, history, last) for (history,) in histories)


def _drop(db: sqlite3.Connection, history: int, last: int) -> int:
    """Remove the rows of a history up to a number."""
    statement = "DELETE FROM row WHERE history = ? AND number <= ? RETURNING octets"
    gone = [octets for (octets,) in db.execute(statement, (history, last)).fetchall()]
    statement = "UPDATE history SET size = size - ?, octets = octets - ? WHERE id = ?"
    db.execute(statement, (len(gone), sum(gone), history))
    return len(gone)


def _find(db: sqlite3.Connection, key: bytes) -> tuple[int, int, int] | None:
    """Id, number of rows, and their octets."""
    statement = "SELECT id, size, octets FROM history WHERE key = ?"
    found: tuple[int, int, int] | None = db.execute(statement, (key,)).fetchone()
    return found


def _make(db: sqlite3.Connection, key: bytes) -> tuple[int, int, int]:
    statement = (
        "INSERT INTO history (key, size, octets, max_size, max_octets, max_age)"
        " VALUES (?, 0, 0, 0, 0, 0)"
    )
    return db.execute(statement, (key,)).lastrowid or 0, 0, 0


def _insert(db: sqlite3.Connection, history: int, now: int, rows: Sequence[Row]) -> None:
    values: list[object] = []
    for row in rows:
        terms = _joined(row.terms)
        values += history, now, row.time, row.octets(), row.row_id, terms, row.body, row.detail
    db.execute(
        "INSERT INTO row (history, at, time, octets, row_id, terms, body, detail) VALUES "
        + ",".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows)),
        values,
    )


_TO_GO = """
SELECT count(*), max(number), sum(octets) FROM (
  SELECT number, at, octets,
    row_number() OVER (ORDER BY number) - 1 AS rows_before,
    sum(octets) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) - octets AS octets_before
  FROM (
    SELECT number, at, octets FROM row WHERE history = :history AND number > :after
    ORDER BY number LIMIT :limit
  )
) WHERE octets_before < :budget AND (at <= :old OR (
  :size - rows_before > 1
  AND (:size - rows_before > :max_size OR :octets - octets_before > :max_octets)
))
"""
"""Of the oldest rows those that go: each for its age, or for what is there once those before it
have gone."""


def _trim(
    db: sqlite3.Connection,
    now: int,
    history: int,
    kept: tuple[int, int],
    limits: Sequence[int],
    budget: Budget,
) -> tuple[int, int]:
    """Let the oldest rows go; number and octets of those that stay.

    `limits` are those of rows, octets and milliseconds. What is beyond them when the budget is
    spent goes next time.
    """
    size, octets = kept
    last_to_go, count, limit = 0, 1, 1
    while count == limit and not budget.is_spent:
        # Mostly nothing goes, which one row tells.
        limit = min(_TRIMMED, budget.items) if last_to_go else 1
        values = {
            "history": history,
            "after": last_to_go,
            "limit": limit,
            "budget": budget.octets,
            "old": now - limits[2],
            "size": size,
            "octets": octets,
            "max_size": limits[0],
            "max_octets": limits[1],
        }
        count, number, weight = db.execute(_TO_GO, values).fetchone()
        if count:
            last_to_go, size, octets = number, size - count, octets - weight
            budget.spend(count, weight)
    if last_to_go:
        db.execute("DELETE FROM row WHERE history = ? AND number <= ?", (history, last_to_go))
    return size, octets


def _age(limits: Limits) -> int:
    return round(limits.seconds * 1000)


def _joined(terms: Sequence[bytes]) -> bytes:
    """Each term between two NULs, so that a search finds whole ones only."""
    return b"".join(b"\0" + term for term in terms) + b"\0"


def parted(terms: bytes) -> list[bytes]:
    """The terms of a row."""
    return terms.split(b"\0")[1:-1]
