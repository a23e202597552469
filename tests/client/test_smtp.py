"""One message by SMTP: what is said of its end is exact, and no server can hold us up."""

from collections.abc import Iterable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.sending import Mta, SendError, Unanswered
from mailfilter.client.smtp import IDLE_SECONDS, MAX_LINES, Client

MTA = Mta("mta.example", 25, "filter.example.org")
TLS = Mta("mta.example", 25, "filter.example.org", has_tls=True)
MESSAGE = b"Subject: x\n\nbody\n"
FROM, TO = "reports@example.org", "dmarc@example.com"
TO_DATA = ("220 hi", "250-mta.example\r\n250 8BITMIME", "250 ok", "250 ok")


class Transport(StringTransport):
    """Can be made to begin TLS."""

    has_begun_tls = False

    def startTLS(self, _context: object) -> None:
        """Note it."""
        self.has_begun_tls = True


class ClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = Transport()

    def connect(self, mta: Mta = MTA) -> Client:
        client = Client(self.clock, mta, FROM, TO, MESSAGE, object() if mta.has_tls else None)
        client.makeConnection(self.transport)
        return client

    def dialogue(self, answers: Iterable[str], mta: Mta = MTA) -> Client:
        client = self.connect(mta)
        for answer in answers:
            self.answer(client, answer)
        return client

    def answer(self, client: Client, text: str) -> None:
        client.dataReceived(text.encode() + b"\r\n")
        while self.transport.producer is not None:
            self.transport.producer.resumeProducing()

    def error(self, client: Client) -> tuple[type[SendError], str]:
        failure = self.failureResultOf(client.done, SendError)
        return type(failure.value), str(failure.value)

    def lose(self, client: Client) -> None:
        client.connectionLost(Failure(ConnectionLost()))

    def test_taken(self) -> None:
        client = self.dialogue((*TO_DATA, "354 go", "250 2.0.0 queued as 1", "250 ok", "221 bye"))
        self.assertEqual(self.successResultOf(client.done), "250 2.0.0 queued as 1")
        self.assertEqual(
            self.transport.value().split(b"\r\n"),
            [
                b"EHLO filter.example.org",
                b"MAIL FROM:<reports@example.org>",
                b"RCPT TO:<dmarc@example.com>",
                b"DATA",
                b"Subject: x",
                b"",
                b"body",
                b".",
                b"RSET",
                b"QUIT",
                b"",
            ],
        )
        client.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_refused(self) -> None:
        """At any step, with what the MTA says, and whether that is about this message alone."""
        for answers, said, is_refused in (
            (("554 no\x1b[2J",), "554 no\\x1b[2J", False),
            (("220 hi", "502 no", "550 no"), "550 no", False),
            ((*TO_DATA[:2], "550 sender"), "550 sender", False),
            ((*TO_DATA[:3], "450 4.2.1 later"), "450 4.2.1 later", True),
            ((*TO_DATA, "452 full"), "452 full", True),
            ((*TO_DATA, "354 go", "554 5.7.1 spam"), "554 5.7.1 spam", True),
            ((*TO_DATA, "354 go", "550-5.7.1 a\r\n550 b"), "550 5.7.1 a b", True),
        ):
            self.transport = Transport()
            error = self.failureResultOf(self.dialogue(answers).done, SendError).value
            self.assertEqual(str(error), f"mta.example:25: {said}")
            self.assertIs(error.is_refused, is_refused, said)

    def test_no_recipient(self) -> None:
        """A message that is taken for nobody is not taken."""
        client = self.connect()
        client.sentMail(250, b"ok", 0, [(TO, 550, b"no such user")], object())
        self.assertIn("550 no such user", self.error(client)[1])

    def test_lost(self) -> None:
        """Whether the message may have been taken is known."""
        for answers, kind in (
            ((), SendError),
            (TO_DATA[:3], SendError),
            (TO_DATA, SendError),
            ((*TO_DATA, "354 go"), Unanswered),
        ):
            self.transport = Transport()
            client = self.dialogue(answers)
            self.lose(client)
            self.assertIs(self.error(client)[0], kind, answers)

    def test_lost_later(self) -> None:
        """What is taken is taken."""
        client = self.dialogue((*TO_DATA, "354 go", "250 ok"))
        self.lose(client)
        self.assertEqual(self.successResultOf(client.done), "250 ok")

    def test_silent(self) -> None:
        for answers, kind in (((), SendError), ((*TO_DATA, "354 go"), Unanswered)):
            self.transport = Transport()
            client = self.dialogue(answers)
            self.clock.advance(IDLE_SECONDS + 1)
            self.assertIs(self.error(client)[0], kind)
            self.assertTrue(self.transport.disconnecting or self.transport.disconnected)

    def test_endless(self) -> None:
        """Many lines, and one that has no end."""
        client = self.dialogue(["250-more"] * (MAX_LINES + 2))
        self.assertIn(f"more than {MAX_LINES} lines", self.error(client)[1])
        self.transport = Transport()
        client = self.dialogue(["2" * 100_000])
        self.assertTrue(self.transport.disconnecting)
        self.lose(client)
        self.assertIs(self.error(client)[0], SendError)

    def test_no_smtp(self) -> None:
        client = self.dialogue(["HTTP/1.1 400 Bad Request"])
        self.assertIs(self.error(client)[0], SendError)

    def test_tls(self) -> None:
        """The message goes by TLS or not at all."""
        client = self.dialogue(("220 hi", "250-a\r\n250 STARTTLS", "220 go"), TLS)
        self.assertTrue(self.transport.has_begun_tls)
        self.assertNotIn(b"MAIL", self.transport.value())
        for answer in ("250 a", "250 ok", "250 ok", "354 go", "250 taken"):
            self.answer(client, answer)
        self.assertEqual(self.successResultOf(client.done), "250 taken")

    def test_tls_stripped(self) -> None:
        for answers in (
            ("220 hi", "250 a"),
            ("220 hi", "502 no"),
            ("220 hi", "250-a\r\n250 STARTTLS", "454 no"),
            # Answers that came before TLS would count as protected by it.
            ("220 hi", "250-a\r\n250 STARTTLS", "220 go\r\n250 a\r\n250 ok"),
        ):
            self.transport = Transport()
            client = self.dialogue(answers, TLS)
            self.assertIs(self.error(client)[0], SendError, answers)
            self.assertNotIn(b"MAIL", self.transport.value())


class WaitTests(SynchronousTestCase):
    def test_unheard(self) -> None:
        """An end that nobody waits for any more is no error."""
        client = Client(Clock(), MTA, FROM, TO, MESSAGE)
        client.makeConnection(StringTransport())
        client.done.cancel()
        self.failureResultOf(client.done)
        client.connectionLost(Failure(ConnectionDone()))
        self.assertIsInstance(client.done, Deferred)
