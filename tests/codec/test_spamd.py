"""Line requests as octets: fed whole, octet by octet, and cut at every place."""

import random
import zlib

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.spamd import (
    MAX_LINE,
    MAX_LINES,
    MAX_RECIPIENTS,
    Event,
    LineCodec,
    ProtocolError,
    Request,
    RequestLine,
)
from mailfilter.codec.spamd_body import MAX_MBOX_LINE, MAX_TOP, Content

LIMIT = 1000
MESSAGE = b"From: a@example.org\nSubject: hi\n\nbody\n"
EXIM = (
    b"From a@example.org Fri Nov 27 20:00:00 2026\n"
    b"X-Envelope-From: <a@example.org>\n"
    b"X-Envelope-To: b@example.net, c@example.net\n"
)


def request(first: bytes, body: bytes = MESSAGE, *fields: bytes, length: bool = True) -> bytes:
    """A request with CRLF line ends."""
    lines = [first, *fields]
    if length:
        lines.append(b"Content-length: %d" % len(body))
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def read(*pieces: bytes, limit: int = LIMIT) -> list[Event]:
    """The events of a connection that ends after these octets."""
    codec = LineCodec(limit)
    events = [event for piece in pieces for event in codec.receive(piece)]
    return events + codec.end_of_input()


def content(body: bytes, preface: bytes = b"") -> Content:
    """A message that was not too large."""
    return Content(preface, body, b"", len(body))


class Case(SynchronousTestCase):
    def same(self, octets: bytes, limit: int = LIMIT) -> Event | None:
        """The one event of octets, however they are cut."""
        events = read(octets, limit=limit)
        for at in range(1, len(octets)) if len(octets) < 2000 else ():
            self.assertEqual(read(octets[:at], octets[at:], limit=limit), events, at)
        single = [octets[at : at + 1] for at in range(len(octets))]
        self.assertEqual(read(*single, limit=limit), events)
        self.assertLessEqual(len(events), 1)
        return events[0] if events else None

    def found(self, octets: bytes, limit: int = LIMIT) -> Request:
        """The request in octets."""
        event = self.same(octets, limit)
        assert isinstance(event, Request), event
        return event

    def refused(self, octets: bytes, text: str, *, is_rspamc: bool = False) -> None:
        self.assertEqual(self.same(octets), ProtocolError(text, is_rspamc))


