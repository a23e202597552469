"""The connections to Redis with a clock that tests set, and a server that is the test itself."""

from typing import Any

from hiredis import Reader
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.errors import Unavailable
from mailfilter.store.health import Health
from mailfilter.store.resp.connection import Connection
from mailfilter.store.resp.pool import Pool
from mailfilter.store.resp.scripts import Trip, same, script

SECONDS = 1.0
"""That a call may take."""


class Connector:
    """Connects when it is told to."""

    server = "server"
    can_move = False

    def __init__(self) -> None:
        self.attempts: list[Deferred[Any]] = []

    async def connect(self, make: Any) -> Any:
        """A connection, some time."""
        attempt: Deferred[Any] = Deferred()
        self.attempts.append(attempt)
        return await attempt

    def refused(self, reply: Exception, place: str) -> Unavailable:
        """What a server said."""
        return Unavailable(str(reply))


class ClockCase(SynchronousTestCase):
    """A pool of one connection."""

    def setUp(self) -> None:
        """It has begun to connect."""
        self.clock = Clock()
        self.connector = Connector()
        connector: Any = self.connector
        health = Health("redis", self.clock, lambda text: None, lambda name: None)
        self.pool = Pool(self.clock, connector, health, 1, SECONDS)
        self.pool.start()
        self.addCleanup(self.pool.stop)

    def connect(self) -> Connection:
        """The connection that is awaited is there."""
        connection = Connection(self.clock, SECONDS, "server", False)
        connection.makeConnection(StringTransport())
        self.connector.attempts[-1].callback(connection)
        return connection

    def ask(self, *words: Any) -> "Deferred[Any]":
        """A call."""
        return Deferred.fromCoroutine(self.pool.ask(Trip(words or (b"GET", b"a"), same)))

    def run_script(self) -> "Deferred[Any]":
        """A call with a script."""
        return Deferred.fromCoroutine(self.pool.ask(Trip((0,), same, script("count"))))

    def passes(self, seconds: float) -> None:
        """Time goes by, and the reactor turns."""
        self.clock.pump([seconds, 0.01, 0.01])

    def heard(self, connection: Connection) -> list[list[bytes]]:
        """What was sent since this was asked last."""
        reader = Reader()
        transport: StringTransport = connection.transport
        reader.feed(transport.value())
        transport.clear()
        commands = []
        while (command := reader.gets()) is not False:
            commands.append(command)
        return commands
