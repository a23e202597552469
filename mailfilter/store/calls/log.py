"""Logs: what has happened, in order, for readers who follow it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ..errors import TooLarge
from ..keys import Key
from .bounds import (
    MAX_CALL,
    MAX_ITEMS,
    MAX_NUMBER,
    MAX_SNAPSHOT,
    MAX_VALUE,
    check_count,
    check_limit,
    check_names,
    check_sizes,
)
from .call import Call

# Logs: entries at positions 1, 2, 3, ..., for readers who remember how far they are.


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a log."""

    position: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LogState:
    """How far everything is in a log. An empty one begins after position 0."""

    first: int
    """Position of the oldest entry; one more than `last` if there is none."""
    last: int
    snapshot: int
    """Position that the snapshot stands for; 0 without one."""
    readers: Mapping[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogAppend(Call[int]):
    """Append entries at the next positions, without a gap; the answer is that of the last."""

    is_durable: ClassVar[bool] = True

    key: Key
    entries: Sequence[bytes]

    def __post_init__(self) -> None:
        check_count(self.entries)
        check_sizes(self.entries, MAX_VALUE)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return sum(map(len, self.entries))


@dataclass(frozen=True, slots=True)
class LogBegin(Call[bool]):
    """Begin a log after a position, as one that was trimmed there; the answer is whether it was.

    Only a log that never had an entry can begin.
    """

    key: Key
    position: int

    def __post_init__(self) -> None:
        if not 0 <= self.position <= MAX_NUMBER:
            raise TooLarge(f"a log that begins after {self.position}, expected 0 or more")


@dataclass(frozen=True, slots=True)
class LogRead(Call[list[Entry]]):
    """The entries after a position, oldest first: up to `limit`, and up to `MAX_CALL` octets."""

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True

    key: Key
    after: int
    limit: int = MAX_ITEMS

    def __post_init__(self) -> None:
        check_limit(self.limit)


@dataclass(frozen=True, slots=True)
class LogAcknowledge(Call[int]):
    """A reader has dealt with all up to a position; the answer is how far it is.

    A reader is known from its first call on. It never goes back, nor beyond the last entry.
    """

    key: Key
    reader: bytes
    position: int

    def __post_init__(self) -> None:
        check_names((self.reader,))


@dataclass(frozen=True, slots=True)
class LogForget(Call[bool]):
    """A reader is gone for good; the answer is whether it was known."""

    key: Key
    reader: bytes


@dataclass(frozen=True, slots=True)
class LogLook(Call[LogState]):
    """How far everything is."""

    is_write: ClassVar[bool] = False

    key: Key


@dataclass(frozen=True, slots=True)
class LogTrim(Call[int]):
    """Remove what the snapshot stands for and all readers have passed; the answer is how many.

    Without a snapshot nothing goes.
    """

    key: Key


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What all entries up to a position amount to."""

    position: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SnapshotPut(Call[bool]):
    """Store a snapshot unless there is one of a later position; the answer is whether it was.

    It appears as a whole: others see the one before until it is complete.
    """

    is_slow: ClassVar[bool] = True
    is_durable: ClassVar[bool] = True

    key: Key
    snapshot: Snapshot

    def __post_init__(self) -> None:
        if len(self.snapshot.data) > MAX_SNAPSHOT:
            raise TooLarge(f"a snapshot of {len(self.snapshot.data)} octets, of {MAX_SNAPSHOT}")

    @property
    def octets(self) -> int:
        """See `Call`."""
        return len(self.snapshot.data)


@dataclass(frozen=True, slots=True)
class SnapshotGet(Call[Snapshot | None]):
    """The newest snapshot."""

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True

    key: Key


def within_call(entries: Iterator[Entry]) -> Iterator[Entry]:
    """As many as may be answered in one call, but at least one."""
    total = 0
    for entry in entries:
        total += len(entry.data)
        if total > MAX_CALL and total > len(entry.data):
            return
        yield entry
