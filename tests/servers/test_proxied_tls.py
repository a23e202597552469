"""TLS behind a proxy: passed through to us, or ended by the proxy, which says what it has seen."""

from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IAddress
from twisted.logger import formatEvent

from mailfilter.config.model import Identity
from mailfilter.servers.proxied import ProxiedFactory
from mailfilter.tls.book import Book

from ..codec.proxy_headers import INET, binary, tls
from .proxied_case import CLIENT, LINE, MX1, PROXY, TIMEOUT, place
from .spamd_case import PONG
from .tls_case import TlsCase, TlsClient

PING_LINE = b"PING SPAMC/1.5\r\n\r\n"
CHECK = b"CHECK SPAMC/1.5\r\nContent-length: 5\r\n\r\nhello"
IDENTITIES = {
    "behind": Identity(proxy_names=("mx1",)),
    "shown": Identity(dns=("front.example.org",), trusted=True),
}


class Behind(TlsClient):
    """A client of TLS whose connection a proxy passes on."""

    def __init__(self, factory: ProxiedFactory, context: SSL.Context, header: bytes) -> None:
        self.factory = factory
        super().__init__(self, context, place(PROXY))  # type: ignore[arg-type]
        self.announced.makeConnection(self.transport)
        self.announced.dataReceived(header)

    def buildProtocol(self, address: IAddress) -> None:
        """Not yet: see `pass_on`."""
        self.announced = self.factory.buildProtocol(address)
        self.transport.pass_on = self.pass_on  # type: ignore[attr-defined]

    def pass_on(self, protocol: Any, address: IAddress) -> None:
        self.transport.peerAddr = address
        self.stream = protocol
        protocol.makeConnection(self.transport)


class ProxiedTlsCase(TlsCase):
    def behind(self, header: bytes = LINE, *, files: Any = None, **settings: Any) -> Behind:
        self.serve("spamd", identities=IDENTITIES, proxy_protocol=(PROXY,), **settings)
        book = Book(IDENTITIES, ())
        self.proxied = ProxiedFactory(self.site, self.factory, book, self.clock, TIMEOUT)
        return Behind(self.proxied, self.context(files=files), header)


class PassedThrough(ProxiedTlsCase):
    def test_address(self) -> None:
        there = self.behind()
        there.pump()
        self.assertTrue(there.is_up)
        there.send(PING_LINE)
        self.assertEqual(there.received, PONG)
        self.assertEqual(there.stream.getPeer().host, CLIENT)
        self.assertIn("proxy/connections", self.counted)
        there.gone()
        self.assertFalse(self.site.connections)

    def test_with_the_handshake(self) -> None:
        """Header and handshake come in one piece, or in many."""
        self.behind()
        for size in (1, 5, 2**20):
            there = Behind(self.proxied, self.context(), b"")
            octets = LINE + there.outgoing()
            for start in range(0, len(octets), size):
                piece = octets[start : start + size]
                stream = getattr(there, "stream", there.announced)
                stream.dataReceived(piece)
            there.pump()
            there.send(PING_LINE)
            self.assertEqual(there.received, PONG)

    def test_no_tls(self) -> None:
        """It is told of the client, and not of the proxy."""
        there = self.behind()
        there.deliver(b"GET / HTTP/1.1\r\n\r\n")
        self.assertIn(f"'{CLIENT}'", self.lines()[-1])
        self.assertTrue(there.is_closed)

    def test_known_to_us(self) -> None:
        """It is with us that the client has shown its certificate."""
        files = self.theirs.issue("front.example.org")
        there = self.behind(client_auth="required", files=files)
        there.pump()
        there.send(CHECK)
        envelope = self.scanner.calls[-1][0]
        self.assertEqual((envelope.identity, envelope.is_trusted), ("shown", True))

    def test_unexpected(self) -> None:
        """From others."""
        self.serve("spamd")
        for header in (LINE, binary(0x11, INET)):
            there = self.client(pump=False)
            there.deliver(header)
            self.assertTrue(there.is_closed)
            self.assertEqual(there.transport.value(), b"")
            there.gone()
        self.assertEqual(self.counted, ["proxy/refused/unexpected"] * 2)
        self.assertFalse(self.site.connections)
        self.assertFalse(self.clock.getDelayedCalls())

    def test_unexpected_behind(self) -> None:
        """A second header in place of the handshake."""
        there = self.behind(LINE + LINE)
        self.assertTrue(there.is_closed)
        self.assertEqual(self.counted, ["proxy/connections", "proxy/refused/unexpected"])
        lines = [formatEvent(event) for event in self.events]
        (line,) = [line for line in lines if "PROXY" in line]
        self.assertIn(f"a second header, behind that of the proxy {PROXY}", line)


class Ended(ProxiedTlsCase):
    """The proxy ends the client's TLS, and speaks TLS with us: then what it shows is its own."""

    def envelope(self, header: bytes) -> Any:
        files = self.theirs.issue("front.example.org")
        there = self.behind(header, client_auth="required", files=files)
        there.pump()
        there.send(CHECK)
        return self.scanner.calls[-1][0]

    def test_known(self) -> None:
        envelope = self.envelope(MX1)
        self.assertEqual((envelope.identity, envelope.is_trusted), ("behind", False))

    def test_stranger(self) -> None:
        """It does not get what the proxy's certificate is good for."""
        for told in (
            tls(0x00, 0),
            tls(0x01, 1),
            tls(0x07, 1, (0x22, b"mx1")),
            tls(0x07, 0, (0x22, b"mx9")),
        ):
            for header in (binary(0x11, INET + told), binary(0x00, told), binary(0x00, told, 0x20)):
                envelope = self.envelope(header)
                self.assertEqual((envelope.identity, envelope.is_trusted), (None, False))
