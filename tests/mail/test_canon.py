"""Canonical fields and bodies, form by form, piece by piece."""

from collections.abc import Iterator
from hashlib import sha1, sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import canon
from mailfilter.mail.canon import Canonical, CanonicalBody, Digest, Field, Form, canonical_field
from mailfilter.mail.limits import Limits
from mailfilter.mail.message import parse

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

BODIES: tuple[tuple[bytes, bytes, bytes], ...] = (
    (b"", b"\r\n", b""),
    (b"\r\n", b"\r\n", b""),
    (b"\n\r\n\n", b"\r\n", b""),
    (b" \r\n\t\r\n", b" \r\n\t\r\n", b""),
    (b" ", b" \r\n", b""),
    (b"a", b"a\r\n", b"a\r\n"),
    (b"a\r\n", b"a\r\n", b"a\r\n"),
    (b"a\n", b"a\r\n", b"a\r\n"),
    (b"a\n\n\r\n\n", b"a\r\n", b"a\r\n"),
    (b"a \r\n \t\r\n", b"a \r\n \t\r\n", b"a\r\n"),
    (b"a\n \nb", b"a\r\n \r\nb\r\n", b"a\r\n\r\nb\r\n"),
    (b" a\t \tb \t\r\n", b" a\t \tb \t\r\n", b" a b\r\n"),
    (b"a\t", b"a\t\r\n", b"a\r\n"),
    (b"\n\na", b"\r\n\r\na\r\n", b"\r\n\r\na\r\n"),
    # A CR by itself is an octet of a line.
    (b"a\r", b"a\r\r\n", b"a\r\r\n"),
    (b"\r", b"\r\r\n", b"\r\r\n"),
    (b"\r\r\n", b"\r\r\n", b"\r\r\n"),
    (b"a\rb \r c\n\r", b"a\rb \r c\r\n\r\r\n", b"a\rb \r c\r\n\r\r\n"),
    # As are these.
    (b"a\x0b\x0c \x0b\n\x0c\n", b"a\x0b\x0c \x0b\r\n\x0c\r\n", b"a\x0b\x0c \x0b\r\n\x0c\r\n"),
    (b"\0\xff\n", b"\0\xff\r\n", b"\0\xff\r\n"),
)
"""A body in both forms: simple, relaxed."""

FIELDS: tuple[tuple[bytes, bytes, bytes], ...] = (
    (b"A: b\r\n", b"A: b\r\n", b"a:b\r\n"),
    (b"A: b\n", b"A: b\r\n", b"a:b\r\n"),
    (b"A: b", b"A: b\r\n", b"a:b\r\n"),
    (b"SUBJect \t: A  b\t\r\n\t c \r\n", b"SUBJect \t: A  b\t\r\n\t c \r\n", b"subject:A b c\r\n"),
    (b"A:\r\n b\n\tc\n", b"A:\r\n b\r\n\tc\r\n", b"a:b c\r\n"),
    (b"A:\r\n", b"A:\r\n", b"a:\r\n"),
    (b"A:  \r\n", b"A:  \r\n", b"a:\r\n"),
    (b"A: b:c\r\n", b"A: b:c\r\n", b"a:b:c\r\n"),
    (b"A: \x0bb\rc\x0c \r\n", b"A: \x0bb\rc\x0c \r\n", b"a:\x0bb\rc\x0c\r\n"),
    (b"A: b\r\r\n", b"A: b\r\r\n", b"a:b\r\r\n"),
    (b"A\xff: \xe4\r\n", b"A\xff: \xe4\r\n", b"a\xff:\xe4\r\n"),
)
"""A field in both forms."""


def field(raw: bytes) -> Field:
    """A field of these octets."""
    return Field(raw.partition(b":")[0].strip().lower(), raw)


def forms(simple: bytes, relaxed: bytes) -> Iterator[tuple[Form, bytes]]:
    """What is wanted in each form."""
    yield "simple", simple
    yield "relaxed", relaxed


