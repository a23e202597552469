"""The threads that ask, for message after message.

They take a message, ask, and note in the journal that it is done. No more messages are in
memory than are asked at a time, and if nobody takes what comes out, none is taken in.
"""

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from threading import Lock, Thread

from .exchange import Failure, Item, Misused, Reply, Unanswered
from .journal import Journal, digest_of


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that could not be read, and why: nothing that a reader of results expects."""

    failure: Failure


class Mark(Enum):
    """What else a thread tells."""

    SKIPPED = auto()
    """A message that an earlier run did."""
    ENDED = auto()
    """There is nothing more for it to do."""


Event = Reply | Failure | Unread | Mark | BaseException


class Threads:
    """Those who ask."""

    def __init__(
        self,
        sources: Iterator[Item | Failure],
        ask: Callable[[Item], Reply],
        journal: Journal | None,
    ) -> None:
        self._sources, self._ask, self._journal = sources, ask, journal
        self._taking = Lock()
        self._is_stopped = False
        self.running = 0
        self._events: queue.Queue[Event] = queue.Queue()

    def start(self, number: int) -> None:
        """Start that many."""
        # If nobody reads the results, no more are made.
        self._events = queue.Queue(number)
        for _ in range(number):
            Thread(target=self._run, daemon=True).start()
            self.running += 1

    def stop(self) -> None:
        """Let them take no more messages."""
        self._is_stopped = True

    def next_event(self, seconds: float | None) -> Event | None:
        """What happens next; None if nothing does for that time."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        if event is Mark.ENDED:
            self.running -= 1
        return event

    def _run(self) -> None:
        try:
            while (source := self._take()) is not None:
                self._events.put(self._event(source))
        except BaseException as error:
            self._events.put(error)
        finally:
            self._events.put(Mark.ENDED)

    def _take(self) -> Item | Failure | None:
        with self._taking:
            return None if self._is_stopped else next(self._sources, None)

    def _event(self, source: Item | Failure) -> Event:
        if isinstance(source, Failure):
            return Unread(source)
        digest = b"" if self._journal is None else digest_of(source.octets)
        if self._journal is not None and self._journal.skips(digest):
            return Mark.SKIPPED
        item = Item(source.name)
        try:
            reply = self._ask(source)
        except Unanswered as error:
            return Failure(item, str(error), raw=error.raw)
        except Misused:
            raise
        except Exception as error:
            # Of an answer that nobody thought of. The others have nothing to do with it.
            return Failure(item, f"unexpected {type(error).__name__}")
        # As soon as it is known, for we may be killed.
        if self._journal is not None and not reply.is_refusal:
            self._journal.add(digest)
        return replace(reply, item=item)
