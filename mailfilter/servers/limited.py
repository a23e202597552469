"""What the factories of all protocols share: they know their connections, and bound them."""

from typing import Generic, TypeVar

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from ..config.model import Listener

MAX_SCAN_SECONDS = 600.0
"""A scan that takes longer is given up, whatever the scanner promised: no SMTP client waits longer
for the reply to a message (RFC 5321 4.5.3.2.6)."""


class Served(Protocol):
    """A connection of any protocol: what it can be asked."""

    @property
    def is_idle(self) -> bool:
        """Nothing is under way for which the other side waits, or has begun to."""
        raise NotImplementedError

    def close_idle(self) -> None:
        """Close a connection that is idle."""
        raise NotImplementedError

    def abort(self) -> None:
        """Close it at once, whatever is under way."""
        raise NotImplementedError


Connection = TypeVar("Connection", bound=Served)

log = Logger()


class LimitedFactory(Factory, Generic[Connection]):
    """Makes the connections of one listener; a subclass says how to make one."""

    noisy = False
    tells_to_close = False
    """Whether a client learns from a reply that the connection ends with it."""

    def __init__(self, name: str, listener: Listener) -> None:
        self.name = name
        self.listener = listener
        self.connections: set[Connection] = set()
        """Those that are open."""
        self.is_draining = False
        """No more connections are accepted, and those that are open shall end soon."""
        self._is_full = False

    def make_connection(self) -> Connection:
        """A protocol for a connection that was accepted."""
        raise NotImplementedError

    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        """Make a connection, or `None` (it is closed at once) if there are too many."""
        if len(self.connections) >= self.listener.max_connections:
            if not self._is_full:
                limit = self.listener.max_connections
                log.warn("{listener}: no connections over {limit}", listener=self.name, limit=limit)
            self._is_full = True
            return None
        self._is_full = False
        connection = self.make_connection()
        connection.factory = self
        self.connections.add(connection)
        return connection

    def close_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for connection in list(self.connections):
            if connection.is_idle:
                connection.close_idle()

    def abort(self) -> None:
        """Close all connections at once."""
        for connection in list(self.connections):
            connection.abort()

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        self.connections.discard(connection)