class RequestTests(Case):
    def test_rspamc_as_exim_sends_it(self) -> None:
        octets = request(
            b"CHECK RSPAMC/1.3",
            EXIM + MESSAGE,
            b"Queue-Id: 1abc-0001-AB",
            b"From: <>",
            b"Recipient-Number: 2",
            b"Rcpt: <b@example.net>",
            b"Rcpt: <c@example.net>",
        )
        found = self.found(octets)
        self.assertEqual(found.line, RequestLine("CHECK", True, (1, 3)))
        self.assertEqual(
            found.headers,
            [
                (b"queue-id", b"1abc-0001-AB"),
                (b"from", b"<>"),
                (b"recipient-number", b"2"),
                (b"rcpt", b"<b@example.net>"),
                (b"rcpt", b"<c@example.net>"),
                (b"content-length", b"%d" % len(EXIM + MESSAGE)),
            ],
        )
        self.assertEqual(found.content, content(MESSAGE, EXIM))

    def test_every_command(self) -> None:
        for command in (
            "CHECK",
            "SYMBOLS",
            "REPORT",
            "REPORT_IFSPAM",
            "PROCESS",
            "HEADERS",
            "TELL",
        ):
            for version, numbers in ((b"1.5", (1, 5)), (b"1.2.3", (1, 2)), (b"2", (2, 0))):
                octets = request(command.encode() + b" SPAMC/" + version, MESSAGE, b"User: joe")
                for one in (octets, octets.replace(b"\r\n", b"\n")):
                    found = self.found(one)
                    self.assertEqual(found.line, RequestLine(command, False, numbers))
                    self.assertEqual(found.content, content(MESSAGE))
                    self.assertEqual(found.headers[0], (b"user", b"joe"))

    def test_commands_alone(self) -> None:
        """Of a client up to version 1.4 no empty line follows."""
        for octets in (
            b"PING SPAMC/1.5\r\n\r\n",
            b"PING SPAMC/1.2\r\n",
            b"PING SPAMC/1.2",
            b"PING SPAMC/1.2\r",
            b"PING SPAMC/1.2\n",
        ):
            found = self.found(octets)
            self.assertEqual(found.line.command, "PING")
        self.assertEqual(self.found(b"SKIP SPAMC/1.5\r\nX: y\r\n\r\nz").line.command, "SKIP")

    def test_answered_before_the_end(self) -> None:
        codec = LineCodec(LIMIT)
        self.assertEqual(len(codec.receive(b"PING SPAMC/1.2\r\n")), 1)
        self.assertTrue(codec.has_ended)

    def test_without_a_length(self) -> None:
        for first in (b"CHECK SPAMC/1.2", b"CHECK RSPAMC/1.3"):
            for body in (MESSAGE, b"", b"x"):
                found = self.found(request(first, body, length=False))
                self.assertEqual(found.content, content(body))

    def test_surplus(self) -> None:
        """SPAMC has a wrong length refused, if that is seen; later octets matter to nobody."""
        octets = request(b"CHECK SPAMC/1.5")
        text = "(Content-Length mismatch: Expected 38 bytes, got 42 bytes)"
        self.assertEqual(read(octets + b"more"), [ProtocolError(text)])
        self.assertEqual(read(octets, b"more"), read(octets))
        found = self.found(request(b"CHECK RSPAMC/1.3") + b"more")
        self.assertEqual(found.content, content(MESSAGE))

    def test_headers(self) -> None:
        for field, expected in (
            (b"USER:joe", (b"user", b"joe")),
            (b"User : \t joe \t", (b"user", b"joe")),
            (b"User:", (b"user", b"")),
            (b"X: a: b", (b"x", b"a: b")),
            (b"User: J\xc3\xb6", (b"user", b"J\xc3\xb6")),
            (b"X: a\tb", (b"x", b"a\tb")),
        ):
            self.assertEqual(
                self.found(request(b"CHECK SPAMC/1.5", b"", field)).headers[0], expected
            )
        for length in (b"Content-Length: 5", b"CONTENT-LENGTH:005", b"content-length: 5"):
            octets = request(b"CHECK SPAMC/1.5", b"hello", length, length=False)
            self.assertEqual(self.found(octets).content, content(b"hello"))

    def test_what_a_stranger_is_called(self) -> None:
        """Exim tells it as it came; a refusal would be a way past its ACL."""
        long = b"x" * 16_384
        octets = request(b"CHECK RSPAMC/1.3", b"", b'From: <"a\x01b"@c>', b"Helo: " + long)
        expected = [(b"from", b'<"a?b"@c>'), (b"helo", long)]
        (event,) = read(octets)
        assert isinstance(event, Request)
        self.assertEqual(event.headers[:2], expected)
        self.assertEqual(read(*[bytes((octet,)) for octet in octets]), read(octets))
        for octet in (b"\r", b"\x08", b"\x7f", b"\0"):
            octets = request(b"CHECK RSPAMC/1.3", b"", b"Helo: a" + octet + b"b")
            self.assertEqual(self.found(octets).headers[0], (b"helo", b"a?b"))

    def test_nothing(self) -> None:
        self.assertIsNone(self.same(b""))


