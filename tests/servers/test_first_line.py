"""HTTP and lines on one port."""

import random
from typing import Any

from mailfilter.codec.spamd import RSPAMC_COMMANDS, SPAMC_COMMANDS
from mailfilter.config.model import Listener
from mailfilter.servers.closing import LINGER_SECONDS
from mailfilter.servers.first_line import BEGINNINGS, ScanFactory, speaks_lines
from mailfilter.servers.http_connection import HttpConnection
from mailfilter.servers.limited import LimitedFactory
from mailfilter.servers.spamd import SpamdConnection
from mailfilter.testing.fake_scanner import FakeScanner

from .spamd_case import CHECK, CHECKED, PONG, RSPAMC, VERDICT, Case, request

HTTP = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
HTTP_PING = b"GET /ping HTTP/1.1\r\n\r\n"


class FirstLineCase(Case):
    def make_factory(self, listener: Listener) -> LimitedFactory[Any]:
        return ScanFactory(self.scanner, "scan", listener, self.clock)

    @property
    def inner(self) -> Any:
        return self.protocol._inner


class DecisionTests(FirstLineCase):
    def test_every_command(self) -> None:
        self.assertEqual(len(BEGINNINGS), len(SPAMC_COMMANDS) + len(RSPAMC_COMMANDS))
        for start in BEGINNINGS:
            for size in range(len(start)):
                self.assertIsNone(speaks_lines(start[:size]), start[:size])
            self.assertTrue(speaks_lines(start))
            self.assertTrue(speaks_lines(start + b"1.5\r\n"))

    def test_others(self) -> None:
        for start in (
            b"G",
            b"\r\n",
            b"CHECK /checkv2 HTTP/1.1",
            b"CHECKOUT /x HTTP/1.1",
            b"REPORT /dav HTTP/1.1",
            b"CHECK\r\n",
            b"CHECK SPAM/",
            b"check SPAMC/1.5",
            b"PROCESS RSPAMC/1.3",
            b"PROPFIND",
            b"\x16\x03\x01",
            b"\0",
        ):
            self.assertIs(speaks_lines(start), False)

    def test_every_cut(self) -> None:
        for octets, expected in (
            (CHECK, CHECKED),
            (request(b"CHECK RSPAMC/1.3"), RSPAMC),
            (b"PING SPAMC/1.2\r\n", PONG),
        ):
            for at in range(len(octets)):
                self.ask(octets[:at])
                self.protocol.dataReceived(octets[at:])
                self.assertEqual(self.replies(), expected)
                self.assertTrue(self.transport.ends_in_order)
                self.gone()
        whole = self.ask(HTTP)
        self.assertIn(b'"action":"add header"', whole)
        self.gone()
        for at in range(len(HTTP)):
            self.ask(HTTP[:at])
            self.protocol.dataReceived(HTTP[at:])
            self.assertEqual(len(self.replies()), len(whole))
            self.gone()
        self.assertEqual(len(self.factory.connections), 1)

    def test_octet_by_octet(self) -> None:
        for octets, part in ((CHECK, CHECKED), (HTTP, b"HTTP/1.1 200 OK\r\n")):
            self.connect()
            for at in range(len(octets)):
                self.protocol.dataReceived(octets[at : at + 1])
            self.assertIn(part, self.replies())

    def test_garbage_is_left_to_http(self) -> None:
        for octets in (b"\0\1\2\3" * 10, b"hello\r\n\r\n", b"CHECK\r\n\r\n"):
            self.assertTrue(self.ask(octets).startswith(b"HTTP/1.1 400 "))
            self.assertIsInstance(self.inner, HttpConnection)

    def test_bad_lines(self) -> None:
        reply = self.ask(b"CHECK SPAMC/x\r\n")
        self.assertEqual(reply, b"SPAMD/1.0 76 Bad header line: CHECK SPAMC/x\r\n")
        self.assertIsInstance(self.inner, SpamdConnection)


