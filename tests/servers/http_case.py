"""An HTTP scan server over an in-memory transport, and what it is expected to say."""

import json
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from mailfilter.config.model import Listener
from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader, SymbolResult, Verdict
from mailfilter.servers.http_connection import HttpConnection
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

NOW = 1795365491.0
DATE = b"Date: Sun, 22 Nov 2026 16:38:11 GMT\r\n"
SERVER = b"Server: mailfilter/" + __version__.encode() + b"\r\n"
PING = b"GET /ping HTTP/1.1\r\n\r\n"
CHECK = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
MESSAGE = (
    b"From: a@example.org\nTo: b@example.net\nSubject: hi\nMessage-ID: <1@example.org>\n\nbody\n"
)

VERDICT = Verdict(
    action=Action.ADD_HEADER,
    score=7.0,
    required_score=15.0,
    thresholds=((Action.REJECT, 15.0),),
    trace_id="abc",
    symbols=(
        SymbolResult("TEST_ONE", 5.0, 5.0, options=("o1", "o2")),
        SymbolResult("TEST_TWO", 2.0, 2.0),
    ),
    edits=(AddHeader("X-A", "v", 1), RemoveHeader("X-B")),
    message_id="1@example.org",
    elapsed=0.000118,
)

GOLDEN = (
    b'{"is_skipped":false,"score":7.0,"required_score":15.0,"action":"add header",'
    b'"thresholds":{"reject":15.0},'
    b'"symbols":{"TEST_ONE":{"name":"TEST_ONE","score":5.0,"metric_score":5.0,'
    b'"options":["o1","o2"]},"TEST_TWO":{"name":"TEST_TWO","score":2.0,"metric_score":2.0}},'
    b'"messages":{},"message-id":"1@example.org","time_real":0.000118,'
    b'"milter":{"add_headers":{"X-A":{"value":"v","order":1}},"remove_headers":{"X-B":0}}}'
)


def at_once(_: object, work: Callable[[], bytes]) -> Deferred[bytes]:
    """In place of `in_background`: no thread."""
    return maybeDeferred(work)


def reply_bytes(
    body: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json", close: bool = True
) -> bytes:
    return (
        b"HTTP/1.1 "
        + status
        + b"\r\n"
        + (b"Connection: close\r\n" if close else b"")
        + SERVER
        + DATE
        + b"Content-Length: %d\r\nContent-Type: %b\r\n\r\n" % (len(body), kind)
        + body
    )


def error_bytes(status: int, text: str) -> bytes:
    body = json.dumps({"error": text}, separators=(",", ":")).encode()
    return reply_bytes(body, f"{status} {text}".encode())


PONG = reply_bytes(b"pong\r\n", kind=b"text/plain", close=False)


class Case(SynchronousTestCase):
    """A server on a `Clock`, with the log kept in `events`."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.serve(FakeScanner(VERDICT))

    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        listener = Listener(protocol="http", endpoint="tcp:0", **settings)
        self.factory = HttpFactory(scanner, "http", listener, self.clock)
        self.factory.wall_clock = lambda: NOW
        self.connect()

    def connect(self, peer: IAddress | None = None) -> None:
        protocol = self.factory.buildProtocol(None)
        assert isinstance(protocol, HttpConnection)
        self.protocol = protocol
        self.transport = StringTransport(peerAddress=peer)
        self.protocol.makeConnection(self.transport)

    def ask(self, data: bytes) -> bytes:
        """Send octets and return what came back for them."""
        self.transport.clear()
        self.protocol.dataReceived(data)
        return self.replies()

    def replies(self) -> bytes:
        """What came back, when all is done that time is not needed for."""
        self.clock.advance(0)
        return cast(bytes, self.transport.value())

    def gone(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def lines(self) -> list[str]:
        return [formatEvent(event) for event in self.events]
