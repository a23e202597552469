"""Questions over TCP, for answers that are too long for a packet (RFC 7766).

A connection for each: they are rare, and a resolver of our own is near.
"""

from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IConnector
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.python.failure import Failure

from .query import Query

MAX_CONNECTIONS = 32
"""At the same time; others wait."""

MAX_OF_DOMAIN = 4
"""The same for names of one domain: its servers may have all that ask for them wait."""

CONNECT_SECONDS = 1.0
"""The longest time until a connection is there: a resolver is near, or it does not listen."""

_LABELS = {"in-addr.arpa": 4, "ip6.arpa": 10}
"""Labels at the end that make a domain of somebody, where two are too few."""

_LENGTH = 2

_T = TypeVar("_T")


class Tcp:
    """Asks over TCP, so many at a time."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._free = DeferredSemaphore(MAX_CONNECTIONS)
        self._domains: dict[str, _Domain] = {}

    def ask(self, query: Query, seconds: float) -> Deferred[bytes]:
        """The first packet that comes back, whatever is in it.

        Fails with TimeoutError after so long, with waiting, or with what Twisted says of a
        connection that cannot be made or is lost.
        """
        name = domain_of(query.question.name)
        domain = self._domains.setdefault(name, _Domain())
        domain.users += 1
        asking: Deferred[bytes] = domain.free.run(self._free.run, self._ask, query, seconds)
        asking.addBoth(self._leave, name)
        asking.addTimeout(seconds, self._reactor)
        return asking

    def _ask(self, query: Query, seconds: float) -> Deferred[bytes]:
        factory = _Factory(query.packet())
        server = query.line.server
        connector = self._reactor.connectTCP(
            server.host, server.port, factory, timeout=min(seconds, CONNECT_SECONDS)
        )
        factory.done = Deferred(lambda _: connector.disconnect())
        return factory.done

    def _leave(self, outcome: _T, name: str) -> _T:
        domain = self._domains[name]
        domain.users -= 1
        if not domain.users:
            del self._domains[name]
        return outcome


class _Domain:
    """Of one domain, what asks or waits."""

    def __init__(self) -> None:
        self.free = DeferredSemaphore(MAX_OF_DOMAIN)
        self.users = 0


def domain_of(name: str) -> str:
    """The end of a name that tells roughly whose it is."""
    labels = name.split(".")
    end = ".".join(labels[-2:])
    return ".".join(labels[-_LABELS.get(end, 2) :])


class _Factory(ClientFactory):
    """Makes one connection."""

    noisy = False

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.done: Deferred[bytes] | None = None

    def buildProtocol(self, addr: Any) -> "_Exchange":
        """See IProtocolFactory."""
        return _Exchange(self)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """See ClientFactory."""
        self.end(reason)

    def end(self, outcome: bytes | Failure) -> None:
        """Tell it, once."""
        done, self.done = self.done, None
        if done is None or done.called:
            return
        if isinstance(outcome, bytes):
            done.callback(outcome)
        else:
            done.errback(outcome)


class _Exchange(Protocol):
    """Sends a packet, and reads one: 64 KiB at most, by its length."""

    transport: Any

    def __init__(self, asking: _Factory) -> None:
        self._asking = asking
        self._data = bytearray()

    def connectionMade(self) -> None:
        """Send."""
        packet = self._asking.packet
        self.transport.write(len(packet).to_bytes(_LENGTH, "big") + packet)

    def dataReceived(self, data: bytes) -> None:
        """Collect; what comes behind the first packet nobody has asked for."""
        self._data += data
        if len(self._data) < _LENGTH:
            return
        end = _LENGTH + int.from_bytes(self._data[:_LENGTH], "big")
        if len(self._data) >= end:
            packet = bytes(self._data[_LENGTH:end])
            self._data.clear()
            self.transport.abortConnection()
            self._asking.end(packet)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It ended before the packet was whole, or we have ended it."""
        self._asking.end(Failure(ConnectionDone("before the answer")))
