"""Connections that we make by Twisted: verified, and the reason gets to the protocol."""

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from mailfilter.tls.errors import TlsError
from mailfilter.tls.outgoing import Outgoing, Terms
from mailfilter.tls.outgoing_twisted import creator
from mailfilter.tls.verified import Refused
from tests.authority import Authority

from .outgoing_case import server_context


class Greeting(Protocol):
    """A server that says something."""

    def connectionMade(self) -> None:
        """Say it."""
        assert self.transport is not None
        self.transport.write(b"hello")


@implementer(IOpenSSLServerConnectionCreator)
class Creator:
    """Makes connections of a server."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """One of them."""
        return SSL.Connection(self._context, None)


@implementer(IHandshakeListener)
class Client(Protocol):
    """Notes what happens."""

    def __init__(self) -> None:
        self.data = b""
        self.is_shaken = False
        self.lost: Deferred[Any] = Deferred()
        self.greeted: Deferred[bytes] = Deferred()

    def handshakeCompleted(self) -> None:
        """The other side is verified."""
        self.is_shaken = True

    def dataReceived(self, data: bytes) -> None:
        """All that it says."""
        self.data += data
        if self.data == b"hello":
            self.greeted.callback(self.data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end."""
        self.lost.callback(reason.value)


class TwistedTests(TestCase):
    """A real connection."""

    timeout = 60

    def setUp(self) -> None:
        """An authority."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.authority = Authority(self.folder, "right")

    def listen(self, name: str, client_ca: Path | None = None) -> int:
        """Serve by a certificate for a name; the port."""
        context = server_context(*self.authority.issue(name), client_ca=client_ca)
        plain = Factory.forProtocol(Greeting)
        factory: Any = TLSMemoryBIOFactory(Creator(context), False, plain)
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return int(port.getHost().port)

    async def connect(self, port: int, name: str) -> Client:
        """By the right authority."""
        outgoing = Outgoing(Terms(authorities=str(self.authority.file)))
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        client = Client()
        wrapped = wrapClientTLS(await creator(outgoing, reactor, name), endpoint)
        await wrapped.connect(Factory.forProtocol(lambda: client))
        return client

    async def test_right(self) -> None:
        """Data comes when it is verified."""
        client = await self.connect(self.listen("mx.example.org"), "mx.example.org")
        await client.greeted
        self.assertTrue(client.is_shaken)
        assert client.transport is not None
        client.transport.loseConnection()
        await client.lost

    async def test_wrong(self) -> None:
        """The protocol hears why not, and no data."""
        client = await self.connect(self.listen("mx.example.org"), "other.example.org")
        reason = await client.lost
        self.assertIsInstance(reason, Refused)
        self.assertIn("is not for other.example.org but for mx.example.org", str(reason))
        self.assertEqual((client.is_shaken, client.data), (False, b""))

    async def test_not_wanted(self) -> None:
        """With TLS 1.3 that comes behind the handshake."""
        port = self.listen("mx.example.org", self.authority.file)
        client = await self.connect(port, "mx.example.org")
        reason = await client.lost
        self.assertIsInstance(reason, Refused)
        self.assertIn("it wants a certificate of ours", str(reason))

    async def test_no_file(self) -> None:
        """There is no connection without."""
        outgoing = Outgoing(Terms(authorities=str(self.folder / "absent")))
        with self.assertRaises(TlsError):
            await creator(outgoing, reactor, "mx.example.org")
