"""The HTTP scan server: order of requests, ends of connections, time limits."""

from twisted.internet.interfaces import IHalfCloseableProtocol

from mailfilter.servers.closing import LINGER_OCTETS, LINGER_SECONDS
from mailfilter.testing.fake_scanner import FakeScanner

from .http_case import CHECK, GOLDEN, PING, PONG, Case, error_bytes, reply_bytes


class Order(Case):
    def test_pipelined(self) -> None:
        reply = self.ask(PING + CHECK + PING)
        self.assertEqual(PONG + reply_bytes(GOLDEN, close=False) + PONG, reply)

    def test_many_pipelined(self) -> None:
        self.assertEqual(PONG * 3000, self.ask(PING * 3000))

    def test_one_request_in_a_turn(self) -> None:
        """Somebody else has the reactor between two requests of one write."""
        found: list[int] = []

        def note() -> None:
            found.append(len(self.scanner.calls))
            if len(found) < 5:
                self.clock.callLater(0, note)

        self.clock.callLater(0, note)
        self.assertEqual(reply_bytes(GOLDEN, close=False) * 100, self.ask(CHECK * 100))
        self.assertEqual([1, 2, 3, 4, 5], found)

    def test_gone_between_turns(self) -> None:
        self.protocol.dataReceived(CHECK * 3)
        self.gone()
        self.assertEqual([], self.clock.getDelayedCalls())
        self.assertEqual(1, len(self.scanner.calls))

    def test_pipelined_behind_a_scan(self) -> None:
        self.scanner.wait = True
        self.assertEqual(b"", self.ask(CHECK + CHECK + PING))
        self.assertEqual(1, len(self.scanner.calls))
        self.scanner.release()
        self.assertEqual(2, len(self.scanner.calls))
        self.scanner.release()
        self.assertEqual(reply_bytes(GOLDEN, close=False) * 2 + PONG, self.replies())

    def test_reading_stops_behind_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK + PING)
        self.assertEqual("producing", self.transport.producerState)
        self.protocol.dataReceived(PING * 3000)
        self.assertEqual("paused", self.transport.producerState)
        self.scanner.release()
        self.clock.advance(0)
        self.assertEqual("producing", self.transport.producerState)
        self.assertEqual(3001, self.replies().count(b"pong\r\n"))

    def test_a_flood_behind_a_scan(self) -> None:
        """Even of a transport that does not stop no more than a bounded amount is kept."""
        self.scanner.wait = True
        self.ask(CHECK)
        for _ in range(20):
            self.protocol.dataReceived(b"x" * 2**16)
        self.assertEqual("paused", self.transport.producerState)
        self.scanner.release()
        self.assertIn(b"\r\n\r\n" + GOLDEN + b"HTTP/1.1 400 Too much", self.replies())
        # What lay there unread would reset the connection.
        self.assertEqual("producing", self.transport.producerState)
        self.assertFalse(self.transport.disconnecting)
        self.assertNotIn(b"pong", self.ask(PING))

    def test_replies_not_read(self) -> None:
        """While the transport is full no further request is taken up."""
        self.protocol.pauseProducing()
        self.assertEqual(PONG, self.ask(PING + PING + PING))
        self.transport.clear()
        self.protocol.resumeProducing()
        self.assertEqual(PONG + PONG, self.replies())

    def test_nothing_behind_the_last_request(self) -> None:
        data = b"GET /ping HTTP/1.0\r\n\r\n"
        once = reply_bytes(b"pong\r\n", kind=b"text/plain")
        self.assertEqual(once, self.ask(data + PING))
        # More may come, and would reset the connection.
        self.assertFalse(self.transport.disconnecting)
        self.assertIsNone(self.transport.producer)
        self.assertEqual(b"", self.ask(PING))


class Endings(Case):
    def end_of_input(self) -> None:
        IHalfCloseableProtocol(self.protocol).readConnectionLost()

    def test_no_octets(self) -> None:
        self.end_of_input()
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(b"", self.replies())
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
        self.assertEqual(reply_bytes(GOLDEN), self.replies())
        self.assertTrue(self.transport.disconnecting)

    def test_half_close_behind_pipelined_requests(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK + PING)
        self.end_of_input()
        self.scanner.release()
        self.assertTrue(self.replies().endswith(b"pong\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def test_half_close_within_a_request(self) -> None:
        self.assertEqual(b"", self.ask(CHECK[:-1]))
        self.end_of_input()
        self.assertEqual(error_bytes(400, "IO read error: unexpected EOF"), self.replies())
        self.assertTrue(self.transport.disconnecting)

    def test_gone_during_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK.replace(b"\r\n\r\n", b"\r\nQueue-Id: 4711\r\nFrom: a@b\r\n\r\n"))
        self.clock.advance(7)
        self.gone()
        self.assertEqual(1, self.scanner.cancelled)
        self.assertEqual(b"", self.replies())
        (line,) = self.lines()
        self.assertEqual(
            "http: '192.168.1.1': message '4711' of 'a@b': the client left after 7.0 s, unanswered;"
            " its time-out must be above the deadline of this listener, 30 s",
            line,
        )
        self.assertEqual([], self.clock.getDelayedCalls())

    def test_gone_in_a_request_or_after_it(self) -> None:
        """That is nothing to tell of; nor if it is us who end it."""
        for data in (b"", CHECK[:20], CHECK[:-1], CHECK):
            self.connect()
            self.ask(data)
            self.gone()
        self.scanner.wait = True
        self.connect()
        self.ask(CHECK)
        self.factory.abort()
        self.gone()
        self.assertEqual([], self.lines())

    def test_too_many_connections(self) -> None:
        self.serve(FakeScanner(), max_connections=2)
        self.connect()
        self.assertIsNone(self.factory.buildProtocol(None))
        self.assertIsNone(self.factory.buildProtocol(None))
        self.assertEqual(["http: 'unix': no connections over 2 (max_connections)"], self.lines())
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
        self.assertEqual(b"", self.replies())
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
        self.assertEqual(b"", self.replies())
        self.clock.advance(0.5)
        self.assertEqual(error_bytes(408, "IO timeout"), self.replies())
        self.assertEqual(b"", self.ask(CHECK))

    def test_empty_lines_buy_no_request(self) -> None:
        self.protocol.dataReceived(b"\r\n")
        self.clock.advance(100)
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(b"", self.replies())

    def test_second_request_has_its_own_time(self) -> None:
        self.protocol.dataReceived(CHECK[:10])
        self.clock.advance(59)
        self.ask(CHECK[10:] + CHECK[:10])
        self.transport.clear()
        self.clock.advance(59)
        self.assertEqual(b"", self.replies())
        self.clock.advance(1)
        self.assertEqual(error_bytes(408, "IO timeout"), self.replies())

    def test_no_limit_during_a_scan(self) -> None:
        self.scanner.wait = True
        self.ask(CHECK)
        self.clock.advance(self.factory.listener.deadline - 1)
        self.ask(PING)
        self.scanner.release()
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 200 OK\r\n"))
        self.clock.advance(100)
        self.assertTrue(self.transport.disconnecting)

    def test_client_that_does_not_read_the_last_reply(self) -> None:
        self.ask(b"GET /ping HTTP/1.0\r\n\r\n")
        self.clock.advance(LINGER_SECONDS - 1)
        self.assertFalse(self.transport.disconnected)
        self.clock.advance(1)
        self.assertTrue(self.transport.disconnected)
