"""Keeps what TLS is served with, and keypairs, up to date, while the filter runs.

A look at the files takes those that have changed. What cannot be used is told when a second look
finds it so: files are not written at once. After a reload it is told immediately.
"""

from collections.abc import Callable, Set
from time import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..codec.control import ControlError, Credentials
from ..config import Loaded, Problem
from ..servers.background import in_background
from .certificates import Held, Taken, take
from .credential_redis import redis_settings
from .credential_signing import KEYS, SOURCES, is_source
from .expiry import Reminders
from .hub import Hub
from .plan import Draft
from .ticks import every, stop

CLOCK_SECONDS = 60.0
"""Between two looks at what is about to expire."""

_STUCK = "a look at the files of certificates and keys does not end; until it does, none is renewed"

STUCK_SECONDS = 300.0
"""After which a look at the files that does not end is told: those of a server that is gone."""

_WHAT = {
    "certificates": "certificate {}",
    "listeners": "listener {}",
    "keypairs": "keypair {}",
    KEYS: "signing key {}",
    SOURCES: "{}",
    "store": "store.{}",
}
"""Table of the configuration -> what one of its sets is called."""

_REFUSED = {
    "keypairs": "keypairs_refused",
    KEYS: "signing_keys_refused",
    SOURCES: "signing_keys_refused",
}
"""What is counted for those that cannot be used, if it is not certificates_refused."""

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
        self._looking: float | None = None
        """Since when a look at the files is under way, in seconds of the reactor."""
        self._doubted: Set[tuple[str, str]] = frozenset()
        """What could not be used at the last look."""
        self._told: set[tuple[str, str]] = set()
        """Of what an alarm said that it cannot be used, until it can."""

    def adopt(self, draft: Draft) -> None:
        """Workers serve by this now."""
        before, self.loaded, self.held = self.held, draft.loaded, draft.held
        self._tell_renewed(before)
        self._doubted = frozenset(self.held.troubles())
        for at, problem in self.held.troubles().items():
            # Also if it was said already: somebody has asked.
            self._is_news(at, problem)
            self._tell_refused(at, problem)
        self._tell_usable(before, self._doubted)
        self._remind()
        self.stop()
        # One that is under way is about what was before.
        self._looking = None
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
        now = self._reactor.seconds()
        if self._looking is not None:
            if now - self._looking >= STUCK_SECONDS and self._reminders.is_news(self.now(), _STUCK):
                self._hub.alarms(_STUCK)
        elif self._is_settled():
            self._looking = now
            looking = Deferred.fromCoroutine(self._look_once(now))
            looking.addErrback(lambda failure: log.failure("looking at files failed", failure))

    async def _look_once(self, begun: float) -> None:
        loaded, before, now = self.loaded, self.held, self.now()
        is_doubted = bool(self._doubted)
        try:
            taken = await in_background(
                self._reactor, lambda: _look_at(loaded, before, now, is_doubted=is_doubted)
            )
        finally:
            if self._looking == begun:
                self._looking = None
        if taken is not None and self.held is before and self._is_settled():
            self._take(taken)

    def _take(self, taken: Taken) -> None:
        before, held = self.held, taken.held
        if held.credentials() != before.credentials() and not self._has_pushed(held):
            return
        self.held = held
        self._tell_renewed(before)
        troubles = {**held.troubles(), **taken.refused}
        for at in troubles.keys() & self._doubted:
            if self._is_news(at, troubles[at]):
                self._tell_refused(at, troubles[at])
        self._doubted = troubles.keys()
        self._tell_usable(before, self._doubted)
        self._remind()

    def _has_pushed(self, held: Held) -> bool:
        """Hand them to the workers; if that cannot be, all goes on as before."""
        try:
            self._push(held.credentials())
        except ControlError as error:
            text = f"certificates and keypairs are not renewed: {error}"
            if self._reminders.is_news(self.now(), text):
                self._hub.alarms(text)
            return False
        return True

    # What people hear of it.

    def _remind(self) -> None:
        settings = self.loaded.config.tls
        for text in self._reminders.due(self.held, self.now(), settings.warn_before):
            self._hub.alarms(text)

    def _tell_renewed(self, before: Held) -> None:
        for event, text in self.held.renewed(before):
            if text:
                log.info("{text}", text=text)
            self._hub.count(event)
        for text in self.held.lost(before):
            self._hub.alarms(text)

    def _is_news(self, at: tuple[str, str], problem: Problem) -> bool:
        return self._reminders.is_news(self.now(), *at, str(problem))

    def _tell_refused(self, at: tuple[str, str], problem: Problem) -> None:
        self._told.add(at)
        self._hub.count(_REFUSED.get(at[0], "certificates_refused"))
        self._hub.alarms(str(problem))

    def _tell_usable(self, before: Held, troubles: Set[tuple[str, str]]) -> None:
        """Say of what was told, and is in order again, that it is; of what was renewed it is said
        already."""
        old, now = before.sets(), self.held.sets()
        for table, name in sorted(self._told - troubles):
            self._told.discard((table, name))
            kept, kept_before = now.get((table, name)), old.get((table, name))
            if kept is not None and kept_before is not None and kept.files != kept_before.files:
                continue
            config = self.loaded.config
            is_other = (table == "store" and redis_settings(config)) or is_source(config, name)
            if kept is not None or is_other:
                what = _WHAT[table].format(name)
                log.info("{text}", text=f"{what}: its files can be used again")


def _look_at(loaded: Loaded, before: Held, now: float, *, is_doubted: bool) -> Taken | None:
    """What is in the files now; `None` if they are the same. Blocks.

    What could not be used at the last look is looked at again in any case.
    """
    if not is_doubted and not before.has_changed():
        return None
    return take(loaded, before, now, waits=True)
