"""Dumps: all keys of ours, one after another, as calls.

A scan may bring a key twice, and to count or append twice is not the same as once; so what was
dumped is remembered, by the process that dumps. Its cursors mean nothing to others.
"""

from collections.abc import AsyncIterator, Sequence
from secrets import token_hex
from typing import Any

from .. import base
from ..base import Call, Dump, Dumped, Entry, Key, Limits, Row, Snapshot
from ..calls.bounds import MAX_ITEMS, parts
from ..errors import StoreError, WrongKind
from .histories import split_terms
from .logs import Logs, Snapshots
from .scripts import Ask, Trip, same, script
from .space import Space

Part = list[Call[Any]]

ROWS = 4
"""Rows of a history, or fields of a hash, that are read in one command: each up to 2 MiB."""
MEMBERS = 1000
MAX_DUMPS = 4
"""At the same time; the oldest ends."""
VALUES = 100
"""In a part of a dump."""


class Dumps:
    """The dumps that are under way."""

    def __init__(self, space: Space, ask: Ask, logs: Logs, snapshots: Snapshots) -> None:
        self._space, self._ask, self._logs, self._snapshots = space, ask, logs, snapshots
        self._running: dict[bytes, AsyncIterator[Part]] = {}

    async def dump(self, call: Dump) -> Dumped:
        """The next part. Raises StoreError; after that a dump begins anew."""
        name = call.cursor
        if name is None:
            name = token_hex(8).encode()
            self._running[name] = self._everything()
            while len(self._running) > MAX_DUMPS:
                del self._running[next(iter(self._running))]
        running = self._running.get(name)
        if running is None:
            raise StoreError("this dump is not under way; begin anew")
        try:
            return Dumped(await anext(running), name)
        except StopAsyncIteration:
            del self._running[name]
            return Dumped([], None)
        except BaseException:
            self._running.pop(name, None)
            raise

    async def _everything(self) -> AsyncIterator[Part]:
        several = {
            b"s": self._set,
            b"f": self._hash,
            b"h": self._history,
            b"p": self._log,
        }
        done: set[bytes] = set()
        async for names in self._space.scan():
            fresh = [name for name in names if name not in done]
            done.update(name for name in fresh if name[:1] in b"chp")
            for letter in (b"v", b"c"):
                keys = [name[2:] for name in fresh if name[:1] == letter]
                async for part in self._strings(letter, keys):
                    yield part
            for name in fresh:
                handler = several.get(name[:1])
                if handler is None:
                    continue
                async for part in handler(Key(name[2:])):
                    yield part

    async def _strings(self, letter: bytes, keys: Sequence[bytes]) -> AsyncIterator[Part]:
        while keys:
            some = keys[:VALUES]
            names = [self._space.full(letter, key) for key in some]
            reply = await self._ask(Trip((len(names), *names), same, script("dump_values")))
            found = list(zip(some, reply[::2], reply[1::2], strict=False))
            keys = keys[len(found) :]
            make = _put if letter == b"v" else _count
            yield [
                make(Key(key), value, _seconds(left))
                for key, value, left in found
                if value is not None
            ]

    async def _set(self, key: Key) -> AsyncIterator[Part]:
        name = self._space.full(b"s", key)
        count = await self._ask(Trip((b"ZCARD", name), same))
        seconds = await self._left(name)
        for start in range(0, count, MEMBERS):
            words = (b"ZRANGE", name, start, start + MEMBERS - 1)
            members = await self._ask(Trip(words, same))
            if members:
                yield [base.SetAdd(key, members, count, seconds)]

    async def _hash(self, key: Key) -> AsyncIterator[Part]:
        name = self._space.full(b"f", key)
        fields = await self._ask(Trip((b"HKEYS", name), same))
        seconds = await self._left(name)
        for start in range(0, len(fields), ROWS):
            some = fields[start : start + ROWS]
            values = await self._ask(Trip((b"HMGET", name, *some), same))
            found = {f: v for f, v in zip(some, values, strict=True) if v is not None}
            if found:
                yield [base.HashPut(key, found, seconds)]

    async def _history(self, key: Key) -> AsyncIterator[Part]:
        full = self._space.full
        known = await self._ask(
            Trip((b"HMGET", full(b"m", key), b"rows", b"age", b"size", b"at"), same)
        )
        if None in known:
            return
        limits = Limits(int(known[0]), int(known[1]) / 1_000_000, int(known[2]))
        seconds, micros = await self._ask(Trip((b"TIME",), same))
        # What has expired stays until it is in the way, but would begin anew elsewhere.
        expired = max(int(seconds) * 1_000_000 + int(micros), int(known[3])) - int(known[1])
        start = b"-"
        while True:
            words = (b"XRANGE", full(b"h", key), start, b"+", b"COUNT", ROWS)
            entries = await self._ask(Trip(words, same))
            if not entries:
                return
            start = b"(" + entries[-1][0]
            numbers = [entry[0].partition(b"-")[0] for entry in entries]
            fields = [letter + number for number in numbers for letter in (b"b", b"d")]
            bodies = await self._ask(Trip((b"HMGET", full(b"r", key), *fields), same))
            rows = [
                _row(entry[1], body or b"", detail or b"")
                for entry, body, detail in zip(entries, bodies[::2], bodies[1::2], strict=True)
            ]
            fresh = [
                row for entry, row in zip(entries, rows, strict=True) if int(entry[1][9]) > expired
            ]
            yield [base.HistoryAdd(key, part, limits) for part in parts(fresh, Row.octets)]

    async def _log(self, key: Key) -> AsyncIterator[Part]:
        state = await self._ask(self._logs.look(base.LogLook(key)))
        yield [base.LogBegin(key, state.first - 1)]
        after = state.first - 1
        while True:
            entries: list[Entry] = await self._ask(
                self._logs.read(base.LogRead(key, after, MAX_ITEMS))
            )
            if not entries:
                break
            after = entries[-1].position
            yield [base.LogAppend(key, [entry.data for entry in entries])]
        yield [
            base.LogAcknowledge(key, reader, position) for reader, position in state.readers.items()
        ]
        snapshot: Snapshot | None = await self._snapshots.get(base.SnapshotGet(key))
        if snapshot is not None:
            yield [base.SnapshotPut(key, snapshot)]

    async def _left(self, name: bytes) -> float | None:
        return _seconds(await self._ask(Trip((b"PTTL", name), same)))


def _seconds(milliseconds: int) -> float | None:
    """Until expiry; of less than a millisecond Redis says 0, which is not never."""
    return None if milliseconds == -1 else max(1, milliseconds) / 1000


def _put(key: Key, value: bytes, seconds: float | None) -> Call[Any]:
    return base.Put({key: value}, seconds)


def _count(key: Key, value: bytes, seconds: float | None) -> Call[Any]:
    try:
        return base.Count({key: int(value)}, seconds)
    except ValueError as error:
        raise WrongKind(f"counter {key!r} holds no number") from error


def _row(values: Sequence[bytes], body: bytes, detail: bytes) -> Row:
    # In the order in which they were added.
    return Row(values[1], float(values[3]), split_terms(values[5]), body, detail)
