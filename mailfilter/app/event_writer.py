"""Writes what is to be learned into the log: what comes while some is being written goes together.

A durable write takes the store some milliseconds, for one event as for a hundred.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ..classifier.event import Digest, Event, Learn, encode
from ..store.base import Delete, Key, LogAppend, Publish, Put, Store, key
from .learner import LOG, TOPIC

MAX_TOGETHER = 100
"""Events in one call of the store: some 200 KiB."""

KNOWN_SECONDS = 366 * 86400.0
"""How long it is known what a message was learned as, so that it is not learned again."""


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
        try:
            entries = [encode(waiting.event) for waiting in together]
            last = await self._store.do(LogAppend(LOG, entries))
            self._nudge()
            await self._note(waiting.event for waiting in together)
        except Exception:
            failure = Failure()
            for waiting in together:
                waiting.done.errback(failure)
            return
        first = last - len(together) + 1
        for position, waiting in enumerate(together, first):
            waiting.done.callback(position)

    async def _note(self, events: Iterable[Event]) -> None:
        """Remember what messages were learned as, and tell the learners of other processes."""
        known: dict[Digest, bytes | None] = {}
        for event in events:
            known[event.digest] = event.label.encode() if isinstance(event, Learn) else None
        put = {known_key(digest): label for digest, label in known.items() if label is not None}
        gone = [known_key(digest) for digest, label in known.items() if label is None]
        told = Deferred.fromCoroutine(self._store.do(Publish(TOPIC)))
        told.addErrback(lambda _: None)  # They look for themselves, each second.
        if put:
            await self._store.do(Put(put, KNOWN_SECONDS))
        if gone:
            await self._store.do(Delete(gone))
        await told


def known_key(digest: Digest) -> Key:
    """Where it stands what a message was learned as."""
    return key("classifier_known", digest)
