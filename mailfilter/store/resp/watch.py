"""Asking sentinels whether the master is still the same one.

A master that is replaced while it lives learns of it only seconds later; until then it takes what
will be lost.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ..errors import StoreError, Unavailable
from .connection import Connection
from .connector import Connector

ASK_SECONDS = 2.0

log = Logger()


class Watch:
    """Asks now and then."""

    def __init__(
        self, reactor: Any, connector: Connector, connections: Callable[[], list[Connection]]
    ) -> None:
        """`connections` are those that are to be at the master."""
        self._reactor, self._connector, self._connections = reactor, connector, connections
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
            with suppress(StoreError):
                # Whoever needs a connection tells of that.
                await self._look()

    async def _look(self) -> None:
        """End the connections that are not at the master; one may be there while others are not."""
        places = {connection.place for connection in self._connections()}
        place = await self._connector.master_beside(places)
        if place is None:
            return
        for connection in self._connections():
            if connection.place != place:
                connection.end(Unavailable(f"{place} is the master now"))

    def _stopped(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            log.failure("nobody asks the sentinels any more", failure)
