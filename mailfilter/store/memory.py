"""The store in the memory of one process: for tests, and for runs that need not remember."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar, cast

from twisted.internet.interfaces import IReactorTime

from . import base
from .base import Call, Dump, Dumped, Key, Listener, Publish, Stats, Store
from .calls.bounds import parts
from .errors import Unavailable
from .in_memory.groups import Hashes, Sets
from .in_memory.histories import Histories
from .in_memory.logs import Logs
from .in_memory.values import Buckets, Counters, Values
from .subscription import Subscription

R = TypeVar("R")

DUMPED = 100
"""Calls in one part of a dump."""


class MemoryStore(Store):
    """Everything at once and never wrong; gone with the process."""

    kind = "memory"

    def __init__(self, clock: IReactorTime) -> None:
        now = clock.seconds
        self._clock = clock
        self._is_open = False
        self._subscriptions: dict[bytes, list[Subscription]] = {}
        self._values, self._counters, self._buckets = Values(now), Counters(now), Buckets(now)
        self._sets, self._hashes = Sets(now), Hashes(now)
        self._histories, self._logs = Histories(now), Logs()
        self._handlers = self._table()

    def open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False

    async def do(self, call: Call[R]) -> R:
        if not self._is_open:
            raise Unavailable("the store is closed")
        return cast(R, self._handlers[type(call)](call))

    def subscribe(self, topic: bytes, listener: Listener) -> Callable[[], None]:
        subscription = Subscription(topic, listener)
        self._subscriptions.setdefault(topic, []).append(subscription)
        self._clock.callLater(0, subscription.tell, None)
        return lambda: self._unsubscribe(subscription)

    async def stats(self) -> Stats:
        histories = self._histories.histories.values()
        entries = {
            "values": len(self._values.values),
            "counters": len(self._counters.counters),
            "buckets": len(self._buckets.buckets),
            "sets": len(self._sets.sets),
            "hashes": len(self._hashes.hashes),
            "history rows": sum(len(history.rows) for history in histories),
            "log entries": sum(len(log.entries) for log in self._logs.logs.values()),
        }
        return Stats(self.kind, "this process", 0, entries, {})

    def _publish(self, call: Publish) -> None:
        for subscription in self._subscriptions.get(call.topic, ()):
            # As from elsewhere: after the call has been answered.
            self._clock.callLater(0, subscription.tell, call.value)

    def _unsubscribe(self, subscription: Subscription) -> None:
        subscription.end()
        several = self._subscriptions.get(subscription.topic, [])
        if subscription in several:
            several.remove(subscription)
        if not several:
            self._subscriptions.pop(subscription.topic, None)

    def _dump(self, call: Dump) -> Dumped:
        start = int(call.cursor or 0)
        calls = list(islice(self._everything(), start, start + DUMPED))
        return Dumped(calls, b"%d" % (start + DUMPED) if len(calls) == DUMPED else None)

    def _everything(self) -> Iterator[Call[Any]]:
        for key, value, seconds in self._values.values.items():
            yield base.Put({Key(key): value}, seconds)
        for key, number, seconds in self._counters.counters.items():
            yield base.Count({Key(key): number}, seconds)
        for key, members, seconds in self._sets.sets.items():
            for part in parts(members, len):
                yield base.SetAdd(Key(key), part, len(members), seconds)
        for key, values, seconds in self._hashes.hashes.items():
            for fields in parts(values.items(), lambda item: len(item[1])):
                yield base.HashPut(Key(key), dict(fields), seconds)
        for key, history in self._histories.histories.items():
            for kept in history.rows:
                if history.limits is not None:
                    yield base.HistoryAdd(Key(key), [kept.row], history.limits)
        for key, log in self._logs.logs.items():
            yield base.LogBegin(Key(key), log.first - 1)
            for entry in log.entries:
                yield base.LogAppend(Key(key), [entry])
            for reader, position in log.readers.items():
                yield base.LogAcknowledge(Key(key), reader, position)
            if log.snapshot is not None:
                yield base.SnapshotPut(Key(key), log.snapshot)

    def _table(self) -> dict[type[Call[Any]], Callable[[Any], Any]]:
        sets, hashes, histories, logs = self._sets, self._hashes, self._histories, self._logs
        return {
            base.Get: self._values.get,
            base.Put: self._values.put,
            base.PutIfAbsent: self._values.put_if_absent,
            base.Delete: self._values.delete,
            base.Count: self._counters.count,
            base.Take: self._buckets.take,
            base.SetAdd: sets.add,
            base.SetHas: sets.has,
            base.SetMembers: sets.members,
            base.SetRemove: sets.remove,
            base.HashGet: hashes.get,
            base.HashAll: hashes.all,
            base.HashPut: hashes.put,
            base.HashAdd: hashes.add,
            base.HashRemove: hashes.remove,
            base.HistoryAdd: histories.add,
            base.HistoryFind: histories.find,
            base.HistoryGet: histories.get,
            base.HistoryClear: histories.clear,
            base.LogAppend: logs.append,
            base.LogBegin: logs.begin,
            base.LogRead: logs.read,
            base.LogAcknowledge: logs.acknowledge,
            base.LogForget: logs.forget,
            base.LogLook: logs.look,
            base.LogTrim: logs.trim,
            base.SnapshotPut: logs.put_snapshot,
            base.SnapshotGet: logs.get_snapshot,
            base.Publish: self._publish,
            base.Dump: self._dump,
        }