def digest(octets: bytes, form: Form, pieces: list[int] | None = None) -> Digest:
    """The digest of a body, and how often others had their turn."""
    return wait(CanonicalBody(octets), form, pieces)


def wait(body: CanonicalBody, form: Form, pieces: list[int] | None = None) -> Digest:
    """The same of one that is known already."""
    work = body.digest(form)
    turns = 0
    while True:
        try:
            next(work)
        except StopIteration as stop:
            if pieces is not None:
                pieces.append(turns)
            found: Digest = stop.value
            return found
        turns += 1


class BodyTests(SynchronousTestCase):
    """RFC 6376 3.4.3, 3.4.4."""

    def assert_bodies(self) -> None:
        """All bodies must have their forms."""
        for octets, simple, relaxed in BODIES:
            for form, wanted in forms(simple, relaxed):
                found = digest(octets, form)
                self.assertEqual(found, (sha256(wanted).digest(), len(wanted)), (octets, form))

    def test_forms(self) -> None:
        self.assert_bodies()

    def test_any_pieces(self) -> None:
        for size in range(2, 8):
            self.patch(canon, "PIECE", size)
            self.assert_bodies()

    def test_rare_and_many(self) -> None:
        """White space and line ends of each kind, both seldom and all over the body."""
        rare = b"x" * 100
        for ends, simple in ((b"\r\n", b"\r\n"), (b"\n", b"\r\n"), (b"\r\r\n", b"\r\r\n")):
            for blanks in (b"  ", b" \t", b" " * 7, b"\t" * 100):
                for text, count in ((rare, 1), (rare, 50), (b"a", 1), (b"a", 500)):
                    octets = (b"b" + blanks + text + ends) * count
                    wanted = (b"b" + blanks + text + simple) * count
                    self.assertEqual(digest(octets, "simple")[0], sha256(wanted).digest())
                    wanted = (b"b " + text + simple) * count
                    self.assertEqual(digest(octets, "relaxed")[0], sha256(wanted).digest())

    def test_sha1(self) -> None:
        work = CanonicalBody(b"a").digest("simple", "sha1")
        stop = self.assertRaises(StopIteration, next, work)
        self.assertEqual(stop.value, (sha1(b"a\r\n").digest(), 3))

    def test_others_have_their_turn(self) -> None:
        self.patch(canon, "PIECE", 100)
        for octets in (b" " * 1000, b"\n" * 1000, b"a" * 1000, b"\n" * 999 + b"a", b"\r" * 1000):
            pieces: list[int] = []
            digest(octets, "simple", pieces)
            digest(octets, "relaxed", pieces)
            for turns in pieces:
                self.assertGreaterEqual(turns, 10, octets[-2:])
                self.assertLessEqual(turns, 40, octets[-2:])
        pieces = []
        digest(b"\n" * 10_000 + b"a", "simple", pieces)
        self.assertGreater(pieces[0], 250, "200 of them to hash the line ends that were held back")
        pieces = []
        digest(b"\n" * 100, "simple", pieces)
        self.assertEqual(pieces, [0], "a small body is worked on at once")

    def test_worked_out_once(self) -> None:
        self.patch(canon, "PIECE", 10)
        body = CanonicalBody(b"a" * 100)
        works = [body.digest("simple"), body.digest("simple")]
        turns = 0
        while all(next(work, "known") != "known" for work in works):
            turns += 1
        self.assertLess(turns, 7)
        found = wait(body, "simple")
        self.assertEqual(found, digest(b"a" * 100, "simple"))
        pieces: list[int] = []
        self.assertEqual(wait(body, "simple", pieces), found)
        self.assertEqual(pieces, [0])

    def test_worked_out_before(self) -> None:
        """What is wanted, and no more, as far as there is time for it."""
        self.patch(canon, "PIECE", 10)
        body = CanonicalBody(b"a" * 100)
        self.assertEqual(list(body.work()), [])
        body.want("relaxed")
        work = body.work()
        for _ in range(5):
            next(work)
        work.close()
        self.assertIsNone(body.known("relaxed"))
        pieces: list[int] = []
        found = wait(body, "relaxed", pieces)
        self.assertLess(pieces[0], 9)
        body.want("relaxed")
        self.assertEqual(list(body.work()), [])
        self.assertEqual(body.known("relaxed"), found)
        self.assertIsNone(body.known("simple"))

    def test_one_gives_up(self) -> None:
        self.patch(canon, "PIECE", 10)
        body = CanonicalBody(b"a" * 100)
        work = body.digest("relaxed")
        next(work)
        work.close()
        self.assertEqual(wait(body, "relaxed"), digest(b"a" * 100, "relaxed"))

    @EXAMPLES
    @given(st.text(" \t\r\na", max_size=40).map(str.encode), st.integers(2, 9))
    def test_pieces_make_no_difference(self, octets: bytes, size: int) -> None:
        whole = [digest(octets, "simple"), digest(octets, "relaxed")]
        usual = canon.PIECE
        canon.PIECE = size
        try:
            self.assertEqual([digest(octets, "simple"), digest(octets, "relaxed")], whole)
        finally:
            canon.PIECE = usual


