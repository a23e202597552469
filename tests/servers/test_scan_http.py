"""The HTTP scan server over an in-memory transport: replies, order, time limits, failures."""

import json
from typing import Any, cast

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from mailfilter.config.model import Listener
from mailfilter.scan.verdict import Action, AddHeader, RemoveHeader, SymbolResult, Verdict
from mailfilter.servers.http_connection import LINGER_OCTETS, LINGER_SECONDS, HttpConnection
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
        self.factory = HttpFactory(scanner, "http", listener, self.clock, lambda: NOW)
        self.connect()

    def connect(self) -> None:
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        self.protocol: HttpConnection = protocol
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)

    def ask(self, data: bytes) -> bytes:
        """Send octets and return what came back for them."""
        self.transport.clear()
        self.protocol.dataReceived(data)
        return cast(bytes, self.transport.value())

    def gone(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def lines(self) -> list[str]:
        return [formatEvent(event) for event in self.events]


class Answers(Case):
    def test_golden_check(self) -> None:
        for data in (
            b"POST /checkV2 HTTP/1.0\r\nPass: All\r\nContent-Length: %d\r\n\r\n%b"
            % (len(MESSAGE), MESSAGE),
            b"POST /checkv2 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (MESSAGE[:5], len(MESSAGE) - 5, MESSAGE[5:]),
        ):
            self.connect()
            self.assertEqual(reply_bytes(GOLDEN), self.ask(data))
            self.assertTrue(self.transport.disconnecting)
            self.assertEqual(MESSAGE, self.scanner.calls[-1][1])
        self.assertEqual({"pass_all"}, self.scanner.calls[0][0].flags)
        self.assertEqual([], self.lines())

    def test_envelope(self) -> None:
        self.ask(b"GET /CHECKV2?From=x@y&settings-id=z HTTP/1.1\r\nFrom: a@b\r\nrcpt: c@d\r\n\r\n")
        envelope, raw = self.scanner.calls[0]
        self.assertEqual(
            ("http", "a@b", "z"), (envelope.listener, envelope.sender, envelope.settings_id)
        )
        self.assertEqual(["c@d"], [recipient.address for recipient in envelope.recipients])
        self.assertEqual(b"", raw)

    def test_empty_message(self) -> None:
        self.scanner.verdict = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "t")
        self.assertEqual(
            reply_bytes(
                b'{"is_skipped":false,"score":0.0,"required_score":15.0,"action":"no action",'
                b'"thresholds":{},"symbols":{},"messages":{},"time_real":0.0}'
            ),
            self.ask(b"POST /checkv2 HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
        )

    def test_golden_ping(self) -> None:
        self.assertEqual(PONG, self.ask(PING))
        self.assertEqual(PONG, self.ask(b"GET /PING?x=y HTTP/1.1\r\n\r\n"))
        self.assertEqual(PONG.removesuffix(b"pong\r\n"), self.ask(b"HEAD /ping HTTP/1.1\r\n\r\n"))
        closed = reply_bytes(b"pong\r\n", kind=b"text/plain")
        self.assertEqual(closed, self.ask(b"GET /ping HTTP/1.0\r\n\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def test_unknown_path(self) -> None:
        for path in (b"/nope", b"/", b"//ping", b"/ping/", b"/check%76%32", b"/../ping"):
            self.connect()
            self.assertEqual(
                error_bytes(404, "invalid command"), self.ask(b"GET %b HTTP/1.0\r\n\r\n" % path)
            )

    def test_refused_requests_keep_the_connection(self) -> None:
        for header, status, text in (
            (b"Compression: gzip", 415, "Invalid compression method"),
            (
                b"File: /etc/passwd",
                400,
                "file and shm message sources are not allowed on this connection",
            ),
        ):
            reply = self.ask(b"POST /checkv2 HTTP/1.1\r\n%b\r\n\r\n" % header)
            self.assertEqual(
                error_bytes(status, text).replace(b"Connection: close\r\n", b""), reply
            )
            self.assertEqual(PONG, self.ask(PING))
        self.assertEqual([], self.scanner.calls)

    def test_keep_alive(self) -> None:
        for _ in range(200):
            self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(CHECK))
        self.assertEqual(200, len(self.scanner.calls))
        self.assertFalse(self.transport.disconnecting)
        self.assertEqual(1, len(self.clock.getDelayedCalls()))

    def test_trace(self) -> None:
        reply = self.ask(b"POST /checkv2 HTTP/1.1\r\nFlags: trace\r\nContent-Length: 1\r\n\r\nx")
        self.assertIn(b'"trace_id":"abc"', reply)

    def test_octet_by_octet(self) -> None:
        for octet in CHECK:
            self.protocol.dataReceived(bytes((octet,)))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.transport.value())

    def test_expect(self) -> None:
        head = b"POST /checkv2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", self.ask(head))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(b"hello"))
        self.assertEqual(reply_bytes(GOLDEN, close=False), self.ask(head + b"hello"))

    def test_expect_too_much(self) -> None:
        self.serve(FakeScanner(max_message=4))
        data = b"POST /checkv2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        self.assertEqual(error_bytes(413, "Request entity too large: 5"), self.ask(data))


