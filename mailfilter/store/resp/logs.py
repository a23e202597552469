"""Logs in Redis: a stream of entries, whose ids are their positions, and hashes beside it.

Positions (`p:`) are of the first and last entry and of the snapshot, with the token of its parts;
readers (`q:`) are a hash; the parts of a snapshot lie in a hash under its token (`z:`).
"""

from secrets import token_hex
from typing import Any, TypeVar

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
from ..calls.bounds import MAX_NUMBER
from ..errors import Unavailable
from .groups import pairs
from .scripts import Ask, Trip, nothing, same, script

PART = 2**19
"""Octets of a snapshot in one command: others wait no longer than for that."""
TRIES = 5
"""For a snapshot whose parts vanish while they are read or written."""

R = TypeVar("R")


class Logs:
    """See the calls."""

    def __init__(self, prefix: bytes) -> None:
        self._positions, self._entries = prefix + b"p:", prefix + b"l:"
        self._readers = prefix + b"q:"

    def append(self, call: LogAppend) -> Trip[int]:
        words = (2, self._positions + call.key, self._entries + call.key, *call.entries)
        return Trip(words, same, script("log_append"))

    def begin(self, call: LogBegin) -> Trip[bool]:
        words = (2, self._positions + call.key, self._entries + call.key, call.position)
        return Trip(words, bool, script("log_begin"))

    def read(self, call: LogRead) -> Trip[list[Entry]]:
        after = max(0, min(call.after, MAX_NUMBER))
        return Trip((1, self._entries + call.key, after, call.limit), _entries, script("log_read"))

    def acknowledge(self, call: LogAcknowledge) -> Trip[int]:
        position = max(0, min(call.position, MAX_NUMBER))
        words = (2, *self._both(call.key), call.reader, position)
        return Trip(words, same, script("log_acknowledge"))

    def forget(self, call: LogForget) -> Trip[bool]:
        return Trip((b"HDEL", self._readers + call.key, call.reader), bool)

    def look(self, call: LogLook) -> Trip[LogState]:
        return Trip((2, *self._both(call.key)), _state, script("log_look"))

    def trim(self, call: LogTrim) -> Trip[int]:
        positions, readers = self._both(call.key)
        words = (3, positions, self._entries + call.key, readers)
        return Trip(words, same, script("log_trim"))

    def _both(self, key: bytes) -> tuple[bytes, bytes]:
        return self._positions + key, self._readers + key


class Snapshots:
    """Snapshots go in parts under a new token, and then take the place of the one before."""

    def __init__(self, prefix: bytes, ask: Ask) -> None:
        self._positions, self._parts, self._ask = prefix + b"p:", prefix + b"z:", ask

    async def put(self, call: SnapshotPut) -> bool:
        """See the call. Raises StoreError."""
        for _ in range(TRIES):
            answer: int = await self._put(call)
            if answer >= 0:
                return answer == 1
        raise Unavailable("parts of a snapshot vanish while it is written")

    async def get(self, call: SnapshotGet) -> Snapshot | None:
        """See the call. Raises StoreError."""
        base = self._base(call.key)
        for _ in range(TRIES):
            words = (1, self._positions + call.key, base)
            reply = await self._ask(Trip(words, same, script("snapshot_get")))
            if reply is None:
                return None
            position, token, count = reply[:3]
            parts: list[Any] = [reply[3] if len(reply) > 3 else None]
            while parts[-1] is not None and len(parts) < int(count):
                parts.append(await self._ask(Trip((b"HGET", base + token, len(parts)), same)))
            if parts[-1] is not None:
                return Snapshot(int(position), b"".join(parts))
        raise Unavailable("parts of a snapshot vanish while it is read")

    async def _put(self, call: SnapshotPut) -> int:
        data, token = call.snapshot.data, token_hex(8).encode()
        base = self._base(call.key)
        starts = range(0, max(1, len(data)), PART)
        for number, start in enumerate(starts[:-1]):
            words = (1, base + token, number, data[start : start + PART])
            await self._ask(Trip(words, nothing, script("snapshot_part")))
        head = (2, self._positions + call.key, base + token)
        rest = (call.snapshot.position, token, len(starts), data[starts[-1] :], base)
        answer: int = await self._ask(Trip((*head, *rest), same, script("snapshot_put")))
        return answer

    def _base(self, key: bytes) -> bytes:
        return self._parts + key + b":"


def _entries(reply: list[bytes]) -> list[Entry]:
    return [Entry(int(reply[n]), reply[n + 1]) for n in range(0, len(reply), 2)]


def _state(reply: list[Any]) -> LogState:
    readers = {name: int(position) for name, position in pairs(reply[3]).items()}
    return LogState(int(reply[0]), int(reply[1]), int(reply[2]), readers)