class PrefaceTests(Case):
    """What an mbox adds is not of the message."""

    def test_table(self) -> None:
        mbox, sender, rcpt = EXIM.splitlines(keepends=True)
        for command, preface, body in (
            (b"CHECK RSPAMC/1.3", EXIM, MESSAGE),
            (b"REPORT SPAMC/1.2", EXIM, MESSAGE),
            (b"CHECK RSPAMC/1.3", mbox, MESSAGE),
            (b"CHECK RSPAMC/1.3", mbox + rcpt, MESSAGE),
            (b"CHECK RSPAMC/1.3", mbox + sender, MESSAGE),
            (b"CHECK RSPAMC/1.3", mbox + rcpt, sender),
            (b"CHECK RSPAMC/1.3", b"", sender + MESSAGE),
            (b"CHECK RSPAMC/1.3", b"", b"From: x\n"),
            (b"CHECK RSPAMC/1.3", b"", b"From : a@b\nX-Envelope-From: <a>\n"),
            (b"CHECK RSPAMC/1.3", b"", b"From  a@b\n"),
            (b"CHECK RSPAMC/1.3", b"", b"From x"),
            (b"CHECK RSPAMC/1.3", b"", b"Fro"),
            (b"CHECK RSPAMC/1.3", mbox, b""),
            (b"CHECK RSPAMC/1.3", mbox, b"X-Envelope"),
            (b"CHECK RSPAMC/1.3", mbox, mbox),
            (b"PROCESS SPAMC/1.5", mbox, sender + rcpt + MESSAGE),
            (b"HEADERS SPAMC/1.5", mbox, sender),
        ):
            for length in (True, False):
                found = self.found(request(command, preface + body, length=length))
                self.assertEqual(found.content, content(body, preface), (command, preface))

    def test_bounded(self) -> None:
        limit = 3 * MAX_MBOX_LINE
        for size, is_preface in ((MAX_MBOX_LINE, True), (MAX_MBOX_LINE + 1, False)):
            line = b"From ".ljust(size - 1, b"x") + b"\n"
            octets = request(b"CHECK RSPAMC/1.3", line + b"A: 1\n")
            pieces = [octets[at : at + 65536] for at in range(0, len(octets), 65536)]
            expected = content(b"A: 1\n", line) if is_preface else content(line + b"A: 1\n")
            for given in ([octets], pieces):
                (event,) = read(*given, limit=limit)
                assert isinstance(event, Request)
                self.assertEqual(event.content, expected)

    def test_many_recipients(self) -> None:
        """What Exim adds for fifty thousand is none of the message, however long their names."""
        field = b"X-Envelope-To: " + b", ".join([b"x" * 254] * 50_000) + b"\n"
        preface = b"From a@b Fri Nov 27 20:00:00 2026\nX-Envelope-From: <a@b>\n" + field
        octets = request(b"CHECK RSPAMC/1.3", preface + MESSAGE)
        pieces = [octets[at : at + 65536] for at in range(0, len(octets), 65536)]
        (event,) = read(*pieces)
        assert isinstance(event, Request)
        self.assertEqual((event.content.raw, event.content.size), (MESSAGE, len(MESSAGE)))


