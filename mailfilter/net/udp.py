"""A port from which one server is asked: a connected socket of its own.

Not by Twisted's UDP ports: they write a line to the log for each port that is closed, and ours are
changed all the time.
"""

import socket
from typing import Any, Protocol

from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from .query import Query

MAX_PACKET = 4096
"""Octets of a packet that are read: more than we say we take (`EDNS_SIZE`)."""

BURST = 64
"""Packets that are read before others have their turn."""


class Hearing(Protocol):
    """Who is told what comes."""

    def hear(self, query: Query, packet: bytes) -> None:
        """From the server that was asked, with the id of this query."""

    def lose(self, query: Query) -> None:
        """It has not reached its server."""

    def stray(self) -> None:
        """Something came whose id no query has."""


@implementer(IReadDescriptor)
class UdpPort:
    """Reads replies until it is retired and nothing is expected any more."""

    def __init__(
        self,
        reactor: Any,
        sock: socket.socket,
        hearing: Hearing,
        left: int,
        until: float,
    ) -> None:
        self.queries: dict[int, Query] = {}
        """By id, those whose answer is expected."""
        self.left = left
        """Queries that may still leave from here."""
        self.until = until
        """When it is to be replaced."""
        self.is_open = True
        self._is_retired = False
        self._reactor = reactor
        self._socket = sock
        self._hearing = hearing
        reactor.addReader(self)

    def send(self, packet: bytes) -> None:
        """Send it; if there is no room it is lost, as on the way. Raises OSError."""
        try:
            self._socket.send(packet)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            # This is about an earlier one; what becomes of ours is told when it is read.
            self._socket.send(packet)

    def forget(self, number: int) -> None:
        """Expect no answer with this id."""
        self.queries.pop(number, None)
        if self._is_retired and not self.queries:
            self.close()

    def retire(self) -> None:
        """Ask nothing more, and close when nothing is expected."""
        self._is_retired = True
        if not self.queries:
            self.close()

    def close(self) -> None:
        """Close at once; what is expected is forgotten."""
        if self.is_open:
            self.is_open = False
            self.queries.clear()
            self._reactor.removeReader(self)
            self._socket.close()

    def doRead(self) -> None:
        """Take what has come."""
        for _ in range(BURST):
            try:
                packet = self._socket.recv(MAX_PACKET)
            except BlockingIOError:
                return
            except OSError:
                self._fail()
                return
            query = self.queries.get(int.from_bytes(packet[:2], "big"))
            if query is None:
                self._hearing.stray()
            else:
                self._hearing.hear(query, packet)
            if not self.is_open:
                return

    def fileno(self) -> int:
        """See IFileDescriptor."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """See ILoggingContext."""
        return "dns"

    def connectionLost(self, reason: Failure) -> None:
        """See IFileDescriptor: the server's machine says that nobody is there."""
        self._fail()

    def _fail(self) -> None:
        """Nothing sent from here was taken: leave, so that the next query has a new socket."""
        queries = list(self.queries.values())
        self.close()
        for query in queries:
            # Some may be over by what becomes of the first ones.
            if query.port is self:
                query.port = None
                self._hearing.lose(query)
