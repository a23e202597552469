"""The store in a Redis server, which several machines may share.

To import this brings in the reactor: a process that keeps things elsewhere does without.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from ..config.model import StoreSettings
from . import base
from .base import Call, Listener, Publish, Stats, Store
from .errors import StoreError, Unavailable
from .health import Health
from .resp import stats
from .resp.connection import Connection
from .resp.connector import Connector
from .resp.dump import Dumps
from .resp.groups import Hashes, Sets
from .resp.histories import Histories
from .resp.listening import Listening
from .resp.logs import Logs, Snapshots
from .resp.pool import Pool
from .resp.scripts import Trip, nothing
from .resp.space import Space
from .resp.trouble import BeyondBounds
from .resp.values import Buckets, Counters, Values
from .resp.watch import Watch

R = TypeVar("R")


class RedisStore(Store):
    """One round trip for a call, but for snapshots and dumps."""

    kind = "redis"

    def __init__(self, reactor: Any, settings: StoreSettings, health: Health) -> None:
        redis = settings.redis
        prefix = redis.prefix.encode()
        self._reactor, self._settings, self._health = reactor, settings, health
        self._connector = Connector(reactor, settings)
        self._listening = Listening(reactor, self._connector, health, prefix)
        self._pool = Pool(reactor, self._connector, health, redis.connections, settings.timeout)
        self._pool.on_replica = self._leave
        self._watch = Watch(reactor, self._connector, self._connections) if redis.sentinel else None
        self._space = Space(prefix, self._pool.ask)
        self._single = self._trips(prefix)
        self._several = self._calls(prefix)
        self._is_open = False
        self._under_way = 0

    def open(self) -> None:
        if self._is_open:
            return
        self._is_open = True
        self._pool.start()
        self._listening.start()
        if self._watch is not None:
            self._watch.start()

    async def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        self._listening.stop()
        if self._watch is not None:
            self._watch.stop()
        end = self._reactor.seconds() + self._settings.timeout
        try:
            while self._under_way and self._reactor.seconds() < end:
                await deferLater(self._reactor, 0.01)
        finally:
            # Also for one who cannot wait so long, and cancels us.
            self._pool.stop()

    @property
    def is_well(self) -> bool:
        """See `Store.is_well`."""
        return self._health.is_well

    async def do(self, call: Call[R]) -> R:
        return await self._counted(self._carry_out(call), type(call).__name__)

    async def _counted(self, doing: Coroutine[Any, Any, R], what: str) -> R:
        """Have something done, and tell how that went."""
        self._under_way += 1
        try:
            answer = await doing
        except BeyondBounds:
            raise
        except StoreError as error:
            self._health.failed(error, what)
            raise
        except CancelledError:
            raise
        except Exception as error:
            failure = StoreError(f"an answer that makes no sense: {type(error).__name__}: {error}")
            self._health.failed(failure, what)
            raise failure from error
        finally:
            self._under_way -= 1
        self._health.succeeded(what)
        return answer

    def subscribe(self, topic: bytes, listener: Listener) -> Callable[[], None]:
        return self._listening.subscribe(topic, listener)

    async def stats(self) -> Stats:
        return await self._counted(self._stats(), "stats")

    async def _stats(self) -> Stats:
        self._check_open()
        ask = self._pool.ask
        said = await stats.information(ask)
        entries = await stats.count(self._space, ask)
        details = {name: said[key] for key, name in stats.DETAILS.items() if key in said}
        details["server"] = self._connector.server
        details["connections"] = str(len(self._pool.connections))
        return Stats(self.kind, self._place(), int(said.get("used_memory", 0)), entries, details)

    def _check_open(self) -> None:
        if not self._is_open:
            raise Unavailable("the store is closed")

    async def _carry_out(self, call: Call[R]) -> R:
        self._check_open()
        make = self._single.get(type(call))
        if make is not None:
            return cast(R, await self._pool.ask(make(call)))
        return cast(R, await self._several[type(call)](call))

    def _connections(self) -> list[Connection]:
        return self._pool.connections + self._listening.connections

    def _leave(self, place: str) -> None:
        """End what is connected there, to find the master anew."""
        for connection in self._connections():
            if connection.place == place:
                connection.end(Unavailable(f"{place}: it is no master any more"))

    def _place(self) -> str:
        redis = self._settings.redis
        where = f"sentinel {redis.sentinel}" if redis.sentinel else self._connector.server
        return f"redis {where}/{redis.database} prefix {redis.prefix}"

    def _publish(self, call: Publish) -> Trip[None]:
        return Trip((b"PUBLISH", self._listening.channel(call.topic), call.value), nothing)

    def _trips(self, prefix: bytes) -> "dict[type[Any], Callable[[Any], Trip[Any]]]":
        values, counters, buckets = Values(prefix), Counters(prefix), Buckets(prefix)
        sets, hashes = Sets(prefix), Hashes(prefix)
        histories, logs = Histories(prefix), Logs(prefix)
        return {
            base.Get: values.get,
            base.Put: values.put,
            base.PutIfAbsent: values.put_if_absent,
            base.Delete: values.delete,
            base.Count: counters.count,
            base.Take: buckets.take,
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
            base.Publish: self._publish,
        }

    def _calls(self, prefix: bytes) -> "dict[type[Any], Callable[[Any], Awaitable[Any]]]":
        snapshots = Snapshots(prefix, self._pool.ask)
        dumps = Dumps(self._space, self._pool.ask, Logs(prefix), snapshots)
        return {
            base.SnapshotPut: snapshots.put,
            base.SnapshotGet: snapshots.get,
            base.Dump: dumps.dump,
        }
