"""Connections that are kept up: what is lost is made again, for ever, with pauses in between."""

from collections.abc import Callable
from random import random
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from txredisapi import ResponseError  # type: ignore[import-untyped]

from ..errors import Denied, ReadOnly, StoreError, TimedOut, Unavailable
from ..health import Health
from .connection import Connection
from .connector import Connector, Make
from .scripts import Trip
from .trouble import again, is_lost_script

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
LONGEST_PAUSE_MOVING = 1.0
"""Where another server may become the master at any moment."""
STEADY = 1.0
"""Seconds after which a connection counts as one that works."""
MAX_WAITING = 1000
"""Calls that wait for the first connection."""

R = TypeVar("R")
log = Logger()


class Kept:
    """A connection that is made again whenever it is lost."""

    def __init__(
        self,
        reactor: Any,
        connector: Connector,
        make: "Make[Any]",
        is_up: Callable[[Any], None],
        is_down: Callable[[StoreError], None],
    ) -> None:
        """`is_up` hears of each new connection, `is_down` of each loss and failed attempt."""
        self._reactor, self._connector, self._make = reactor, connector, make
        self._is_up, self._is_down = is_up, is_down
        self._task: Deferred[None] | None = None
        self._is_wanted = False
        self.connection: Connection | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._is_wanted = True
        self._task = Deferred.fromCoroutine(self._keep())
        self._task.addErrback(self._stopped)

    def stop(self) -> None:
        """Let go."""
        self._is_wanted = False
        task, self._task = self._task, None
        connection = self.connection
        if task is not None:
            task.cancel()
        if connection is not None:
            connection.end(Unavailable("the store is closed"))

    def _stopped(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            log.failure("a connection to Redis is not kept up any more", failure)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = self._reactor.seconds()
            error = await self._connect_once()
            # Some endpoints that are cancelled fail in a way of their own.
            if self._is_wanted:
                self._is_down(error)
            # Whoever hears of it may have stopped us.
            if not self._is_wanted:
                return
            if self._reactor.seconds() - began > STEADY and not isinstance(error, Denied):
                pause = FIRST_PAUSE
            longest = LONGEST_PAUSE_MOVING if self._connector.can_move else LONGEST_PAUSE
            # A password does not get right by trying often.
            pause = LONGEST_PAUSE if isinstance(error, Denied) else min(pause, longest)
            await deferLater(self._reactor, pause * (0.5 + random() / 2))
            pause *= 2

    async def _connect_once(self) -> StoreError:
        """Connect and wait for the end; why there is none, or why it ended."""
        try:
            connection = await self._connector.connect(self._make)
        except StoreError as error:
            return error
        if not self._is_wanted:
            # It was stopped, and yet there is one: look-ups of names do not always end when told.
            connection.end(Unavailable("the store is closed"))
            return Unavailable("the store is closed")
        self.connection = connection
        self._is_up(connection)
        try:
            reason: StoreError = await connection.lost
            return reason
        finally:
            self.connection = None


class Pool:
    """The connections for calls."""

    def __init__(
        self, reactor: Any, connector: Connector, health: Health, size: int, timeout: float
    ) -> None:
        self._reactor, self._connector, self._health = reactor, connector, health
        self._timeout = timeout
        self.on_replica: Callable[[str], None] = lambda place: None
        """Hears that what is in a place is no master any more, where there may be another one."""
        self._kept = [
            Kept(reactor, connector, Connection, self._is_up, self._is_down) for _ in range(size)
        ]
        self._trouble: StoreError = Unavailable("the store is closed")
        self._waiting: list[Deferred[None]] = []
        self._patient_until = 0.0

    def start(self) -> None:
        """Begin to connect."""
        self._trouble = Unavailable(f"{self._connector.server}: not connected yet")
        self._patient_until = self._reactor.seconds() + self._timeout
        for kept in self._kept:
            kept.start()

    def stop(self) -> None:
        """Let go of all connections."""
        self._trouble = Unavailable("the store is closed")
        self._patient_until = 0.0
        for kept in self._kept:
            kept.stop()
        self._wake()

    @property
    def connections(self) -> list[Connection]:
        """Those that there are."""
        return [kept.connection for kept in self._kept if kept.connection is not None]

    async def ask(self, trip: Trip[R]) -> R:
        """Send a command, and make an answer of the reply. Raises StoreError."""
        end = self._reactor.seconds() + self._timeout
        connection = self._pick()
        if connection is not None:
            reply = await connection.send(trip.command())
        else:
            connection = await self._first()
            reply = await self._send(connection, trip.command(), end)
        if trip.script is not None and _is_lost_script(reply):
            reply = await self._send(connection, trip.whole_command(), end)
        if isinstance(reply, Exception):
            raise self._error(reply, connection)
        return trip.decode(reply)

    async def _send(self, connection: Connection, command: bytes, end: float) -> Any:
        """The reply, for one who has waited before: there is one time for all of it."""
        waiter = connection.send(command)
        waiter.addTimeout(max(0.0, end - self._reactor.seconds()), self._reactor)
        try:
            return await waiter
        except TimeoutError:
            text = f"{connection.place}: no answer in {self._timeout:g} s"
            raise TimedOut(text) from None

    def _error(self, reply: Exception, connection: Connection) -> StoreError:
        if isinstance(reply, StoreError):
            return again(reply)
        error = self._connector.refused(reply, connection.place)
        if isinstance(error, ReadOnly) and self._connector.can_move:
            self.on_replica(connection.place)
        return error

    def _pick(self) -> Connection | None:
        best: Connection | None = None
        for kept in self._kept:
            found = kept.connection
            if found is None or not found.is_usable:
                continue
            if best is None or found.under_way < best.under_way:
                best = found
        return best

    async def _first(self) -> Connection:
        """The first connection after the beginning; at other times nobody waits."""
        left = self._patient_until - self._reactor.seconds()
        if left > 0:
            await self._wait(left)
        connection = self._pick()
        if connection is None:
            raise again(self._trouble)
        return connection

    async def _wait(self, seconds: float) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable(f"{len(self._waiting)} calls wait for a connection already")
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        waiter.addTimeout(seconds, self._reactor)
        try:
            await waiter
        except TimeoutError:
            self._patient_until = 0.0
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _is_up(self, connection: Connection) -> None:
        self._patient_until = 0.0
        self._health.succeeded("connect")
        self._wake()

    def _is_down(self, error: StoreError) -> None:
        self._trouble = error
        self._health.failed(error, "connect")
        # What failed once is not worth waiting for.
        self._patient_until = 0.0
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.called:
                waiter.callback(None)


def _is_lost_script(reply: Any) -> bool:
    return isinstance(reply, ResponseError) and is_lost_script(str(reply))
