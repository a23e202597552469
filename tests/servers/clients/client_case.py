"""A server of scans in memory, asked by an emulated client on the same machine."""

from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from mailfilter.config.model import Listener
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Verdict
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

from ..http_case import Case
from .wire import Mail

MESSAGE = (
    b"From: a@example.org\r\nTo: b@example.net\r\nSubject: hi\r\n"
    b"Authentication-Results: forged\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"
)
MAIL = Mail(MESSAGE)
NEAR = IPv4Address("TCP", "127.0.0.1", 54321)
UNIX = UNIXAddress(None)

FACTORIES = (HttpFactory, ScanFactory)
"""What serves HTTP: alone, and on a port that lines come to as well."""


class ClientCase(Case):
    """Serves what the test says to a client at `near`."""

    near: IAddress = NEAR
    factory_class: type[HttpFactory | ScanFactory] = HttpFactory

    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        protocol: Any = "http" if self.factory_class is HttpFactory else "scan"
        listener = Listener(protocol=protocol, endpoint="tcp:0", **settings)
        self.site = self.factory_class(scanner, "http", listener, self.clock)
        self.connect()

    def connect(self, peer: IAddress | None = None) -> None:
        address = self.near if peer is None else peer
        protocol = self.site.buildProtocol(address)
        assert protocol is not None
        self.transport = StringTransport(peerAddress=address)
        protocol.makeConnection(self.transport)
        self.connection = protocol

    def ask(self, data: bytes) -> bytes:
        self.transport.clear()
        self.connection.dataReceived(data)
        return self.replies()

    def tell(self, verdict: Verdict, **settings: Any) -> None:
        """Serve that verdict."""
        self.serve(FakeScanner(verdict), **settings)

    def asked(self) -> tuple[Envelope, bytes]:
        """Envelope and message of the last scan."""
        return self.scanner.calls[-1]

    def ask_in_two(self, data: bytes, at: int) -> bytes:
        """Send a request on a connection of its own, cut there."""
        self.connect()
        self.connection.dataReceived(data[:at])
        self.clock.advance(0)
        self.assertEqual(self.transport.value(), b"", at)
        return self.ask(data[at:])

    def gone(self) -> None:
        self.connection.connectionLost(Failure(ConnectionDone()))