class Order(Case):
    def test_pipelined(self) -> None:
        reply = self.ask(PING + CHECK + PING)
        self.assertEqual(PONG + reply_bytes(GOLDEN, close=False) + PONG, reply)

    def test_many_pipelined(self) -> None:
        self.assertEqual(PONG * 3000, self.ask(PING * 3000))

    def test_pipelined_behind_a_scan(self) -> None:
        self.scanner.wait = True
        self.assertEqual(b"", self.ask(CHECK + CHECK + PING))
        self.assertEqual(1, len(self.scanner.calls))
        self.scanner.release()
        self.assertEqual(2, len(self.scanner.calls))
        self.scanner.release()
        self.assertEqual(reply_bytes(GOLDEN, close=False) * 2 + PONG, self.transport.value())

    def test_reading_stops_behind_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK + PING)
        self.assertEqual("producing", self.transport.producerState)
        self.protocol.dataReceived(PING * 3000)
        self.assertEqual("paused", self.transport.producerState)
        self.scanner.release()
        self.assertEqual("producing", self.transport.producerState)
        self.assertEqual(3001, self.transport.value().count(b"pong\r\n"))

    def test_a_flood_behind_a_scan(self) -> None:
        """Even of a transport that does not stop no more than a bounded amount is kept."""
        self.scanner.wait = True
        self.ask(CHECK)
        for _ in range(20):
            self.protocol.dataReceived(b"x" * 2**16)
        self.scanner.release()
        self.assertIn(b"\r\n\r\n" + GOLDEN + b"HTTP/1.1 400 Too much", self.transport.value())
        self.assertNotIn(b"pong", self.ask(PING))

    def test_replies_not_read(self) -> None:
        """While the transport is full no further request is taken up."""
        self.protocol.pauseProducing()
        self.assertEqual(PONG, self.ask(PING + PING + PING))
        self.transport.clear()
        self.protocol.resumeProducing()
        self.assertEqual(PONG + PONG, self.transport.value())

    def test_nothing_behind_the_last_request(self) -> None:
        data = b"GET /ping HTTP/1.0\r\n\r\n"
        once = reply_bytes(b"pong\r\n", kind=b"text/plain")
        self.assertEqual(once, self.ask(data + PING))
        self.assertEqual(b"", self.ask(PING))


