"""Keeps what TLS is served with up to date, while the filter runs.

A look at the files takes those that have changed. What cannot be used is told when a second look
finds it so: files are not written at once. After a reload it is told immediately.
"""

from collections.abc import Callable, Set
from time import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..codec.control import Credentials
from ..config import Loaded, Problem
from ..servers.background import in_background
from .certificates import Held, take
from .expiry import Reminders
from .hub import Hub
from .plan import Draft
from .ticks import every, stop

CLOCK_SECONDS = 60.0
"""Between two looks at what is about to expire."""

log = Logger()


class Keeper:
    """One for the life of a master."""

    def __init__(
        self,
        reactor: Any,
        hub: Hub,
        first: Draft,
        *,
        is_settled: Callable[[], bool],
        push: Callable[[Credentials], None],
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`push` hands credentials to all workers that serve by the last configuration that was
        taken over; while not `is_settled` another one is coming, and files are left alone."""
        self._reactor = reactor
        self._hub = hub
        self._is_settled = is_settled
        self._push = push
        self.now = wall_clock
        """Unix time."""
        self.loaded: Loaded = first.loaded
        self.held: Held = first.held
        self._reminders = Reminders()
        self._calls: list[LoopingCall] = []
        self._is_looking = False
        self._doubted: Set[tuple[str, str]] = frozenset()
        """What could not be used at the last look."""

    def adopt(self, draft: Draft) -> None:
        """Workers serve by this now."""
        before, self.loaded, self.held = self.held, draft.loaded, draft.held
        self._tell_renewed(before)
        self._doubted = frozenset(self.held.troubles())
        for at, problem in self.held.troubles().items():
            # Also if it was said already: somebody has asked.
            self._is_news(at, problem)
            self._tell_refused(problem)
        self._remind()
        self.stop()
        if not self.held.stamps:
            return
        self._calls.append(every(self._reactor, CLOCK_SECONDS, self._remind, now=False))
        if seconds := self.loaded.config.tls.watch:
            self._calls.append(every(self._reactor, seconds, self._look, now=False))

    def stop(self) -> None:
        """Look no more."""
        for call in self._calls:
            stop(call)
        self._calls.clear()

    # The files.

    def _look(self) -> None:
        if not self._is_looking and self._is_settled():
            self._is_looking = True
            looking = Deferred.fromCoroutine(self._look_once())
            looking.addErrback(lambda failure: log.failure("looking at files failed", failure))

    async def _look_once(self) -> None:
        loaded, before, now = self.loaded, self.held, self.now()
        try:
            held = await in_background(self._reactor, lambda: _look_at(loaded, before, now))
        finally:
            self._is_looking = False
        if held is not None and self.held is before and self._is_settled():
            self._take(held)

    def _take(self, held: Held) -> None:
        before, self.held = self.held, held
        self._tell_renewed(before)
        if held.credentials() != before.credentials():
            self._push(held.credentials())
        troubles = held.troubles()
        for at in troubles.keys() & self._doubted:
            if self._is_news(at, troubles[at]):
                self._tell_refused(troubles[at])
        self._doubted = troubles.keys()
        self._remind()

    # What people hear of it.

    def _remind(self) -> None:
        settings = self.loaded.config.tls
        for text in self._reminders.due(self.held, self.now(), settings.warn_before):
            self._hub.alarms(text)

    def _tell_renewed(self, before: Held) -> None:
        for text in self.held.renewed(before):
            log.info("{text}", text=text)
            self._hub.count("certificates_renewed")

    def _is_news(self, at: tuple[str, str], problem: Problem) -> bool:
        return self._reminders.is_news(self.now(), *at, str(problem))

    def _tell_refused(self, problem: Problem) -> None:
        self._hub.count("certificates_refused")
        self._hub.alarms(f"{problem}; what was used before goes on")


def _look_at(loaded: Loaded, before: Held, now: float) -> Held | None:
    """What is in the files now; `None` if they are the same. Blocks."""
    if not before.troubles() and not before.has_changed():
        return None
    return take(loaded, before, now).held