class DelegationTests(FirstLineCase):
    def test_half_close(self) -> None:
        self.ask(CHECK)
        self.assertEqual(self.end(), CHECKED)
        self.assertTrue(self.transport.disconnecting)
        self.ask(b"CHECK SPAMC/1.2\r\n\r\nhello")
        self.assertEqual(self.end(), CHECKED)
        self.ask(HTTP_PING)
        self.assertIn(b"pong", self.end())
        self.assertTrue(self.transport.disconnecting)
        self.protocol.writeConnectionLost()

    def test_end_while_undecided(self) -> None:
        self.assertEqual(self.end(), b"")
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(self.lines(), [])
        self.protocol.writeConnectionLost()
        self.ask(b"CHECK")
        self.assertEqual(self.end(), b"SPAMD/1.0 76 Bad header line: CHECK\r\n")
        self.assertTrue(self.transport.disconnecting)

    def test_gone(self) -> None:
        self.gone()
        self.serve(FakeScanner(VERDICT, wait=True))
        for octets in (b"", b"CHECK", CHECK, HTTP):
            self.ask(octets)
            self.gone()
        self.assertEqual(self.scanner.cancelled, 2)
        for connection in list(self.factory.connections):
            connection.connectionLost()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_producer(self) -> None:
        """HTTP waits for a client that does not read its replies."""
        self.ask(HTTP_PING)
        self.assertIs(self.transport.producer, self.inner)

    def test_idle(self) -> None:
        self.assertTrue(self.protocol.is_idle)
        for octets, is_idle in (
            (b"CHECK", False),
            (CHECK[:30], False),
            (CHECK, True),
            (HTTP[:30], False),
            (HTTP, True),
        ):
            self.ask(octets)
            if self.transport.half_closed:
                self.assertFalse(self.protocol.is_idle)
                self.protocol.writeConnectionLost()
            self.assertIs(self.protocol.is_idle, is_idle)

    def test_close_idle(self) -> None:
        for octets, is_closed in ((b"", True), (HTTP_PING, True), (b"CHECK", False)):
            self.ask(octets)
            self.factory.close_idle()
            self.assertIs(self.transport.ends_in_order, is_closed)
        self.factory.abort()
        self.assertTrue(self.transport.aborted)

    def test_abort(self) -> None:
        """A client that is cut off has not left."""
        for octets in (CHECK, HTTP):
            self.serve(FakeScanner(VERDICT, wait=True))
            self.ask(octets)
            self.factory.abort()
            self.assertTrue(self.transport.aborted)
            self.gone()
            self.assertEqual((self.scanner.cancelled, self.lines()), (1, []))

    def test_pipelined_while_draining(self) -> None:
        """What is not answered any more is read, so that no reset takes the reply away."""
        self.factory.is_draining = True
        self.assertIn(b"pong", self.ask(HTTP_PING + HTTP))
        self.assertEqual(self.scanner.calls, [])
        self.assertTrue(self.transport.half_closed)
        self.assertFalse(self.transport.disconnecting)

    def test_draining(self) -> None:
        self.assertFalse(self.factory.is_draining)
        self.factory.is_draining = True
        self.assertTrue(self.factory.is_draining)
        self.assertIn(b"Connection: close\r\n", self.ask(HTTP_PING))
        self.assertEqual(self.ask(CHECK), CHECKED)

    def test_max_connections(self) -> None:
        self.serve(FakeScanner(VERDICT), max_connections=2)
        for octets in (HTTP_PING, CHECK):
            self.connect()
            self.protocol.dataReceived(octets)
            self.assertIsNone(self.factory.buildProtocol(None))
            self.gone()
        self.assertEqual(len(self.factory.connections), 1)


