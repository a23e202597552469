"""A thread that carries out calls one after another, so that the reactor's never waits."""

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from ..calls.call import Call
from ..errors import StoreError, TimedOut, Unavailable

MAX_WAITING = 10_000
"""Calls that have no answer yet; more are refused."""
MAX_OCTETS = 2**26
"""Octets of the values in them; one call alone may have more."""
MAX_BATCH = 256
"""Calls that the thread takes at once."""


class Pending:
    """A call on its way; the thread sets `result` or `error`, the reactor fires `deferred`."""

    __slots__ = ("call", "deadline", "deferred", "error", "is_dropped", "octets", "result")

    def __init__(self, call: Call[Any], deadline: float = 0.0, octets: int = 0) -> None:
        self.call = call
        self.octets = octets
        self.deferred: Deferred[Any] = Deferred(self._drop)
        self.deadline = deadline
        self.is_dropped = False
        """Nobody waits for the answer: the call need not be begun."""
        self.result: Any = None
        self.error: Exception | None = None

    def _drop(self, deferred: Deferred[Any]) -> None:
        self.is_dropped = True


Work = Callable[[list[Pending]], None]
"""Carries out calls, in the thread; gives each a result or an error."""


class Lane:
    """A queue, its thread, and the way back."""

    def __init__(
        self, reactor: Any, name: str, work: Work, seconds: float, max_batch: int = MAX_BATCH
    ) -> None:
        """`seconds` is what a call may take, the time that it waits included.

        The calls of a batch, up to `max_batch`, are answered together, when all are done.
        """
        self._max_batch = max_batch
        self._reactor = reactor
        self._name = name
        self._work = work
        self._seconds = seconds
        self._queue: SimpleQueue[Pending | None] = SimpleQueue()
        self._done: deque[Pending] = deque()
        self._unanswered: deque[Pending] = deque()
        """By deadline. Those that were answered leave it late: a timer for each costs more."""
        self._timer: IDelayedCall | None = None
        self._is_waking = False
        self._waiting = 0
        self._octets = 0
        self._thread: Thread | None = None
        self._is_ending = False
        self._enders: list[Deferred[None]] = []

    def submit(self, call: Call[Any], octets: int = 0) -> Deferred[Any]:
        """Queue a call, with so many octets of values.

        The Deferred fails with StoreError; to cancel it drops the call.
        """
        pending = Pending(call, self._reactor.seconds() + self._seconds, octets)
        if self._is_ending:
            pending.deferred.errback(Unavailable("the store is closed"))
        elif self._waiting >= MAX_WAITING:
            pending.deferred.errback(Unavailable(f"{self._waiting} calls wait already"))
        elif octets and self._octets and self._octets + octets > MAX_OCTETS:
            text = f"calls of {self._octets} octets wait already"
            pending.deferred.errback(Unavailable(text))
        elif trouble := self._start():
            pending.deferred.errback(Unavailable(trouble))
        else:
            self._unanswered.append(pending)
            if self._timer is None:
                self._timer = self._reactor.callLater(self._seconds, self._give_up)
            self._waiting += 1
            self._octets += octets
            self._queue.put(pending)
        return pending.deferred

    def end(self) -> Deferred[None]:
        """Take no more calls; fires when those that wait are done and the thread has ended."""
        ended: Deferred[None] = Deferred()
        if not self._is_ending:
            self._is_ending = True
            self._queue.put(None)
        if self._thread is None:
            ended.callback(None)
        else:
            self._enders.append(ended)
        return ended

    def _start(self) -> str:
        """Have a thread; why there is none."""
        if self._thread is None:
            # Nothing can take a thread out of a wait for a lock or a disk: it must not keep the
            # process.
            thread = Thread(target=self._run, name=f"store-{self._name}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                return f"no thread for the store: {error}"
            self._thread = thread
        return ""

    def _give_up(self) -> None:
        """Answer those whose time is over, and look again when the next one's is."""
        self._timer = None
        now = self._reactor.seconds()
        unanswered = self._unanswered
        while unanswered and (unanswered[0].deferred.called or unanswered[0].deadline <= now):
            pending = unanswered.popleft()
            pending.is_dropped = True
            if not pending.deferred.called:
                text = f"no answer within {self._seconds:g} s: disk or lock is busy"
                pending.deferred.errback(TimedOut(text))
        if unanswered and self._timer is None:
            self._timer = self._reactor.callLater(unanswered[0].deadline - now, self._give_up)

    # In the thread.

    def _run(self) -> None:
        is_last = False
        while not is_last:
            batch, is_last = self._take()
            if batch:
                self._work_on(batch)
            self._done.extend(batch)
            if not self._is_waking:
                self._is_waking = True
                self._reactor.callFromThread(self._deliver)
        try:
            self._work([])
        finally:
            # Whoever waits for the end must not wait for what could not be closed.
            self._reactor.callFromThread(self._has_ended)

    def _work_on(self, batch: list[Pending]) -> None:
        try:
            self._work(batch)
        except Exception as error:
            # It should have kept this to itself; without the thread all calls would wait for ever.
            for pending in batch:
                pending.error = pending.error or error

    def _take(self) -> tuple[list[Pending], bool]:
        """What waits, at least one; and whether there will be no more."""
        batch: list[Pending] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            if len(batch) == self._max_batch:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    # In the reactor's thread again.

    def _deliver(self) -> None:
        # Before looking, so that what comes while we look wakes us again.
        self._is_waking = False
        while self._done:
            self._answer(self._done.popleft())

    def _answer(self, pending: Pending) -> None:
        self._waiting -= 1
        self._octets -= pending.octets
        self._fire(pending)
        while self._unanswered and self._unanswered[0].deferred.called:
            self._unanswered.popleft()

    def _fire(self, pending: Pending) -> None:
        if pending.deferred.called:
            return
        if pending.error is None:
            pending.deferred.callback(pending.result)
        elif isinstance(pending.error, StoreError):
            pending.deferred.errback(pending.error)
        else:
            text = f"{type(pending.error).__name__}: {pending.error}"
            pending.deferred.errback(StoreError(text))

    def _has_ended(self) -> None:
        if self._timer is not None and not self._unanswered:
            self._timer.cancel()
            self._timer = None
        self._thread = None
        for ended in self._enders:
            ended.callback(None)
