"""The line protocols over an in-memory transport: what is scanned, answered, logged, and when."""

from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.address import IPv4Address

from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.verdict import Action
from mailfilter.servers.closing import LINGER_SECONDS
from mailfilter.servers.request_envelope import MAX_RECIPIENTS
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.spamd_clients import exim
from .spamd_case import CHECK, CHECKED, LOCAL, MESSAGE, PONG, RSPAMC, VERDICT, Case, request


class AnswerTests(Case):
    def test_bytes(self) -> None:
        for octets, expected in (
            (CHECK, CHECKED),
            (request(b"CHECK RSPAMC/1.3"), RSPAMC),
            (request(b"SYMBOLS RSPAMC/1.3"), RSPAMC),
            (b"PING SPAMC/1.5\r\n\r\n", PONG),
            (b"PING SPAMC/1.2\r\n", PONG),
            (b"SKIP SPAMC/1.5\r\n\r\n", b""),
            (
                request(b"TELL SPAMC/1.5", MESSAGE, b"Message-class: spam", b"Set: local"),
                b"SPAMD/1.0 69 Service Unavailable: TELL commands are not enabled\r\n",
            ),
            (
                request(b"SYMBOLS SPAMC/1.5"),
                CHECKED.replace(b"Spam", b"Content-length: 3\r\nSpam", 1) + b"ONE",
            ),
            (
                request(b"PROCESS SPAMC/1.5"),
                CHECKED.replace(b"Spam", b"Content-length: 57\r\nSpam", 1)
                + b"From: a@example.org\nSubject: hi\nX-A: v\nX-Spam: Yes\n\nbody\n",
            ),
        ):
            self.assertEqual(self.ask(octets), expected, octets)
            self.assertTrue(self.transport.ends_in_order)
        refused = "lines: '127.0.0.1': refused: 'TELL commands are not enabled'"
        self.assertEqual(self.lines(), [refused])

    def test_every_cut(self) -> None:
        for octets, expected in ((CHECK, CHECKED), (request(b"CHECK RSPAMC/1.3"), RSPAMC)):
            for at in range(1, len(octets)):
                self.ask(octets[:at])
                self.protocol.dataReceived(octets[at:])
                self.assertEqual(self.replies(), expected)

    def test_without_a_length(self) -> None:
        for first, expected in ((b"CHECK SPAMC/1.2", CHECKED), (b"CHECK RSPAMC/1.3", RSPAMC)):
            self.assertEqual(self.ask(first + b"\r\n\r\n" + MESSAGE), b"")
            self.assertEqual(self.end(), expected)
            self.assertTrue(self.transport.disconnecting)

    def test_half_close(self) -> None:
        """The client may send no more, before or after it is answered, or while it waits."""
        self.ask(CHECK)
        self.assertFalse(self.transport.disconnecting)
        self.assertEqual(self.end(), CHECKED)
        self.assertTrue(self.transport.disconnecting)
        self.serve(FakeScanner(VERDICT, wait=True))
        self.ask(CHECK)
        self.assertEqual(self.end(), b"")
        self.assertFalse(self.transport.disconnecting)
        self.scanner.release()
        self.assertEqual(self.replies(), CHECKED)
        self.assertTrue(self.transport.disconnecting)

    def test_surplus(self) -> None:
        reply = self.ask(CHECK + b"more")
        self.assertTrue(reply.startswith(b"SPAMD/1.0 76 Bad header line: (Content-Length mism"))
        self.assertEqual(self.ask(CHECK), CHECKED)
        self.protocol.dataReceived(CHECK)
        self.assertEqual(len(self.scanner.calls), 1)
        self.assertTrue(self.transport.ends_in_order)
        self.serve(FakeScanner(VERDICT, wait=True))
        self.ask(CHECK)
        self.protocol.dataReceived(CHECK)
        self.scanner.release()
        self.assertEqual(self.replies(), CHECKED)

    def test_one_that_does_not_close(self) -> None:
        self.ask(CHECK)
        self.clock.advance(LINGER_SECONDS - 1)
        self.assertFalse(self.transport.aborted)
        self.clock.advance(1)
        self.assertTrue(self.transport.aborted)

    def test_gone_during_a_scan(self) -> None:
        self.serve(FakeScanner(VERDICT, wait=True))
        self.ask(request(b"CHECK RSPAMC/1.3", MESSAGE, b"Queue-Id: 1abc", b"From: <a@b>"))
        self.clock.advance(5)
        self.gone()
        self.assertEqual((self.scanner.cancelled, self.replies()), (1, b""))
        (line,) = self.lines()
        self.assertEqual(
            line,
            "lines: '127.0.0.1': message '1abc' of '<a@b>': the client left after 5.0 s,"
            " unanswered; its time-out must be above the deadline of this listener, 30 s",
        )

    def test_gone_in_a_request_or_after_it(self) -> None:
        for octets in (b"", CHECK[:10], CHECK[:-1], CHECK):
            self.ask(octets)
            self.gone()
        self.assertEqual(self.lines(), [])

    def test_mark(self) -> None:
        """Its name is that of the listener; a forged one goes, whatever the verdict."""
        for scanner, expected in (
            (FakeScanner(VERDICT), b"A: b\nX-A: v\nX-Junk: Yes\n\n"),
            (FakeScanner(error=RuntimeError("no")), b"A: b\nX-Spam-Skipped: failure\n\n"),
        ):
            self.serve(scanner, spam_header="X-Junk", on_failure="accept")
            reply = self.ask(request(b"HEADERS SPAMC/1.5", b"X-Junk: forged\nA: b\n\nbody"))
            self.assertEqual(reply.partition(b"\r\n\r\n")[2], expected)
        self.flushLoggedErrors(RuntimeError)