class TimeTests(FirstLineCase):
    def test_idle(self) -> None:
        self.serve(FakeScanner(), idle_timeout=100)
        self.clock.advance(99)
        self.assertFalse(self.transport.disconnecting)
        self.clock.advance(1)
        self.assertTrue(self.transport.disconnecting)
        self.protocol.dataReceived(CHECK)
        self.assertEqual(self.replies(), b"")

    def test_undecided(self) -> None:
        self.serve(FakeScanner(), idle_timeout=100, request_timeout=10)
        self.clock.advance(50)
        for octet in (b"C", b"H", b"E"):
            self.protocol.dataReceived(octet)
            self.clock.advance(3)
        self.assertEqual(self.replies(), b"")
        self.clock.advance(1)
        self.assertEqual(self.replies(), b"SPAMD/1.0 79 Timeout: no request within 10 s\r\n")
        self.assertTrue(self.transport.ends_in_order)
        self.assertEqual(self.lines(), ["scan: '127.0.0.1': refused: 'no request in time'"])
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(self.transport.aborted)

    def test_time_is_not_given_twice(self) -> None:
        """What is spent before the decision is not there after it."""
        for first, rest, reply in (
            (b"CHECK ", b"SPAMC/1.5\r\n", b"SPAMD/1.0 79 Timeout: "),
            (b"REPORT ", b"/dav HTTP/1.1\r\n", b"HTTP/1.1 408 "),
        ):
            self.serve(FakeScanner(), request_timeout=10)
            self.ask(first)
            self.clock.advance(9)
            self.protocol.dataReceived(rest)
            self.assertEqual(self.replies(), b"")
            self.clock.advance(1)
            self.assertTrue(self.replies().startswith(reply))

    def test_the_next_request_has_all_its_time(self) -> None:
        self.serve(FakeScanner(), request_timeout=10)
        self.ask(b"P")
        self.clock.advance(9)
        self.protocol.dataReceived(HTTP[1:])
        self.transport.clear()
        self.protocol.dataReceived(HTTP[:9])
        self.clock.advance(9)
        self.assertEqual(self.replies(), b"")
        self.clock.advance(1)
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 408 "))

    def test_every_beginning(self) -> None:
        """Of whatever is not a whole request there is a reply and a line in the log."""
        for octets in (b"P", b"PROCESS SPA", b"CHECK SPAMC/1.5\r\n", b"CHECK RSPAMC/1.3\r\nA"):
            self.check_late(octets, b"79 ")
        for octets in (b"PO", b"POST /checkv2", HTTP[:-1], b"REPORT /"):
            self.check_late(octets, b"HTTP/1.1 408 ")

    def check_late(self, octets: bytes, part: bytes) -> None:
        self.serve(FakeScanner(), request_timeout=10)
        self.events.clear()
        self.ask(octets)
        self.clock.advance(10)
        self.assertIn(part, self.replies(), octets)
        self.assertEqual(len(self.lines()), 1, octets)
        self.assertTrue(self.transport.ends_in_order, octets)

    def test_after_the_decision(self) -> None:
        for octets, reply in (
            (CHECK[:20], b"SPAMD/1.0 79 Timeout: "),
            (HTTP[:20], b"HTTP/1.1 408 "),
        ):
            self.serve(FakeScanner(), request_timeout=10)
            self.ask(octets)
            self.clock.advance(10)
            self.assertTrue(self.replies().startswith(reply))


class FuzzTests(FirstLineCase):
    WORDS = (
        b"CHECK", b"PING", b"REPORT", b" ", b"SPAMC/1.5", b"RSPAMC/1.3", b"/checkv2", b"HTTP/1.1",
        b"\r\n", b"\n", b"\r\n\r\n", b"Content-length: 5", b"hello", b"\0", b"\xff\xfe",
        b"From: <>",
        b"Compress: zlib", b"Rcpt: <a@b>", b"Host: x", b"Transfer-Encoding: chunked", b"5\r\nhello",
    )  # fmt: skip

    def test_any_octets(self) -> None:
        """No traceback; always a reply to what has begun, and an end."""
        chance = random.Random(2)
        for _ in range(2000):
            words = [chance.choice(self.WORDS) for _ in range(chance.randrange(1, 12))]
            if chance.random() < 0.5:
                words.insert(0, chance.choice([b"CHECK SPAMC/1.5\r\n", b"SYMBOLS RSPAMC/1.3\r\n"]))
            octets = b"".join(words)
            cut = chance.randrange(len(octets) + 1)
            self.ask(octets[:cut])
            self.protocol.dataReceived(octets[cut:])
            reply = self.end()
            self.assertTrue(self.transport.ends_in_order, octets)
            if octets.strip(b"\r\n"):
                self.assertRegex(reply, rb"\A(HTTP/1\.1 |SPAMD/1\.|RSPAMD/1\.3 )", octets)
            self.gone()
        self.assertEqual([one for one in self.events if one.get("log_failure")], [])
