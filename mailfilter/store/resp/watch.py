"""Asking sentinels whether the master is still the same one.

A master that is replaced while it lives learns of it only seconds later; until then it takes what
will be lost.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ..errors import StoreError, Unavailable
from .connector import Connector

ASK_SECONDS = 2.0

log = Logger()


class Watch:
    """Asks now and then."""

    def __init__(
        self, reactor: Any, connector: Connector, moved: Callable[[StoreError], None]
    ) -> None:
        """`moved` hears that there is another master."""
        self._reactor, self._connector, self._moved = reactor, connector, moved
        self._task: Deferred[None] | None = None
        self._is_wanted = False

    def start(self) -> None:
        """Begin to ask."""
        self._is_wanted = True
        self._task = Deferred.fromCoroutine(self._watch())
        self._task.addErrback(self._stopped)

    def stop(self) -> None:
        """Ask no more."""
        self._is_wanted = False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _watch(self) -> None:
        while self._is_wanted:
            await deferLater(self._reactor, ASK_SECONDS)
            try:
                has_moved = await self._connector.has_moved()
            except StoreError:
                # Whoever needs a connection tells of that.
                continue
            if has_moved:
                self._moved(Unavailable(f"{self._connector.server} is the master now"))

    def _stopped(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            log.failure("nobody asks the sentinels any more", failure)