class Endings(Case):
    def end_of_input(self) -> None:
        IHalfCloseableProtocol(self.protocol).readConnectionLost()

    def test_no_octets(self) -> None:
        self.end_of_input()
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(b"", self.transport.value())
        self.gone()
        self.assertEqual([], self.lines())
        self.assertEqual(set(), self.factory.connections)
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_half_close_during_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK)
        self.end_of_input()
        self.assertFalse(self.transport.disconnecting)
        self.scanner.release()
        self.assertEqual(reply_bytes(GOLDEN), self.transport.value())
        self.assertTrue(self.transport.disconnecting)

    def test_half_close_behind_pipelined_requests(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK + PING)
        self.end_of_input()
        self.scanner.release()
        self.assertTrue(self.transport.value().endswith(b"pong\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def test_half_close_within_a_request(self) -> None:
        self.assertEqual(b"", self.ask(CHECK[:-1]))
        self.end_of_input()
        self.assertEqual(error_bytes(400, "IO read error: unexpected EOF"), self.transport.value())
        self.assertTrue(self.transport.disconnecting)

    def test_gone_during_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK)
        self.gone()
        self.assertEqual(1, self.scanner.cancelled)
        self.assertEqual(b"", self.transport.value())
        self.assertEqual([], self.lines())
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_too_many_connections(self) -> None:
        self.serve(FakeScanner(), max_connections=2)
        self.connect()
        self.assertIsNone(self.factory.buildProtocol(None))
        self.assertIsNone(self.factory.buildProtocol(None))
        self.assertEqual(["http: no connections over 2"], self.lines())
        self.gone()
        self.assertIsNotNone(self.factory.buildProtocol(None))

    def test_after_an_error_input_is_dropped(self) -> None:
        self.serve(FakeScanner(max_message=4))
        self.assertEqual(error_bytes(413, "Request entity too large: 5"), self.ask(CHECK))
        self.assertEqual(b"", self.ask(PING))
        self.assertFalse(self.transport.disconnecting)
        self.end_of_input()
        self.assertTrue(self.transport.disconnecting)

    def test_input_is_not_dropped_for_ever(self) -> None:
        self.ask(b"x\r\n")
        piece = b"x" * 2**20
        for _ in range(LINGER_OCTETS // len(piece)):
            self.protocol.dataReceived(piece)
        self.assertFalse(self.transport.disconnected)
        self.protocol.dataReceived(b"x")
        self.assertTrue(self.transport.disconnected)


class Limits(Case):
    def setUp(self) -> None:
        super().setUp()
        self.serve(FakeScanner(), idle_timeout=100.0, request_timeout=60.0)

    def test_idle_from_the_start(self) -> None:
        self.clock.advance(99)
        self.assertFalse(self.transport.disconnecting)
        self.clock.advance(1)
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(b"", self.transport.value())
        self.assertEqual([], self.lines())

    def test_idle_between_requests(self) -> None:
        for _ in range(5):
            self.clock.advance(99)
            self.assertEqual(PONG, self.ask(PING))
        self.clock.advance(99)
        self.assertFalse(self.transport.disconnecting)
        self.clock.advance(1)
        self.assertTrue(self.transport.disconnecting)

    def test_slow_request(self) -> None:
        """Octets that drip in do not buy time."""
        self.clock.advance(50)
        for octet in CHECK[:30]:
            self.protocol.dataReceived(bytes((octet,)))
            self.clock.advance(1.99)
        self.assertEqual(b"", self.transport.value())
        self.clock.advance(0.5)
        self.assertEqual(error_bytes(408, "IO timeout"), self.transport.value())
        self.assertEqual(b"", self.ask(CHECK))

    def test_empty_lines_buy_no_request(self) -> None:
        self.protocol.dataReceived(b"\r\n")
        self.clock.advance(100)
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(b"", self.transport.value())

    def test_second_request_has_its_own_time(self) -> None:
        self.protocol.dataReceived(CHECK[:10])
        self.clock.advance(59)
        self.protocol.dataReceived(CHECK[10:] + CHECK[:10])
        self.transport.clear()
        self.clock.advance(59)
        self.assertEqual(b"", self.transport.value())
        self.clock.advance(1)
        self.assertEqual(error_bytes(408, "IO timeout"), self.transport.value())

    def test_no_limit_during_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK)
        self.clock.advance(1000)
        self.scanner.release()
        self.assertTrue(self.transport.value().startswith(b"HTTP/1.1 200 OK\r\n"))
        self.clock.advance(100)
        self.assertTrue(self.transport.disconnecting)

    def test_client_that_does_not_read_the_last_reply(self) -> None:
        self.ask(b"GET /ping HTTP/1.0\r\n\r\n")
        self.clock.advance(LINGER_SECONDS - 1)
        self.assertFalse(self.transport.disconnected)
        self.clock.advance(1)
        self.assertTrue(self.transport.disconnected)


class Failures(Case):
    def test_tempfail(self) -> None:
        self.scanner.error = RuntimeError("boom")
        reply = self.ask(CHECK)
        self.assertEqual(
            error_bytes(503, "The message could not be scanned").replace(
                b"Connection: close\r\n", b""
            ),
            reply,
        )
        self.assertEqual(PONG, self.ask(PING))
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_verdicts(self) -> None:
        for policy, action in (("accept", "no action"), ("reject", "reject")):
            self.serve(FakeScanner(error=RuntimeError("boom")), on_failure=policy)
            head, _, body = self.ask(CHECK).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
            reply = json.loads(body)
            self.assertEqual((action, 0.0, {}), (reply["action"], reply["score"], reply["symbols"]))
            self.assertEqual(0.0, reply["required_score"])
            self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))

    def test_cancelled_from_inside(self) -> None:
        self.scanner.error = CancelledError()
        self.assertIn(b"HTTP/1.1 503 ", self.ask(CHECK))

    def test_failure_after_the_client_is_gone(self) -> None:
        self.scanner.wait = True
        self.scanner.error = RuntimeError("boom")
        self.ask(CHECK)
        self.gone()
        self.assertEqual(b"", self.transport.value())

    def test_verdict_that_cannot_be_told(self) -> None:
        self.scanner.verdict = cast(Verdict, None)
        self.assertIn(b"HTTP/1.1 503 ", self.ask(CHECK))
        self.assertEqual(1, len(self.flushLoggedErrors(AttributeError)))


class LogLines(Case):
    def test_one_line_for_each_refused_request(self) -> None:
        self.ask(b"GET /nope HTTP/1.1\r\n\r\n")
        self.ask(b"POST /checkv2 HTTP/1.1\r\nFile: x\r\n\r\n")
        self.ask(b"\xff\r\n\x1b[2J")
        self.assertEqual(
            [
                "http: '192.168.1.1': refused: 404 'invalid command'",
                "http: '192.168.1.1': refused: 400 'file and shm message sources are not allowed"
                " on this connection'",
                "http: '192.168.1.1': refused: 400 'HTTP parser error: Invalid method encountered'",
            ],
            self.lines(),
        )

    def test_nothing_from_the_client_breaks_the_line(self) -> None:
        self.scanner.error = RuntimeError("boom")
        self.ask(b"POST /checkv2 HTTP/1.1\r\nQueue-Id: a\x85{x}\xff\r\n\r\n")
        self.assertIn("http: scan of 'a\ufffd{x}\ufffd' failed", self.lines()[0])
        self.flushLoggedErrors(RuntimeError)
