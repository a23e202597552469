"""What the factories of all protocols share: they know their connections, and bound them."""

import typing
from collections import Counter
from typing import Generic, TypeVar

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol

from ..codec.proxy_protocol import is_header
from ..config.model import Listener
from ..tls.known import Known
from ..tls.words import HANDSHAKE
from .claim import Claim
from .refusals import ANYWHERE, Count, Refusals, uncounted
from .sources import source_of


class Served(Protocol):
    """A connection of any protocol: what it can be asked."""

    source: str | None = None
    """Where it comes from, for `max_connections_per_source`."""
    known: Known | None = None
    """Who the other side is, if it has shown that by its certificate."""
    claim: Claim | None = None
    """What a proxy says of it that has passed it on."""

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


class Entry(typing.Protocol):
    """What stands in a connection's place until it is known who is there: see `Handshakes`."""

    def begin(self, address: IAddress | None) -> Served | None: ...


Connection = TypeVar("Connection", bound=Served)


class LimitedFactory(Factory, Generic[Connection]):
    """Makes the connections of one listener; a subclass says how to make one."""

    noisy = False
    default_idle_timeout = 600.0
    """Seconds, where the listener does not say otherwise."""
    tells_to_close = False
    """Whether a client learns from a reply that the connection ends with it."""

    def __init__(
        self, name: str, listener: Listener, clock: IReactorTime, count: Count = uncounted
    ) -> None:
        """`count` is told the names of counters."""
        self.name = name
        self.clock = clock
        self.listener = listener
        given = listener.idle_timeout
        self.idle_timeout = self.default_idle_timeout if given is None else given
        """Seconds."""
        self.refusals = Refusals(name, clock, count)
        self.entry: Entry | None = None
        """With TLS."""
        self.connections: set[Served] = set()
        """Those that are open, and those that are still to get through the entry."""
        self.is_draining = False
        """No more connections are accepted, and those that are open shall end soon."""
        self._of_source: Counter[str] = Counter()

    def make_connection(self) -> Connection:
        """A protocol for a connection that was accepted."""
        raise NotImplementedError

    def buildProtocol(self, addr: IAddress | None) -> Served | None:
        """Make a connection of somebody who has come without a proxy, see `connect`."""
        return self.connect(addr, None)

    def connect(self, address: IAddress | None, claim: Claim | None) -> Served | None:
        """Make a connection, or `None` (it is closed at once) if there are too many.

        With TLS it is what stands in its place, which knows as much.
        """
        if self._is_full(address):
            return None
        most = self.listener.max_connections_per_source
        source = None if most is None else source_of(address)
        if source is not None and most is not None and not self._has_room(source, most):
            self.refusals.note_full("max_connections_per_source", most, source, address)
            return None
        connection = self.make_connection() if self.entry is None else self.entry.begin(address)
        if connection is None:
            self._leave(source)
            return None
        self._take(connection, source, claim)
        connection.known = None if claim is None else claim.known
        return connection

    def hold(self, waiting: Served, address: IAddress | None) -> Served | None:
        """Keep a place for a connection until it is known whose it is; `None` if there is none."""
        if self._is_full(address):
            return None
        self._take(waiting, None, None)
        return waiting

    def take_over(self, other: Served, known: Known | None) -> Connection:
        """Make the connection that goes on in place of another one, which is known by TLS."""
        connection = self.make_connection()
        claim = other.claim
        # What a proxy shows that speaks TLS with us itself says nothing of its client.
        connection.known = claim.known if claim is not None and claim.tells_tls else known
        self._take(connection, other.source, claim)
        self.connections.discard(other)
        return connection

    def is_misplaced(self, start: bytes, address: IAddress | None, claim: Claim | None) -> bool:
        """Whether a connection begins with TLS where there is none, or with a PROXY header that is
        not expected, or one more; that is said and counted.
        """
        if is_header(start):
            self.refusals.note_header(address, None if claim is None else claim.proxy)
            return True
        if self.listener.certificates or not start.startswith(HANDSHAKE):
            return False
        self.refusals.note_on_plain(address)
        return True

    def _is_full(self, address: IAddress | None) -> bool:
        limit = self.listener.max_connections
        if len(self.connections) < limit:
            return False
        self.refusals.note_full("max_connections", limit, ANYWHERE, address)
        return True

    def _take(self, connection: Served, source: str | None, claim: Claim | None) -> None:
        connection.factory = self
        connection.source = source
        connection.claim = claim
        self.connections.add(connection)

    def _has_room(self, source: str, limit: int) -> bool:
        """Whether one more of a source may come; if so it is counted."""
        if self._of_source[source] >= limit:
            return False
        self._of_source[source] += 1
        return True

    def close_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for connection in list(self.connections):
            if connection.is_idle:
                connection.close_idle()

    def abort(self) -> None:
        """Close all connections at once."""
        for connection in list(self.connections):
            connection.abort()

    def forget(self, connection: Served) -> None:
        """The connection has ended."""
        if connection in self.connections:
            self.connections.discard(connection)
            self._leave(connection.source)

    def _leave(self, source: str | None) -> None:
        """There is one less of a source."""
        if source is None:
            return
        self._of_source[source] -= 1
        if self._of_source[source] <= 0:
            del self._of_source[source]
