"""The store: what all features remember with, and what its calls mean.

A call is a value; `Store.do` carries it out. Every call is atomic: it happens as a whole or not at
all, and the calls of any number of processes happen one after another, in an order that all of
them see. Once a call is answered, later calls from anywhere see it, and it survives the death of
any of our processes.

**Keys** come from `key()`. Each kind of thing (values, counters, buckets, sets, hashes, histories,
logs) has keys of its own: a counter and a set of the same key have nothing to do with each other.

**Time** is the store's own: it goes on at the pace of real time, never back, and does not notice
when somebody sets the clock of a machine. Seconds until expiry count from the moment of the call.
What has expired is as if it had never been.

**Bounds** are checked when a call is made (`TooLarge`), before anything is sent anywhere.

**Trouble** is a `StoreError`, at once or within the store's time for a call; it is counted and
logged by the store, at most once a minute. Whoever calls decides what to do without an answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .calls.bounds import MAX_NOTICE, MAX_NUMBER, MAX_SNAPSHOT, MAX_VALUE
from .calls.call import Call
from .calls.dump import Dump, Dumped
from .calls.groups import (
    HashAdd,
    HashAll,
    HashGet,
    HashPut,
    HashRemove,
    SetAdd,
    SetHas,
    SetMembers,
    SetRemove,
)
from .calls.history import (
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    HistoryGet,
    Limits,
    Page,
    Row,
)
from .calls.log import (
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
from .calls.notices import Publish
from .calls.values import Bucket, Count, Delete, Get, Put, PutIfAbsent, Take
from .keys import Key, key

__all__ = [
    "MAX_NOTICE",
    "MAX_NUMBER",
    "MAX_SNAPSHOT",
    "MAX_VALUE",
    "Bucket",
    "Call",
    "Count",
    "Delete",
    "Dump",
    "Dumped",
    "Entry",
    "Get",
    "HashAdd",
    "HashAll",
    "HashGet",
    "HashPut",
    "HashRemove",
    "HistoryAdd",
    "HistoryClear",
    "HistoryFind",
    "HistoryGet",
    "Key",
    "Limits",
    "LogAcknowledge",
    "LogAppend",
    "LogBegin",
    "LogForget",
    "LogLook",
    "LogRead",
    "LogState",
    "LogTrim",
    "Page",
    "Publish",
    "Put",
    "PutIfAbsent",
    "Row",
    "SetAdd",
    "SetHas",
    "SetMembers",
    "SetRemove",
    "Snapshot",
    "SnapshotGet",
    "SnapshotPut",
    "Stats",
    "Store",
    "Take",
    "key",
]

R = TypeVar("R")

Listener = Callable[[bytes | None], None]
"""Gets each notice. None says that from now on notices come, and that some may have been missed:
once after the beginning, and whenever there was an interruption."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What a store says of itself."""

    kind: str
    place: str
    """Where it is, without secrets."""
    octets: int
    """On disk or in the server's memory; 0 if that is not known."""
    entries: Mapping[str, int]
    """Kind of thing -> how many keys, rows or entries; some of them may have expired."""
    details: Mapping[str, str]
    """More to know, for people."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever stored there."""
        return not any(self.entries.values())


class Store(ABC):
    """A store. It opens in the background: calls made before are answered once it is open."""

    kind: str
    """Name in the configuration."""

    @property
    def is_well(self) -> bool:
        """Whether calls are carried out, as far as anybody has tried lately."""
        return True

    @abstractmethod
    def open(self) -> None:
        """Begin to open, and keep trying; what is wrong is logged, and an alarm."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is under way, within the time of a call, and let go of everything."""

    @abstractmethod
    async def do(self, call: Call[R]) -> R:
        """Carry out a call. Raises StoreError."""

    @abstractmethod
    def subscribe(self, topic: bytes, listener: Listener) -> Callable[[], None]:
        """Have the notices of a topic; to call what is returned ends that."""

    @abstractmethod
    async def stats(self) -> Stats:
        """What is there. Raises StoreError."""
