"""What is kept of one event or message has bounds, each message has its own, and a guard against
repeated headers costs no more than these."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MAX_STRINGS, Event, Mail, MilterReader, Rcpt
from mailfilter.codec.milter_headers import MAX_HEAD
from mailfilter.codec.milter_session import (
    BLANKS_RESTORED,
    HEAD_TAKEN_OFF,
    MAX_ENVELOPE,
    Close,
    Outcome,
    Session,
    Transaction,
)

from .milter_mta import ALL_STEPS, connect, frame, header, helo, macros, mail, message, offer, rcpt

LIMIT = 2**24
STALWART = [macros("C", "{daemon_name}", "Stalwart v0.15"), connect()]


def play(*parts: bytes) -> list[Outcome]:
    """The outcome of every frame."""
    session = Session(LIMIT)
    return [session.handle(event) for event in MilterReader().receive(b"".join(parts))]


def transaction(*parts: bytes) -> Transaction:
    """The only message."""
    (found,) = [outcome for outcome in play(*parts) if isinstance(outcome, Transaction)]
    return found


class StringTests(SynchronousTestCase):
    def event(self, data: bytes) -> Event:
        (found,) = MilterReader().receive(data)
        return found

    def test_addresses_and_arguments(self) -> None:
        many = "\0".join("abc"[at % 3] for at in range(3 * MAX_STRINGS))
        for kind, made in ((Mail, mail(many)), (Rcpt, rcpt(many))):
            found = self.event(made)
            assert isinstance(found, Mail | Rcpt) and isinstance(found, kind)
            self.assertEqual(len(found.args), MAX_STRINGS - 1)
            self.assertEqual((found.address, found.args[:3]), (b"a", (b"b", b"c", b"a")))


class EnvelopeTests(SynchronousTestCase):
    MOST = rcpt("<b@example.net>", "x" * 60000) * (MAX_ENVELOPE // 60100)
    """Recipients that fill the budget of one message."""

    def test_each_message_has_its_own_budget(self) -> None:
        for end in (b"", frame("E"), frame("A"), helo()):
            outcomes = play(offer(), connect(), helo(), *[mail(), self.MOST, end] * 3)
            self.assertFalse([found for found in outcomes if isinstance(found, Close)], end)

    def test_it_is_a_budget(self) -> None:
        """Also across commands that change nothing."""
        more = self.MOST + frame("U", b"XYZZY\0") + self.MOST
        outcomes = play(offer(), connect(), helo(), mail(), more)
        self.assertIn(Close("too many recipients"), outcomes)

    def test_small_recipients(self) -> None:
        """Each costs something, even if it is empty."""
        session = Session(LIMIT)
        for event in MilterReader().receive(b"".join([offer(), connect(), mail()])):
            session.handle(event)
        empty = Rcpt(b"", ())
        taken = 0
        while not isinstance(session.handle(empty), Close):
            taken += 1
            self.assertLess(taken, MAX_ENVELOPE // 32)


class HeadTests(SynchronousTestCase):
    """A header that is sent again is looked for up to a size, and no further."""

    def raw(self, field: bytes, body: bytes) -> bytes:
        parts = [*STALWART, mail(), rcpt(), field, frame("N")]
        body_frames = [frame("B", body[at : at + 65535]) for at in range(0, len(body), 65535)]
        raw = transaction(offer(steps=0), *parts, *body_frames, frame("E")).raw
        assert raw is not None
        return raw

    def test_a_large_header(self) -> None:
        value = "y" * (1024 - len("X: \r\n"))
        for count, is_taken in ((MAX_HEAD // 1024, True), (MAX_HEAD // 1024 + 1, False)):
            # As it was sent it is smaller than as it is shown.
            body = f"X:{value}\n".encode() * count + b"\nbody\n"
            self.assertEqual(self.raw(header("X", value) * count, body) == body, is_taken, count)

    def test_a_large_field_again(self) -> None:
        """Blanks are trimmed in events, so that the other header may be larger."""
        for size, is_taken in ((MAX_HEAD - 10, True), (MAX_HEAD, False)):
            body = b"X:" + b" " * size + b"y\r\n\r\nbody\r\n"
            self.assertEqual(self.raw(header("X", "y"), body) == body, is_taken, size)


class NoteTests(SynchronousTestCase):
    """A message says what was done to have it as it was sent."""

    def test_blanks(self) -> None:
        for steps, expected in ((0, (BLANKS_RESTORED,)), (ALL_STEPS, ())):
            found = transaction(offer(steps=steps), connect(), helo(), *message())
            self.assertEqual(found.notes, expected)

    def test_without_a_header_there_is_nothing_to_put_back(self) -> None:
        parts = [mail(), rcpt(), frame("N"), frame("B", b"x\r\n"), frame("E")]
        self.assertEqual(transaction(offer(steps=0), *parts).notes, ())

    def test_header(self) -> None:
        fields = header("Subject", "a"), frame("N")
        body = frame("B", b"Subject: a\r\n\r\nbody\r\n")
        for client in (STALWART, []):
            parts = [*client, mail(), rcpt(), *fields, body, frame("E")]
            self.assertEqual(transaction(offer(steps=0), *parts).notes, (HEAD_TAKEN_OFF,))
        postfix = macros("C", "v", "Postfix 3.7.11"), connect()
        parts = [*postfix, mail(), rcpt(), *fields, body, frame("E")]
        self.assertEqual(transaction(offer(steps=0), *parts).notes, (BLANKS_RESTORED,))


class VerbatimTests(SynchronousTestCase):
    """An MTA that does as Stalwart does takes replies as Stalwart does, whatever its name."""

    def test_from_the_message_on(self) -> None:
        session = Session(LIMIT)
        reader = MilterReader()

        def send(*parts: bytes) -> list[Outcome]:
            return [session.handle(event) for event in reader.receive(b"".join(parts))]

        send(offer(2, steps=0), connect(), mail(), rcpt(), header("Subject", "a"), frame("N"))
        self.assertFalse(session.agreement.is_verbatim)
        send(frame("B", b"Subject: a\r\n\r\nbody\r\n"), frame("E"))
        self.assertTrue(session.agreement.is_verbatim)
        # And so it is known that the blank line of a message without a header is its own.
        (*_, found) = send(mail(), rcpt(), frame("N"), frame("B", b"\r\nx\r\n"), frame("E"))
        assert isinstance(found, Transaction)
        self.assertEqual(found.raw, b"\r\nx\r\n")