class EnvelopeTests(Case):
    def envelope(self, octets: bytes, address: IPv4Address = LOCAL) -> Envelope:
        self.ask(octets, address)
        return self.scanner.calls[-1][0]

    RSPAMC = request(
        b"CHECK RSPAMC/1.3",
        MESSAGE,
        b"Queue-Id: 1abc",
        b"From: <>",
        b"Recipient-Number: 2",
        b"Rcpt: <b@example.net>",
        b"Rcpt: <c@example.net>",
        b"Helo: mx.example.org",
        b"Hostname: mx.example.org",
        b"IP: 2001:db8::1",
        b"User: joe",
        b"Settings: {}",
    )

    def test_rspamc(self) -> None:
        found = self.envelope(self.RSPAMC)
        expected = Envelope(
            listener="lines",
            client_ip=ip_address("2001:db8::1"),
            helo="mx.example.org",
            hostname="mx.example.org",
            sender="",
            recipients=(Recipient("b@example.net"), Recipient("c@example.net")),
            user="joe",
            queue_id="1abc",
        )
        self.assertEqual(replace(found, settings=None), expected)
        self.assertIsNotNone(found.settings)
        self.assertEqual(self.lines(), [])

    def test_spamc_tells_nothing(self) -> None:
        """Its User is the name of a profile."""
        found = self.envelope(request(b"CHECK SPAMC/1.5", MESSAGE, b"User: joe", b"IP: 192.0.2.1"))
        self.assertEqual(found, Envelope(listener="lines"))

    def test_a_peer_from_elsewhere(self) -> None:
        found = self.envelope(self.RSPAMC, IPv4Address("TCP", "192.0.2.9", 1))
        self.assertFalse(found.is_trusted)
        self.assertFalse(found.knows_client)
        self.assertEqual(len(found.recipients), 2)
        (line,) = self.lines()
        self.assertIn("from '192.0.2.9' are ignored", line)
        self.assertFalse(self.envelope(CHECK, IPv4Address("TCP", "192.0.2.9", 1)).is_trusted)
        self.assertTrue(self.envelope(CHECK).is_trusted)

    def test_more_recipients_than_are_looked_at(self) -> None:
        """Exim could only try again, for days."""
        many = [b"Rcpt: <%d@example.org>" % at for at in range(MAX_RECIPIENTS + 10)]
        found = self.envelope(request(b"CHECK RSPAMC/1.3", MESSAGE, *many))
        self.assertEqual(len(found.recipients), MAX_RECIPIENTS)
        note = f"envelope: recipients behind the first {MAX_RECIPIENTS} are not looked at"
        self.assertEqual(found.notes, (note,))

    def test_what_is_too_long(self) -> None:
        """It is left out: Exim could do nothing about a refusal but try again for days."""
        octets = request(b"CHECK RSPAMC/1.3", MESSAGE, b"Helo: ".ljust(5000, b"x"))
        self.assertEqual(self.ask(octets), RSPAMC)
        ((envelope, _),) = self.scanner.calls
        self.assertIsNone(envelope.helo)

    def test_the_message_without_what_an_mbox_adds(self) -> None:
        mbox = b"From a@b Fri Nov 27 20:00:00 2026\nX-Envelope-From: <a@b>\nX-Envelope-To: c@d\n"
        for first in (b"CHECK RSPAMC/1.3", b"REPORT SPAMC/1.2"):
            self.ask(request(first, mbox + MESSAGE))
            self.assertEqual(self.scanner.calls[-1][1], MESSAGE)


