"""The store in one file of this machine: SQLite, shared by all workers, nothing to set up.

Calls are carried out in threads of each process: one that reads, one that writes, one for slow
calls. The one that writes takes all that waits into one transaction (one sync for all, where a
call asks for any), so that many calls at once cost little more than one.
"""

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..config.model import StoreSettings
from .base import Call, Listener, Stats, Store
from .errors import StoreError, TooLarge
from .health import Health
from .sqlite.clock import MachineTime, StoreTime
from .sqlite.desk import Desk
from .sqlite.lane import Lane
from .sqlite.notices import Listen
from .sqlite.opening import Opening
from .sqlite.upkeep import Backup, Inspect, Look, Sweep
from .subscription import Subscription

R = TypeVar("R")

POLL_SECONDS = 0.2
"""Between two looks for notices, while somebody listens."""
SWEEP_SECONDS = 30.0
CROWDED_SECONDS = 3600.0
"""Between two alarms about things that go for want of space."""
READ_BATCH = 4
"""Reads that are answered together: some are large, and none should wait long for those."""
SLOW_FACTOR = 30
"""How much longer slow calls may take, which are not made while a message waits."""

log = Logger()


class EmbeddedStore(Store):
    """See the module."""

    kind = "embedded"

    def __init__(
        self,
        reactor: Any,
        settings: StoreSettings,
        path: str,
        health: Health,
        alarm: Callable[[str], None],
        *,
        is_service: bool = True,
        evicts: bool = True,
        machine: MachineTime | None = None,
    ) -> None:
        """Without `is_service` a file that is not there is not made, nor one mended.

        Without `evicts` nothing goes before its time: where there is no space writes are `Full`.
        """
        self._reactor = reactor
        self._health = health
        self._seconds = settings.timeout
        self._alarm = alarm
        self.clock = StoreTime(machine or MachineTime())
        self._opening = Opening(
            path, settings.max_size, self.clock, self._alarm_from_thread, is_service=is_service
        )
        slow = settings.timeout * SLOW_FACTOR
        self._evicts = evicts
        self._read = Lane(reactor, "read", self._desk().read, settings.timeout, READ_BATCH)
        self._write = Lane(reactor, "write", self._desk().write, settings.timeout)
        self._slow = Lane(reactor, "slow", self._desk().mixed, slow, max_batch=1)
        self._subscriptions: dict[bytes, list[Subscription]] = {}
        self._fresh: list[Subscription] = []
        self._heard: int | None = None
        self._is_service = is_service
        self._crowded: float | None = None
        """Since the last write: that something could be read does not end such trouble."""
        self._polling = self._repeat(self._poll)
        self._sweeping = self._repeat(self._sweep)

    def open(self) -> None:
        """Begin to open, and to sweep."""
        if self._is_service:
            self._sweeping.start(SWEEP_SECONDS, now=True)

    async def close(self) -> None:
        """End the threads; one that is stuck is left behind."""
        for loop in (self._polling, self._sweeping):
            if loop.running:
                loop.stop()
        lanes = (self._read, self._write, self._slow)
        ended = gatherResults([lane.end() for lane in lanes], consumeErrors=True)
        ended.addTimeout(self._seconds, self._reactor)
        try:
            await ended
        except Exception:
            log.warn("the store is busy still; leaving it")
            return
        self._opening.close()

    @property
    def is_well(self) -> bool:
        """See `Store.is_well`."""
        return self._health.is_well

    async def do(self, call: Call[R]) -> R:
        """Carry out a call. Raises StoreError."""
        try:
            result: R = await self._lane(call).submit(call, call.octets)
        except TooLarge:
            # The caller's, not the store's.
            raise
        except StoreError as error:
            self._health.failed(error, type(call).__name__)
            raise
        self._health.succeeded(type(call).__name__)
        return result

    def subscribe(self, topic: bytes, listener: Listener) -> Callable[[], None]:
        """See `Store.subscribe`; notices come within `POLL_SECONDS`."""
        subscription = Subscription(topic, listener)
        self._subscriptions.setdefault(topic, []).append(subscription)
        self._fresh.append(subscription)
        if not self._polling.running:
            self._polling.start(POLL_SECONDS, now=True)
        return lambda: self._unsubscribe(subscription)

    async def stats(self) -> Stats:
        """Counted now. Raises StoreError."""
        found = await self.do(Look())
        octets = found.pages * found.page_size
        details = {
            "schema version": str(found.version),
            "free": f"{found.free_pages * found.page_size / 2**20:.1f} MiB of it",
            "limit": f"{found.max_pages * found.page_size / 2**20:.1f} MiB",
        }
        return Stats(self.kind, self._opening.path, octets, found.entries, details)

    async def inspect(self) -> Sequence[str]:
        """What is wrong with the file; nothing if it is sound. Raises StoreError."""
        return await self.do(Inspect())

    async def backup(self, path: str) -> None:
        """Copy the file as it is now to one that is not there yet. Raises StoreError."""
        stop = Event()
        try:
            await self.do(Backup(path, stop))
        finally:
            # Nobody waits any more: what was copied so far is to be removed.
            stop.set()

    def _desk(self) -> Desk:
        return Desk(self._opening, self._evicted_from_thread if self._evicts else None)

    def _lane(self, call: Call[Any]) -> Lane:
        if call.is_slow:
            return self._slow
        return self._write if call.is_write else self._read

    def _repeat(self, step: Callable[[], Deferred[None] | None]) -> LoopingCall:
        loop = LoopingCall(step)
        loop.clock = self._reactor
        return loop

    def _unsubscribe(self, subscription: Subscription) -> None:
        subscription.end()
        several = self._subscriptions.get(subscription.topic, [])
        if subscription in several:
            several.remove(subscription)
        if not several:
            self._subscriptions.pop(subscription.topic, None)

    def _poll(self) -> Deferred[None] | None:
        if self._subscriptions:
            return Deferred.fromCoroutine(self._listen())
        # Not as soon as the last one leaves, while an answer may be on its way: if others came
        # then, there would be two loops.
        self._polling.stop()
        return None

    async def _listen(self) -> None:
        fresh, self._fresh = self._fresh, []
        try:
            news = await self.do(Listen(self._heard))
        except StoreError:
            self._fresh = [one for one in fresh if not one.is_ended] + self._fresh
            return
        was_away = self._heard is not None and not news.is_complete
        self._heard = news.last
        everybody = [one for several in self._subscriptions.values() for one in several]
        waiting = {id(one) for one in (*fresh, *self._fresh)}
        for subscription in everybody if was_away else fresh:
            subscription.tell(None)
        for topic, value in news.notices:
            for subscription in list(self._subscriptions.get(topic, ())):
                if id(subscription) not in waiting:
                    subscription.tell(value)

    def _sweep(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._sweep_all())

    async def _sweep_all(self) -> None:
        evicted = 0
        # Not after the end, which must not look like trouble.
        while self._sweeping.running:
            try:
                swept = await self.do(Sweep(self.clock, self._evicts))
            except StoreError:
                # Told of already; the next one is not far.
                break
            evicted += swept.evicted
            if not swept.has_more:
                break
        if evicted:
            self._tell_of_evicted(evicted)

    def _tell_of_evicted(self, count: int) -> None:
        now = self._reactor.seconds()
        if self._crowded is not None and now - self._crowded < CROWDED_SECONDS:
            return
        self._crowded = now
        self._alarm(
            f"the store has almost the size of store.max_size: {count} things, what would have"
            " expired soonest and the oldest rows of histories, were removed before their time"
        )

    def _evicted_from_thread(self, count: int) -> None:
        self._reactor.callFromThread(self._tell_of_evicted, count)

    def _alarm_from_thread(self, text: str) -> None:
        self._reactor.callFromThread(self._alarm, text)
