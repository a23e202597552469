"""All that is in the file, as the calls that make another store the same."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from ..base import (
    Call,
    Count,
    Dump,
    Dumped,
    HashPut,
    HistoryAdd,
    Key,
    Limits,
    LogAcknowledge,
    LogAppend,
    LogBegin,
    Put,
    Row,
    SetAdd,
    Snapshot,
    SnapshotPut,
)
from ..calls.bounds import parts
from .histories import parted
from .logs import snapshot_of
from .schema import NEVER

PART = 200
"""Keys, rows or entries in one part."""
PART_OCTETS = 2**22
"""A part ends when it is larger."""

Made = Iterator[tuple[Any, Call[Any]]]
"""Where a thing stands in its table, and a call that makes it."""


def dump(db: sqlite3.Connection, now: int, call: Dump) -> Dumped:
    names = list(_TABLES)
    name, _, after = (call.cursor or names[0].encode()).partition(b" ")
    table = name.decode()
    calls: list[Call[Any]] = []
    octets, place = 0, after
    for at, made in _TABLES[table](db, now, after):
        # One thing may be made by several calls: they stay together.
        if at != place and (len(calls) >= PART or octets > PART_OCTETS):
            return Dumped(calls, b"%b %b" % (name, place))
        place = at
        calls.append(made)
        octets += _octets(made)
    following = names.index(table) + 1
    return Dumped(calls, names[following].encode() if following < len(names) else None)


def _octets(made: Call[Any]) -> int:
    if isinstance(made, SnapshotPut):
        return len(made.snapshot.data)
    if isinstance(made, HistoryAdd):
        return sum(row.octets() for row in made.rows)
    if isinstance(made, LogAppend):
        return sum(map(len, made.entries))
    if isinstance(made, Put | HashPut):
        return sum(map(len, made.values.values()))
    return 100


def _seconds(now: int, expires: int) -> float | None:
    return None if expires >= NEVER else (expires - now) / 1000


def _hex(after: bytes) -> bytes:
    return bytes.fromhex(after.decode())


def _values(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    statement = "SELECT key, value, expires FROM value WHERE key > ? AND expires > ? ORDER BY key"
    for key, value, expires in db.execute(statement, (_hex(after), now)):
        yield key.hex().encode(), Put({key: value}, _seconds(now, expires))


def _counters(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    statement = (
        "SELECT key, number, expires FROM counter WHERE key > ? AND expires > ? ORDER BY key"
    )
    for key, number, expires in db.execute(statement, (_hex(after), now)):
        yield key.hex().encode(), Count({key: number}, _seconds(now, expires))


def _containers(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    statement = (
        "SELECT id, kind, key, size, expires FROM container WHERE id > ? AND expires > ?"
        " ORDER BY id"
    )
    for container, kind, key, size, expires in db.execute(statement, (int(after or 0), now)):
        seconds = _seconds(now, expires)
        place = b"%d" % container
        if kind == "set":
            ordered = "SELECT member FROM member WHERE container = ? ORDER BY number"
            members = [member for (member,) in db.execute(ordered, (container,))]
            for part in parts(members, len):
                yield place, SetAdd(Key(key), part, size, seconds)
        else:
            fields = db.execute("SELECT name, value FROM field WHERE container = ?", (container,))
            for some in parts(fields, lambda item: len(item[1])):
                yield place, HashPut(Key(key), dict(some), seconds)


def _rows(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    found = db.execute(
        "SELECT r.number, h.key, h.max_size, h.max_age, h.max_octets, r.row_id, r.time, r.terms,"
        " r.body, r.detail FROM row r JOIN history h ON h.id = r.history"
        " WHERE r.number > ? AND r.at + h.max_age > ? ORDER BY r.number",
        (int(after or 0), now),
    )
    for (key, size, age, octets), some in groupby(found, itemgetter(slice(1, 5))):
        limits = Limits(size, age / 1000, octets)
        for part in parts(((one[0], _row(*one[5:])) for one in some), lambda one: one[1].octets()):
            yield b"%d" % part[-1][0], HistoryAdd(key, [row for _, row in part], limits)


def _row(row_id: bytes, at: float, terms: bytes, body: bytes, detail: bytes) -> Row:
    return Row(row_id, at, parted(terms), body, detail)


def _logs(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    statement = "SELECT id, key, first, last, snapshot FROM log WHERE id > ? ORDER BY id"
    for log, key, first, last, snapshot in db.execute(statement, (int(after or 0),)):
        place = b"%d" % log
        if last:
            yield place, LogBegin(key, first - 1)
        data = snapshot_of(db, log)
        if data is not None:
            yield place, SnapshotPut(key, Snapshot(snapshot, data))


def _entries(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    log, _, position = (after or b"0 0").partition(b" ")
    found = db.execute(
        "SELECT l.id, l.key, e.position, e.data FROM entry e JOIN log l ON l.id = e.log"
        " WHERE (e.log, e.position) > (?, ?) AND e.position >= l.first ORDER BY e.log, e.position",
        (int(log), int(position)),
    )
    for (number, key), some in groupby(found, itemgetter(0, 1)):
        # Each call is a sync of the disk where it is carried out.
        for part in parts(some, lambda one: len(one[3])):
            place = b"%d %d" % (number, part[-1][2])
            yield place, LogAppend(key, [data for *_, data in part])


def _readers(db: sqlite3.Connection, now: int, after: bytes) -> Made:
    statement = "SELECT l.key, r.reader, r.position FROM reader r JOIN log l ON l.id = r.log"
    for key, reader, position in db.execute(statement):
        yield b"", LogAcknowledge(key, reader, position)


_TABLES: Mapping[str, Callable[[sqlite3.Connection, int, bytes], Made]] = {
    "value": _values,
    "counter": _counters,
    "container": _containers,
    "row": _rows,
    "log": _logs,
    "entry": _entries,
    "reader": _readers,
}
"""In the order in which they are dumped."""
