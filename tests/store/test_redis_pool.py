"""The connections for calls: what has waited before has so much less time."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.errors import TimedOut, Unavailable
from mailfilter.store.health import Health
from mailfilter.store.resp import pool
from mailfilter.store.resp.connection import Connection
from mailfilter.store.resp.scripts import Trip, same, script

SECONDS = 1.0


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


class TimeTests(SynchronousTestCase):
    """A call has one time, whatever it is spent for."""

    def setUp(self) -> None:
        """A pool of one connection."""
        self.clock = clock = Clock()
        self.connector = Connector()
        connector: Any = self.connector
        health = Health("redis", clock, lambda text: None, lambda name: None)
        self.pool = pool.Pool(clock, connector, health, 1, SECONDS)
        self.pool.start()
        self.addCleanup(self.pool.stop)

    def connect(self) -> Connection:
        """The connection is there."""
        connection = Connection(self.clock, SECONDS, "server", False)
        connection.makeConnection(StringTransport())
        self.connector.attempts[0].callback(connection)
        return connection

    def ask(self) -> "Deferred[Any]":
        """A call with a script."""
        return Deferred.fromCoroutine(self.pool.ask(Trip((0,), same, script("count"))))

    def passes(self, seconds: float) -> None:
        """Time goes by, and the reactor turns."""
        self.clock.pump([seconds, 0.01, 0.01])

    def test_connecting(self) -> None:
        """To wait for a connection counts."""
        answer = self.ask()
        self.passes(0.7)
        self.connect()
        self.passes(0.2)
        self.assertNoResult(answer)
        self.passes(0.2)
        self.failureResultOf(answer, TimedOut)

    def test_lost_script(self) -> None:
        """So does the first attempt with a script."""
        connection = self.connect()
        answer = self.ask()
        self.passes(0.7)
        connection.dataReceived(b"-NOSCRIPT none\r\n")
        self.passes(0.2)
        self.assertNoResult(answer)
        self.passes(0.2)
        self.failureResultOf(answer, TimedOut)
        after = self.ask()
        connection.dataReceived(b":1\r\n:2\r\n")
        self.assertEqual(self.successResultOf(after), 2)

    def test_waiting(self) -> None:
        """No more than so many wait for the first connection; who is cancelled does not count."""
        self.patch(pool, "MAX_WAITING", 2)
        first, second = self.ask(), self.ask()
        self.assertIn("wait", str(self.failureResultOf(self.ask(), Unavailable).value))
        second.cancel()
        self.failureResultOf(second)
        third = self.ask()
        self.connect().dataReceived(b":1\r\n:2\r\n")
        self.assertEqual([self.successResultOf(call) for call in (first, third)], [1, 2])
