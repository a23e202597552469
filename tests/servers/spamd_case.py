"""A server of lines over an in-memory transport."""

from dataclasses import replace
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from mailfilter.config.model import Listener
from mailfilter.scan.verdict import Action, AddHeader, SymbolResult
from mailfilter.servers.limited import LimitedFactory, Served
from mailfilter.servers.spamd import SpamdFactory
from mailfilter.testing.fake_scanner import NO_ACTION, FakeScanner

VERDICT = replace(
    NO_ACTION,
    action=Action.ADD_HEADER,
    score=7.0,
    symbols=(SymbolResult("ONE", 7.0, 7.0),),
    edits=(AddHeader("X-A", "v"),),
)
MESSAGE = b"From: a@example.org\nSubject: hi\n\nbody\n"
CHECKED = b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7.0 / 15.0\r\n\r\n"
RSPAMC = (
    b"RSPAMD/1.3 0 EX_OK\r\nMetric: default; True; 7.00 / 15.00 / 0.0\r\nAction: add header\r\n"
    b"Symbol: ONE(7.00)\r\nX-Symbol: ONE(7.00);\r\nMessage-ID: 1@example.org\r\n"
    b"X-Milter-Add: X-A: v\r\n"
)
PONG = b"SPAMD/1.5 0 PONG\r\n"


def request(first: bytes, body: bytes = MESSAGE, *fields: bytes) -> bytes:
    """A request with CRLF line ends and a length."""
    lines = (first, *fields, b"Content-length: %d" % len(body))
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


CHECK = request(b"CHECK SPAMC/1.5")
LOCAL = IPv4Address("TCP", "127.0.0.1", 1)


@implementer(IHalfCloseableDescriptor)
class Transport(StringTransport):
    """A transport that can be closed on one side."""

    half_closed = False
    aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def writeConnectionLost(self, reason: Failure) -> None:
        raise NotImplementedError

    def readConnectionLost(self, reason: Failure) -> None:
        raise NotImplementedError

    def abortConnection(self) -> None:
        self.aborted = True

    @property
    def ends_in_order(self) -> bool:
        """A FIN follows the last octet, and nothing that is unread resets the connection."""
        return (self.half_closed or self.disconnecting) and not self.aborted


class Case(SynchronousTestCase):
    """A server on a `Clock`, with the log kept in `events`."""

    protocol: Any

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.serve(FakeScanner(VERDICT))

    def make_factory(self, listener: Listener) -> LimitedFactory[Any]:
        return SpamdFactory(self.scanner, "lines", listener, self.clock)

    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        listener = Listener(protocol="spamd", endpoint="tcp:0", **settings)
        self.factory = self.make_factory(listener)
        self.connect()

    def connect(self, address: IPv4Address = LOCAL) -> Served:
        protocol = self.factory.buildProtocol(address)
        assert protocol is not None
        self.protocol = protocol
        self.transport = Transport(peerAddress=address)
        self.protocol.makeConnection(self.transport)
        return protocol

    def ask(self, data: bytes, address: IPv4Address = LOCAL) -> bytes:
        """Send octets on a new connection and return what came back for them."""
        self.connect(address)
        self.protocol.dataReceived(data)
        return self.replies()

    def replies(self) -> bytes:
        """What came back."""
        self.clock.advance(0)
        return cast(bytes, self.transport.value())

    def end(self) -> bytes:
        """The client half-closes: what came back in all."""
        self.protocol.readConnectionLost()
        return self.replies()

    def gone(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def lines(self) -> list[str]:
        return [formatEvent(event) for event in self.events]