class FieldTests(SynchronousTestCase):
    """RFC 6376 3.4.1, 3.4.2."""

    def test_forms(self) -> None:
        for raw, simple, relaxed in FIELDS:
            for form, wanted in forms(simple, relaxed):
                self.assertEqual(canonical_field(field(raw), form), wanted, (raw, form))

    def test_example(self) -> None:
        # RFC 6376 3.4.5.
        message = parse(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n").canonical
        self.assertEqual(message.signed([b"a", b"b"], "relaxed"), [b"a:X\r\n", b"b:Y Z\r\n"])
        simple = [b"A: X\r\n", b"B : Y\t\r\n\tZ  \r\n"]
        self.assertEqual(message.signed([b"a", b"b"], "simple"), simple)
        self.assertEqual(wait(message.body, "relaxed"), digest(b" C\r\nD E\r\n", "simple"))
        self.assertEqual(wait(message.body, "simple"), digest(b" C \r\nD \t E\r\n", "simple"))


class CanonicalTests(SynchronousTestCase):
    """Which fields are signed."""

    def setUp(self) -> None:
        self.message = parse(b"A: 1\r\nB: 2\r\na: 3\r\nA: 4\r\n\r\nbody\r\n").canonical

    def signed(self, *names: bytes, without: Field | None = None) -> bytes:
        """The values of the fields that are signed."""
        lines = self.message.signed(names, "relaxed", without)
        return b"".join(line[-3:-2] for line in lines)

    def test_lowest_first(self) -> None:
        self.assertEqual(self.signed(b"a", b"b", b"a"), b"423")
        self.assertEqual(self.signed(b"a", b"a", b"a", b"a", b"a", b"b", b"b", b"c"), b"4312")
        self.assertEqual(self.signed(), b"")
        self.assertEqual(self.signed(b"c", b"", b"A"), b"")

    def test_without(self) -> None:
        fields = self.message.named(b"a")
        for n, wanted in enumerate((b"43", b"41", b"31")):
            self.assertEqual(self.signed(b"a", b"a", b"a", without=fields[n]), wanted)
        # One that looks the same is another one.
        same = Field(b"a", b"".join((b"A: ", b"4\r\n")))
        self.assertEqual(self.signed(b"a", b"a", b"a", without=same), b"431")

    def test_named(self) -> None:
        fields = self.message.named(b"a")
        self.assertEqual([field.raw for field in fields], [b"A: 1\r\n", b"a: 3\r\n", b"A: 4\r\n"])
        fields.clear()
        self.assertEqual(len(self.message.named(b"a")), 3)
        self.assertEqual(self.message.named(b"c"), [])

    def test_with_fields(self) -> None:
        added = Field(b"b", b"B: 0\r\n")
        other = self.message.with_fields((added, *self.message.fields))
        self.assertEqual(other.signed([b"b", b"b"], "relaxed"), [b"b:2\r\n", b"b:0\r\n"])
        self.assertIs(other.body, self.message.body)
        field = self.message.fields[0]
        line = self.message.line(field, "relaxed")
        self.assertIs(other.line(field, "relaxed"), line, "it is worked out once")
        self.assertEqual(self.signed(b"b", b"b"), b"2")
        body = CanonicalBody(b"")
        self.assertIs(self.message.with_fields((), body).body, body)
        self.assertTrue(Canonical((), body, is_cut=True).with_fields(()).is_cut)

    def test_both_forms_of_a_field(self) -> None:
        for _ in range(2):
            self.assertEqual(self.message.signed([b"b"], "simple"), [b"B: 2\r\n"])
            self.assertEqual(self.message.signed([b"b"], "relaxed"), [b"b:2\r\n"])


class MessageTests(SynchronousTestCase):
    """What of a message is header and what is body."""

    def assert_message(self, raw: bytes, fields: list[bytes], body: bytes) -> None:
        """These must be its fields and its body."""
        message = parse(raw).canonical
        self.assertEqual([field.raw for field in message.fields], fields, raw)
        self.assertEqual(wait(message.body, "simple"), digest(body, "simple"), raw)

    def test_pieces_of_messages(self) -> None:
        self.assert_message(b"A: b\r\n\r\nc", [b"A: b\r\n"], b"c")
        self.assert_message(b"A: b\n\n\nc\n", [b"A: b\n"], b"\nc")
        self.assert_message(b"A: b\r\n\r\n", [b"A: b\r\n"], b"")
        self.assert_message(b"A: b\r\n", [b"A: b\r\n"], b"")
        self.assert_message(b"A: b", [b"A: b"], b"")
        self.assert_message(b"", [], b"")
        self.assert_message(b"\r\nc", [], b"c")

    def test_stray_lines(self) -> None:
        raw = b"From a@example.com Mon\r\nA: b\r\n\r\nc"
        self.assert_message(raw, [b"A: b\r\n"], b"c")
        self.assertFalse(parse(raw).canonical.is_cut)
        # To others the header may end there.
        for raw in (
            b" odd\r\nA: b\r\n\r\nc",
            b": odd\r\nA: b\r\n\r\nc",
            b"A: b\r\nFrom a@example.com Mon\r\n\r\nc",
            b"A: b\r\n:odd\r\n\r\nc",
            b"From a@example.com Mon\r\nFrom a@example.com Mon\r\nA: b\r\n\r\nc",
        ):
            self.assert_message(raw, [b"A: b\r\n"], b"c")
            self.assertTrue(parse(raw).canonical.is_cut, raw)
        self.assertTrue(parse(b"A: b\r\nodd\r\nC: d\r\n\r\n").canonical.is_cut)

    def test_ends_of_lines(self) -> None:
        """Some take a lone CR, or NUL, for the end of a line."""
        self.assertTrue(parse(b"A: b\rC: d\r\n\r\n").canonical.is_cut)
        self.assertTrue(parse(b"A: b\0\r\n\r\n").canonical.is_cut)
        self.assertFalse(parse(b"A: b\r\n\r\nc\rd\0").canonical.is_cut)

    def test_too_large(self) -> None:
        self.assertTrue(parse(b"A: b\r\n" * 100_000 + b"\r\n").canonical.is_cut)
        # One field beyond the limit is listed, but nothing of that size is to be hashed at once.
        limits = Limits(header_bytes=100)
        for size, is_cut in ((100, False), (101, True)):
            raw = b"A:" + b"b" * (size - 4) + b"\r\n\r\n"
            self.assertEqual(parse(raw, limits).canonical.is_cut, is_cut)
            self.assertFalse(parse(raw, limits).headers.is_cut)