class LimitTests(Case):
    def test_at_the_limit(self) -> None:
        """What an mbox adds does not count."""
        body = b"A: 1\n\n".ljust(LIMIT, b"x")
        for preface in (b"", EXIM):
            found = self.found(request(b"CHECK SPAMC/1.5", preface + body))
            self.assertEqual(found.content, content(body, preface))

    def test_over_it(self) -> None:
        """The header is kept, the true size told, and everything read."""
        for length in (True, False):
            for preface in (b"", EXIM):
                body = preface + b"A: 1\nB: 2\n\n".ljust(LIMIT + 1, b"x")
                found = self.found(request(b"CHECK SPAMC/1.5", body, length=length))
                expected = Content(preface, None, b"A: 1\nB: 2\n", LIMIT + 1)
                self.assertEqual(found.content, expected)

    def test_what_is_kept_of_it(self) -> None:
        for body, top in (
            (b"\nbody", b""),
            (b"\r\nbody", b""),
            (b"A: 1\r\n\r\n", b"A: 1\r\n"),
            (b"A: 1\n\r\nbody\n\nmore", b"A: 1\n"),
            (b"A: 1\n\nbody\n\r\nmore", b"A: 1\n"),
            (b"A: 1\nB: 2", b"A: 1\n"),
            (b"x", b""),
        ):
            octets = request(b"CHECK SPAMC/1.5", body.ljust(LIMIT + 1, b"x"))
            self.assertEqual(self.found(octets).content.top, top)

    def test_large_ones(self) -> None:
        """With a limit beyond what is kept of a header."""
        limit = 2 * MAX_TOP
        head = b"A: 1\n" * (MAX_TOP // 5)
        for body in (b"A: 1\n\n".ljust(limit + 1, b"x"), head.ljust(limit + 1, b"x")):
            for length in (True, False):
                octets = request(b"CHECK SPAMC/1.5", body, length=length)
                pieces = [octets[at : at + 65536] for at in range(0, len(octets), 65536)]
                events = read(octets, limit=limit)
                self.assertEqual(read(*pieces, limit=limit), events)
                (event,) = events
                assert isinstance(event, Request)
                self.assertEqual(event.content.size, len(body))
                self.assertIsNone(event.content.raw)
                expected = b"A: 1\n" if body.startswith(b"A: 1\n\n") else head[:MAX_TOP]
                self.assertEqual(event.content.top, expected[: len(expected) // 5 * 5])

    def test_a_length_beyond_all_bounds(self) -> None:
        codec = LineCodec(LIMIT)
        octets = b"CHECK SPAMC/1.5\r\nContent-length: 999999999999999999\r\n\r\n"
        self.assertEqual(codec.receive(octets + b"x" * 5000), [])
        (event,) = codec.end_of_input()
        assert isinstance(event, ProtocolError)
        self.assertIn("got 5000 bytes", event.text)

    def test_lines(self) -> None:
        line = b"X: ".ljust(MAX_LINE - 1, b"x")
        self.assertEqual(len(self.found(request(b"CHECK SPAMC/1.5", b"", line[:-1])).headers), 2)
        for octets in (b"x" * MAX_LINE, b"x" * MAX_LINE + b"\n", b"CHECK SPAMC/1.5\n" + line * 2):
            self.refused(octets, "(line too long)")

    def test_number_of_lines(self) -> None:
        many = [b"X: y"] * (MAX_LINES - 1)
        self.found(request(b"CHECK SPAMC/1.5", b"", *many))
        self.assertEqual(
            read(request(b"CHECK SPAMC/1.5", b"", *many, b"X: y")),
            [ProtocolError("(too many headers)")],
        )
        recipients = [b"Rcpt: <%d@example.org>" % at for at in range(50_000)]
        (event,) = read(request(b"CHECK RSPAMC/1.3", b"", *recipients))
        assert isinstance(event, Request)
        self.assertEqual(len(event.headers), MAX_RECIPIENTS + 1)
        (event,) = read(request(b"CHECK RSPAMC/1.3", b"", *recipients, *recipients))
        self.assertEqual(event, ProtocolError("(too many headers)", is_rspamc=True))


class CompressTests(Case):
    def packed(self, body: bytes, command: bytes = b"CHECK SPAMC/1.5") -> bytes:
        return request(command, body, b"Compress: zlib")

    def test_unpacked(self) -> None:
        for body, preface in ((MESSAGE, b""), (MESSAGE, EXIM), (b"", b"")):
            octets = self.packed(zlib.compress(preface + body))
            for one in (octets, octets.replace(b": zlib", b": ZLIB")):
                self.assertEqual(self.found(one).content, content(body, preface))

    def test_bomb(self) -> None:
        limit = 10 * 2**20
        octets = self.packed(zlib.compress(b"\0" * (limit + 1)))
        self.assertEqual(self.found(octets, limit).content, Content(b"", None, b"", limit + 1))
        octets = self.packed(zlib.compress(b"\0" * limit))
        self.assertEqual(self.found(octets, limit).content.raw, b"\0" * limit)

    def test_bad_streams(self) -> None:
        whole = zlib.compress(MESSAGE)
        for octets, text in (
            (self.packed(whole[:-1]), "(Compress: zlib: unexpected end)"),
            (self.packed(b""), "(Compress: zlib: unexpected end)"),
            (self.packed(b"not packed"), "(Compress: zlib: incorrect header check)"),
            (self.packed(whole + b"x"), "(Compress: zlib: data behind the end)"),
            (
                request(b"CHECK SPAMC/1.5", whole, b"Compress: gzip"),
                "(compression not supported)",
            ),
            (
                request(b"CHECK SPAMC/1.5", whole, b"Compress: zlib", length=False),
                "(Compress requires Content-length)",
            ),
        ):
            self.refused(octets, text)
        for method in (b"zstd", b"zlib"):
            octets = request(b"CHECK RSPAMC/1.3", whole, b"Compression: " + method)
            self.refused(octets, "(compression not supported)", is_rspamc=True)


class FuzzTests(SynchronousTestCase):
    WORDS = (
        b"CHECK", b"PING", b"PROCESS", b" SPAMC/1.5", b" RSPAMC/1.3", b"\r\n", b"\n", b"\r",
        b"Content-length: ", b"5", b"0", b"User: ", b"Compress: zlib\r\n", b"\0", b"\xff", b":",
        b"From x\n", b"X-Envelope-To: ", zlib.compress(b"x" * 50), b"x" * 300,
    )  # fmt: skip

    def test_any_octets(self) -> None:
        """One event at most, printable, and the same however the octets are cut."""
        chance = random.Random(1)
        for _ in range(3000):
            words = [chance.choice(self.WORDS) for _ in range(chance.randrange(1, 20))]
            if chance.random() < 0.7:
                words.insert(0, b"CHECK SPAMC/1.5\r\n")
            octets = b"".join(words)
            events = read(octets, limit=200)
            self.assertEqual(len(events), 1)
            cuts = sorted(chance.randrange(len(octets) + 1) for _ in range(4))
            starts = [0, *cuts]
            pieces = [octets[a:b] for a, b in zip(starts, [*cuts, len(octets)], strict=True)]
            self.assertEqual(read(*pieces, limit=200), events)
            if isinstance(events[0], ProtocolError):
                self.assertRegex(events[0].text, r"\A[ -~]+\Z")
