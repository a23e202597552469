"""Logs in the file."""

import sqlite3

from ..base import (
    Entry,
    LogAcknowledge,
    LogAppend,
    LogBegin,
    LogForget,
    LogLook,
    LogRead,
    LogState,
    LogTrim,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
)
from ..calls.log import within_call
from .budget import Budget

CHUNK = 2**20
"""Octets of a snapshot in one row."""


def log_append(db: sqlite3.Connection, now: int, call: LogAppend) -> int:
    log, _, last, _ = _find(db, call.key) or _make(db, call.key)
    db.executemany(
        "INSERT INTO entry (log, position, data) VALUES (?, ?, ?)",
        [(log, last + at, data) for at, data in enumerate(call.entries, 1)],
    )
    last += len(call.entries)
    db.execute("UPDATE log SET last = ? WHERE id = ?", (last, log))
    return last


def log_begin(db: sqlite3.Connection, now: int, call: LogBegin) -> bool:
    log, _, last, _ = _find(db, call.key) or _make(db, call.key)
    if last:
        return False
    values = (call.position + 1, call.position, log)
    db.execute("UPDATE log SET first = ?, last = ? WHERE id = ?", values)
    return True


def log_read(db: sqlite3.Connection, now: int, call: LogRead) -> list[Entry]:
    found = db.execute(
        "SELECT e.position, e.data FROM log l JOIN entry e ON e.log = l.id"
        " WHERE l.key = ? AND e.position > ? AND e.position >= l.first"
        " ORDER BY e.position LIMIT ?",
        (call.key, call.after, call.limit),
    )
    return list(within_call(Entry(position, data) for position, data in found))


def log_acknowledge(db: sqlite3.Connection, now: int, call: LogAcknowledge) -> int:
    log, _, last, _ = _find(db, call.key) or _make(db, call.key)
    (position,) = db.execute(
        "INSERT INTO reader (log, reader, position) VALUES (?, ?, ?) ON CONFLICT (log, reader)"
        " DO UPDATE SET position = max(position, excluded.position) RETURNING position",
        (log, call.reader, max(0, min(call.position, last))),
    ).fetchone()
    return int(position)


def log_forget(db: sqlite3.Connection, now: int, call: LogForget) -> bool:
    found = _find(db, call.key)
    if found is None:
        return False
    statement = "DELETE FROM reader WHERE log = ? AND reader = ?"
    return db.execute(statement, (found[0], call.reader)).rowcount > 0


def log_look(db: sqlite3.Connection, now: int, call: LogLook) -> LogState:
    rows = db.execute(
        "SELECT l.first, l.last, l.snapshot, r.reader, r.position FROM log l"
        " LEFT JOIN reader r ON r.log = l.id WHERE l.key = ?",
        (call.key,),
    ).fetchall()
    if not rows:
        return LogState(1, 0, 0, {})
    readers = {reader: position for *_, reader, position in rows if reader is not None}
    first, last, snapshot = rows[0][:3]
    return LogState(first, last, max(0, snapshot), readers)


def log_trim(db: sqlite3.Connection, now: int, call: LogTrim) -> int:
    found = _find(db, call.key)
    if found is None:
        return 0
    log, first, last, snapshot = found
    readers = db.execute("SELECT position FROM reader WHERE log = ?", (log,)).fetchall()
    until = min(snapshot, last, *(position for (position,) in readers))
    if until < first:
        return 0
    # What is before the first is found by nobody: it need not go all at once.
    db.execute("UPDATE log SET first = ? WHERE id = ?", (until + 1, log))
    _drop(db, log, until + 1, Budget())
    return int(until + 1 - first)


_TO_GO = """
DELETE FROM entry WHERE rowid IN (
  SELECT number FROM (
    SELECT number, sum(weight) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) - weight AS before
    FROM (
      SELECT rowid AS number, length(data) AS weight FROM entry
      WHERE log = :log AND position < :first
      ORDER BY position LIMIT :items
    )
  ) WHERE before < :octets
) RETURNING length(data)
"""


def _drop(db: sqlite3.Connection, log: int, first: int, budget: Budget) -> None:
    values = {"log": log, "first": first, "items": budget.items, "octets": budget.octets}
    gone = [weight for (weight,) in db.execute(_TO_GO, values).fetchall()]
    budget.spend(len(gone), sum(gone))


def drop_trimmed(db: sqlite3.Connection, budget: Budget) -> bool:
    """Remove a part of what is before the first entries; whether there may be more."""
    for log, first in db.execute("SELECT id, first FROM log").fetchall():
        _drop(db, log, first, budget)
        if budget.is_spent:
            return True
    return False


def snapshot_put(db: sqlite3.Connection, now: int, call: SnapshotPut) -> bool:
    log, _, _, present = _find(db, call.key) or _make(db, call.key)
    data, position = call.snapshot.data, call.snapshot.position
    if present > position:
        return False
    db.execute("DELETE FROM snapshot WHERE log = ?", (log,))
    # Even an empty one has a chunk, so that it can be told from none.
    chunks = [(log, at, data[at : at + CHUNK]) for at in range(0, max(1, len(data)), CHUNK)]
    db.executemany("INSERT INTO snapshot (log, chunk, data) VALUES (?, ?, ?)", chunks)
    db.execute("UPDATE log SET snapshot = ? WHERE id = ?", (position, log))
    return True


def snapshot_get(db: sqlite3.Connection, now: int, call: SnapshotGet) -> Snapshot | None:
    found = _find(db, call.key)
    if found is None:
        return None
    log, _, _, position = found
    data = snapshot_of(db, log)
    return None if data is None else Snapshot(position, data)


def snapshot_of(db: sqlite3.Connection, log: int) -> bytes | None:
    """The octets of a log's snapshot."""
    statement = "SELECT data FROM snapshot WHERE log = ? ORDER BY chunk"
    chunks = [data for (data,) in db.execute(statement, (log,))]
    return b"".join(chunks) if chunks else None


def _find(db: sqlite3.Connection, key: bytes) -> tuple[int, int, int, int] | None:
    """Id, first and last position, and that of the snapshot."""
    statement = "SELECT id, first, last, snapshot FROM log WHERE key = ?"
    found: tuple[int, int, int, int] | None = db.execute(statement, (key,)).fetchone()
    return found


def _make(db: sqlite3.Connection, key: bytes) -> tuple[int, int, int, int]:
    statement = "INSERT INTO log (key, first, last, snapshot) VALUES (?, 1, 0, -1)"
    return db.execute(statement, (key,)).lastrowid or 0, 1, 0, -1