class BadInputTests(Case):
    """A reply, an end in order, and one line in the log."""

    def test_table(self) -> None:
        for octets, text in (
            (b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", "GET /ping HTTP/1.1"),
            (b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "POST /checkv2 HTTP/1.1"),
            (b"\r\n", "(empty line)"),
            (b"x" * 10_000, "(line too long)"),
            (b"CHECK SPAMC/1.5\r\nUser: " + b"x" * 10_000, "(line too long)"),
            (b"CHECK SPAMC/1.5\r\n" + b"X: y\r\n" * 300, "(too many headers)"),
            (
                b"CHECK SPAMC/1.5\r\nContent-length: 1e3\r\n\r\n",
                "(Content-Length contains non-numeric bytes)",
            ),
            (b"CHECK SPAMC/1.5\r\nUser: a\rb\r\n\r\n", "(user header contains control chars)"),
            (b"A\x1b[31m\xff\n", "A?[31m?"),
        ):
            self.events.clear()
            expected = f"SPAMD/1.0 76 Bad header line: {text}\r\n".encode()
            self.assertEqual(self.ask(octets), expected)
            self.assertTrue(self.transport.half_closed)
            self.protocol.dataReceived(b"more")
            self.assertEqual(self.end(), expected)
            self.assertTrue(self.transport.disconnecting)
            self.assertEqual(self.lines(), [f"lines: '127.0.0.1': refused: {text!r}"])
        self.assertEqual(self.scanner.calls, [])

    def test_too_short(self) -> None:
        short = CHECK[:-3]
        self.assertEqual(self.ask(short), b"")
        size = len(MESSAGE)
        text = f"(Content-Length mismatch: Expected {size} bytes, got {size - 3} bytes)"
        self.assertEqual(self.end(), f"SPAMD/1.0 76 Bad header line: {text}\r\n".encode())
        self.ask(request(b"CHECK RSPAMC/1.3")[:-3])
        self.assertEqual(self.end(), f"RSPAMD/1.3 76 {text}\r\n".encode())
        self.assertEqual(self.lines(), [f"lines: '127.0.0.1': refused: {text!r}"] * 2)

    def test_nothing(self) -> None:
        self.assertEqual(self.end(), b"")
        self.assertTrue(self.transport.disconnecting)
        self.gone()
        self.connect()
        self.gone()
        self.assertEqual((self.lines(), len(self.factory.connections)), ([], 0))

    def test_reset_within_a_request(self) -> None:
        self.ask(CHECK[:-3])
        self.gone()
        self.assertEqual((self.replies(), self.lines()), (b"", []))


class TimeTests(Case):
    def test_idle(self) -> None:
        self.serve(FakeScanner(), idle_timeout=100)
        self.clock.advance(99)
        self.assertFalse(self.transport.half_closed)
        self.clock.advance(1)
        self.assertTrue(self.transport.half_closed)
        self.assertEqual((self.replies(), self.lines()), (b"", []))

    def test_slow_request(self) -> None:
        """Its octets do not win time."""
        for first, expected in (
            (b"CHECK SPAMC/1.5\r\n", b"SPAMD/1.0 79 Timeout: no request within 10 s\r\n"),
            (b"CHECK RSPAMC/1.3\r\n", b"RSPAMD/1.3 79 no request within 10 s\r\n"),
            (b"C", b"SPAMD/1.0 79 Timeout: no request within 10 s\r\n"),
        ):
            self.events.clear()
            self.serve(FakeScanner(), request_timeout=10)
            self.protocol.dataReceived(first)
            for _ in range(9):
                self.clock.advance(1)
                self.protocol.dataReceived(b"X")
            self.assertEqual(self.replies(), b"")
            self.clock.advance(1)
            self.assertEqual(self.replies(), expected)
            self.assertTrue(self.transport.ends_in_order)
            self.assertEqual(self.lines(), ["lines: '127.0.0.1': refused: 'no request in time'"])

    def test_no_timer_is_left(self) -> None:
        for octets in (b"", b"C", CHECK, b"GET / HTTP/1.0\r\n"):
            self.ask(octets)
            self.gone()
        self.gone_from_setup()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def gone_from_setup(self) -> None:
        """Those that were connected and have done nothing."""
        for connection in list(self.factory.connections):
            connection.connectionLost()


class FactoryTests(Case):
    def test_idle(self) -> None:
        self.assertTrue(self.protocol.is_idle)
        self.protocol.dataReceived(CHECK[:5])
        self.assertFalse(self.protocol.is_idle)
        self.serve(FakeScanner(VERDICT, wait=True))
        self.protocol.dataReceived(CHECK)
        self.assertFalse(self.protocol.is_idle)
        self.scanner.release()
        self.assertFalse(self.protocol.is_idle)
        self.protocol.writeConnectionLost()
        self.assertTrue(self.protocol.is_idle)

    def test_close_idle(self) -> None:
        self.factory.close_idle()
        self.assertTrue(self.transport.ends_in_order)
        self.ask(CHECK[:5])
        self.factory.close_idle()
        self.assertFalse(self.transport.half_closed)
        self.factory.abort()
        self.assertTrue(self.transport.aborted)

    def test_max_connections(self) -> None:
        self.serve(FakeScanner(VERDICT), max_connections=1)
        self.assertIsNone(self.factory.buildProtocol(None))
        self.gone()
        self.assertEqual(self.ask(CHECK), CHECKED)

    def test_answers_while_draining(self) -> None:
        self.factory.is_draining = True
        self.assertEqual(self.ask(CHECK), CHECKED)

    def test_action_of_every_kind(self) -> None:
        for action in Action:
            self.serve(FakeScanner(replace(VERDICT, action=action)))
            self.assertEqual(
                exim(self.ask(request(b"CHECK RSPAMC/1.3")), is_rspamd=True).action, action
            )
