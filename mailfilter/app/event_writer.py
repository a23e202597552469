"""Writes what is to be learned into the log: what comes while some is being written goes together.

A durable write takes the store some milliseconds, for one event as for a hundred.
"""

from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ..classifier.event import Event
from ..report.learning_log import MAX_TOGETHER, append, note
from ..store.base import Store


class _Waiting(NamedTuple):
    event: Event
    done: "Deferred[int]"


class EventWriter:
    """One for each process."""

    def __init__(self, store: Store, nudge: Callable[[], None]) -> None:
        """`nudge` tells this process's learner that there is something to learn."""
        self._store = store
        self._nudge = nudge
        self._waiting: list[_Waiting] = []
        self._is_writing = False

    async def write(self, event: Event) -> int:
        """Put an event into the log; its position there. Raises a StoreError."""
        done: Deferred[int] = Deferred()
        self._waiting.append(_Waiting(event, done))
        if not self._is_writing:
            self._is_writing = True
            Deferred.fromCoroutine(self._write_all())
        return await done

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                together = self._waiting[:MAX_TOGETHER]
                del self._waiting[:MAX_TOGETHER]
                await self._write(together)
        finally:
            self._is_writing = False

    async def _write(self, together: list[_Waiting]) -> None:
        """Once the log has it, it is learned, whatever happens; and learners are told."""
        events = [waiting.event for waiting in together]
        try:
            last = await append(self._store, events)
            self._nudge()
            await note(self._store, events)
        except Exception:
            failure = Failure()
            for waiting in together:
                waiting.done.errback(failure)
            return
        first = last - len(together) + 1
        for position, waiting in enumerate(together, first):
            waiting.done.callback(position)
