"""Messages after edits, octet by octet, and the same as an MTA makes of them."""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.mail import parse
from mailfilter.mail.limits import Limits
from mailfilter.report.edits import clean_edits
from mailfilter.report.rewrite import MAX_FIELDS, MAX_HEADER, rewrite, rewritten_header
from mailfilter.scan.verdict import (
    BELOW_RECEIVED,
    AddHeader,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    ReplaceBody,
)
from mailfilter.servers.milter_edits import encode_edits

from ..codec.milter_mta import frames
from ..servers.mta_model import Header

EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True, database=None)
NAMES = st.sampled_from(["A", "a", "B", "X-Long-Name"])
VALUES = st.sampled_from(["one", "two", "three\n\tfolded"])
EDITS = st.lists(
    st.one_of(
        st.builds(AddHeader, NAMES, VALUES, st.integers(-10, 10)),
        st.builds(RemoveHeader, NAMES, st.integers(-4, 5)),
        st.builds(ChangeHeader, NAMES, VALUES, st.integers(1, 5)),
    ),
    max_size=6,
)
MESSAGE = b"A: 1\nB: 2\n two\na: 3\n\nbody\n"
ADD = AddHeader("X", "y")
TOP = AddHeader("X", "y", 0)
ENDS = (b"\n\n", b"\r\n\r\n")
"""After which spamc takes the body to begin."""


def whole(raw: bytes, *edits: Edit) -> bytes:
    """The message after its edits; with CRLF line ends it must come out the same."""
    found = rewrite(raw, edits)
    with_crlf = rewrite(raw.replace(b"\n", b"\r\n"), edits)
    together = found.head + bytes(found.body)
    if b"\n" in raw and (with_crlf.head + bytes(with_crlf.body)) != together.replace(
        b"\n", b"\r\n"
    ):
        raise AssertionError((with_crlf, together))
    return together


def header(raw: bytes, *edits: Edit) -> bytes:
    """What is given back for a header."""
    found = rewritten_header(raw, edits)
    return found.head + bytes(found.body)


class RewriteTests(SynchronousTestCase):
    def test_fields(self) -> None:
        body = b"\nbody\n"
        for edits, expected in (
            ([], b"A: 1\nB: 2\n two\na: 3\n"),
            ([ADD], b"A: 1\nB: 2\n two\na: 3\nX: y\n"),
            ([TOP], b"X: y\nA: 1\nB: 2\n two\na: 3\n"),
            ([AddHeader("X", "y", 2)], b"A: 1\nB: 2\n two\nX: y\na: 3\n"),
            ([AddHeader("X", "y", -2)], b"A: 1\nB: 2\n two\nX: y\na: 3\n"),
            ([AddHeader("X", "y", 2**31)], b"A: 1\nB: 2\n two\na: 3\nX: y\n"),
            ([AddHeader("X", "y", -(2**31))], b"X: y\nA: 1\nB: 2\n two\na: 3\n"),
            ([AddHeader("X", "y\n\tz")], b"A: 1\nB: 2\n two\na: 3\nX: y\n\tz\n"),
            ([RemoveHeader("A")], b"B: 2\n two\n"),
            ([RemoveHeader("a", 2)], b"A: 1\nB: 2\n two\n"),
            ([RemoveHeader("a", -2)], b"B: 2\n two\na: 3\n"),
            ([RemoveHeader("a", -3), RemoveHeader("a", 3)], b"A: 1\nB: 2\n two\na: 3\n"),
            ([RemoveHeader("a", -4)], b"A: 1\nB: 2\n two\na: 3\n"),
            ([RemoveHeader("b"), AddHeader("X", "y", 2)], b"A: 1\na: 3\nX: y\n"),
            ([ChangeHeader("b", "new")], b"A: 1\nb: new\na: 3\n"),
            ([ChangeHeader("A", "new", 2)], b"A: 1\nB: 2\n two\nA: new\n"),
            ([ChangeHeader("C", "new")], b"A: 1\nB: 2\n two\na: 3\nC: new\n"),
            ([RemoveHeader("b"), ChangeHeader("b", "new")], b"A: 1\nb: new\na: 3\n"),
            (
                [AddHeader("X", "1"), TOP, AddHeader("X", "2"), AddHeader("X", "0", 0)],
                b"X: y\nX: 0\nA: 1\nB: 2\n two\na: 3\nX: 1\nX: 2\n",
            ),
            ([ChangeSender("a@b")], b"A: 1\nB: 2\n two\na: 3\n"),
        ):
            self.assertEqual(whole(MESSAGE, *edits), expected + body, edits)

    def test_below_received(self) -> None:
        """Below that of the MTA, and on top if it is not there: sets of fields stay together."""
        edits = [AddHeader("X", "1", BELOW_RECEIVED), ADD, AddHeader("X", "2", BELOW_RECEIVED)]
        for top in (b"Received: a\n", b"RECEIVED : a\n b\n"):
            raw = top + b"Arc-Seal: i=1\n"
            wanted = top + b"X: 1\nX: 2\nArc-Seal: i=1\nX: y\n\nb"
            self.assertEqual(whole(raw + b"\nb", *edits), wanted)
        for top in (b"Arc-Seal: i=1\nReceived: a\n", b"Received-SPF: a\n", b"X-Received: a\n"):
            self.assertEqual(whole(top + b"\nb", *edits), b"X: 1\nX: 2\n" + top + b"X: y\n\nb")

    def test_shapes(self) -> None:
        """What is no message by the book."""
        for raw, edits, expected in (
            (b"", [], b""),
            (b"", [ADD], b"X: y\n"),
            (b"A: 1", [], b"A: 1"),
            (b"A: 1", [ADD], b"A: 1\nX: y\n"),
            (b"A: 1", [TOP], b"X: y\nA: 1\n"),
            (b"A: 1\n", [ADD], b"A: 1\nX: y\n"),
            (b"A: 1\n\n", [ADD], b"A: 1\nX: y\n\n"),
            (b"A: 1\n\nbody", [ADD], b"A: 1\nX: y\n\nbody"),
            (b"\nbody\n", [ADD], b"X: y\n\nbody\n"),
            (b"\nA: b\n\nbody\n", [ADD], b"X: y\n\nA: b\n\nbody\n"),
            (b"body alone\n", [], b"body alone\n"),
            (b"body alone\n", [ADD], b"X: y\n\nbody alone\n"),
            (b"body alone", [RemoveHeader("X")], b"body alone"),
            (b"A: 1\nodd\nA: 2\n\nb", [RemoveHeader("A"), ADD], b"X: y\n\nodd\nA: 2\n\nb"),
            (b"A: 1\nodd\nA: 2\n\nb", [RemoveHeader("A")], b"\nodd\nA: 2\n\nb"),
            (b"A: 1\n>From x\nB: 2\n\nb", [RemoveHeader("B"), ADD], b"A: 1\n>From x\nX: y\n\nb"),
            (b" odd\nA: 1\n\nb", [TOP], b" odd\nX: y\nA: 1\n\nb"),
            (b"A : 1\n\nb", [RemoveHeader("A")], b"\nb"),
            (b"Gr\xfc\xdfe: 1\nA: \xff\n\n\xfe", [ADD], b"Gr\xfc\xdfe: 1\nA: \xff\nX: y\n\n\xfe"),
            (b"A: 1\n \n\nb", [ADD], b"A: 1\n \nX: y\n\nb"),
            (b"A: \0\n\n\0", [ADD], b"A: \0\nX: y\n\n\0"),
        ):
            self.assertEqual(whole(raw, *edits), expected, (raw, edits))

    def test_the_line_of_an_mbox_stays_first(self) -> None:
        line = b"From a@example.org Fri Nov 27 20:00:00 2026\n"
        for raw, edits, expected in (
            (b"A: 1\n\nb", [TOP], b"X: y\nA: 1\n\nb"),
            (b"A: 1\n\nb", [AddHeader("X", "y", 1)], b"X: y\nA: 1\n\nb"),
            (b"Received: 1\n\nb", [AddHeader("X", "y", 1)], b"Received: 1\nX: y\n\nb"),
            (b"A: 1\n\nb", [RemoveHeader("From")], b"A: 1\n\nb"),
            (b"", [ADD], b"X: y\n"),
            (b"\nb", [ADD], b"X: y\n\nb"),
        ):
            self.assertEqual(whole(line + raw, *edits), line + expected)
        self.assertEqual(whole(b"From a", ADD), b"From a\nX: y\n")
        self.assertEqual(whole(b"From a"), b"From a")

    def test_body(self) -> None:
        new = ReplaceBody(b"new\r\nlines\n")
        for raw, expected in (
            (b"A: 1\n\nold", b"A: 1\n\nnew\nlines\n"),
            (b"A: 1\n", b"A: 1\n\nnew\nlines\n"),
            (b"A: 1", b"A: 1\n\nnew\nlines\n"),
            (b"\nold", b"\nnew\nlines\n"),
            (b"A: 1\nodd\n", b"A: 1\n\nnew\nlines\n"),
        ):
            self.assertEqual(whole(raw, new), expected)
        self.assertEqual(whole(MESSAGE, new, ReplaceBody(b"last")), MESSAGE[:-5] + b"last")
        self.assertEqual(whole(MESSAGE, ReplaceBody(b"")), MESSAGE[:-5])

    def test_a_large_body_is_not_copied(self) -> None:
        raw = b"A: 1\n\n" + b"x" * 1000
        body = rewrite(raw, [ADD]).body
        assert isinstance(body, memoryview)
        self.assertIs(body.obj, raw)

    def test_what_is_not_ascii_cannot_break_it(self) -> None:
        self.assertEqual(whole(b"A: 1\n\n", AddHeader("X", "ü")), b"A: 1\nX: ?\n\n")

    def test_names_are_octets(self) -> None:
        raw = b"A\xc0: 1\na\xe0: 2\n\n"
        self.assertEqual(whole(raw, RemoveHeader("a\xc0")), b"a\xe0: 2\n\n")
        self.assertEqual(whole(raw, RemoveHeader("A\xe0")), b"A\xc0: 1\n\n")


class BoundTests(SynchronousTestCase):
    """Headers that are longer than what is looked at end there."""

    EDITS = (RemoveHeader("X"), ADD)

    def test_as_many_fields_as_are_looked_at(self) -> None:
        fields = b"a:\n" * (MAX_FIELDS - 1) + b"x: forged\n"
        self.assertEqual(whole(fields + b"\nb", *self.EDITS), fields[:-10] + b"X: y\n\nb")

    def test_more_fields(self) -> None:
        kept, rest = b"a:\n" * MAX_FIELDS, b"x: forged\n\nbody\n"
        self.assertEqual(whole(kept + rest, *self.EDITS), kept + b"X: y\n\n" + rest)
        self.assertEqual(whole(kept + rest, RemoveHeader("X")), kept + b"\n" + rest)
        self.assertEqual(whole(kept + rest, ChangeSender("a@b")), kept + rest)
        self.assertEqual(header(kept + rest, *self.EDITS), kept + b"X: y\n\nx: forged\n\n")

    def test_a_long_header(self) -> None:
        kept = b"a: " + b"x" * (MAX_HEADER // 2) + b"\n"
        for rest in (
            b"b: " + b"y" * MAX_HEADER + b"\nx: forged\n\nbody\n",
            b"b: y\n" + b" fold\n" * (MAX_HEADER // 5) + b"x: forged\n\nbody\n",
        ):
            self.assertEqual(whole(kept + rest, *self.EDITS), kept + b"X: y\n\n" + rest)
            self.assertEqual(whole(rest, *self.EDITS), b"X: y\n\n" + rest)

    def test_much_before_the_first_field(self) -> None:
        for line in (b" fold\n" * MAX_HEADER, b"From " + b"x" * MAX_HEADER + b"\n"):
            raw = line + b"x: forged\n\nbody\n"
            self.assertEqual(whole(raw, *self.EDITS), b"X: y\n\n" + raw)

    def test_a_header_that_ends_with_the_bound(self) -> None:
        kept = b"a: " + b"x" * (MAX_HEADER - 4) + b"\n"
        for raw in (kept, kept[:-1]):
            found = rewrite(raw, [ADD])
            self.assertEqual(found.head + bytes(found.body), kept + b"X: y\n")

    def test_fields_are_not_kept_apart_without_bound(self) -> None:
        raw = b"a:\n" * 1_000_000
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        rewrite(raw, self.EDITS)
        _, peak = tracemalloc.get_traced_memory()
        self.assertLess(peak, 4 * 2**20)

    def test_looks_at_no_fewer_fields_than_the_checks(self) -> None:
        self.assertEqual(Limits().block_headers, MAX_FIELDS)
        self.assertEqual(Limits().header_bytes, MAX_HEADER)


class HeaderTests(SynchronousTestCase):
    """With the body that spamc puts behind it the message is whole."""

    def test_table(self) -> None:
        for raw, expected in (
            (b"A: 1\n\nbody\n", b"A: 1\nX: y\n\n"),
            (b"A: 1\r\n\r\nbody\r\n", b"A: 1\r\nX: y\r\n\r\n"),
            (b"\nbody\n\nmore\n", b"X: y\n\nbody\n\n"),
            (b"A: 1\r\n\nbody\n\nmore\n", b"A: 1\r\nX: y\r\n\n"),
            (b"A: 1\n\r\nbody\n\nmore\n", b"A: 1\nX: y\n\r\nbody\n\n"),
            (b"A: 1\nodd\n\nbody\n", b"A: 1\nX: y\n\nodd\n\n"),
            (b"A: 1\n\r\n\r\nbody\n\n", b"A: 1\nX: y\n\r\n\r\n"),
            (b"A: 1\n", b"A: 1\nX: y\n"),
            (b"A: 1\nodd", b"A: 1\nX: y\n\nodd"),
        ):
            self.assertEqual(header(raw, ADD, ReplaceBody(b"new")), expected, raw)
            starts = [at + len(end) for end in ENDS if (at := raw.find(end)) >= 0]
            untouched = raw[: min(starts, default=len(raw))]
            self.assertEqual(header(raw, ReplaceBody(b"new")), untouched, raw)

    def test_far_away(self) -> None:
        """Wherever spamc finds an end, it is the same."""
        for size in range(MAX_HEADER - 12, MAX_HEADER + 2):
            start = b"A: ".ljust(size, b"x")
            for end in (*ENDS, b"\n\r\n\r\n", b"\n"):
                raw = start + end + b"body\n\n"
                found = min(at + len(mark) for mark in ENDS if (at := raw.find(mark)) >= 0)
                self.assertEqual(header(raw, ReplaceBody(b"new")), raw[:found], (size, end))

    @EXAMPLES
    @given(
        st.lists(
            st.sampled_from([b"A: 1", b" x", b"\n", b"\r\n", b"\n\n", b"odd", b"B:", b"From "])
        ),
        EDITS,
    )
    def test_together(self, pieces: list[bytes], edits: list[Edit]) -> None:
        raw = b"".join(pieces)
        starts = [at + len(end) for end in ENDS if (at := raw.find(end)) >= 0]
        if not starts:
            return
        found = rewrite(raw, edits)
        together = header(raw, *edits) + raw[min(starts) :]
        self.assertEqual(together, found.head + bytes(found.body))


class SamenessTests(SynchronousTestCase):
    @EXAMPLES
    @given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6), EDITS)
    def test_as_an_mta(self, fields: list[tuple[str, str]], edits: list[Edit]) -> None:
        head = "".join(f"{name}: {value}\n" for name, value in fields)
        model = Header(fields, counts_anew=True)
        crlf = head.replace("\n", "\r\n").encode()
        told, _ = encode_edits(edits, Agreement(6, WANTED_EDITS, 0), crlf, len(fields))
        for code, payload in frames(b"".join(told)):
            model.apply(code, payload)
        raw = b"Received: by us\n" + head.encode() + b"\nbody\n"
        headers = parse(whole(raw, *edits)).headers
        found = [(one.name.lower(), one.value.decode().strip()) for one in headers]
        self.assertEqual(found, model.shown())

    @EXAMPLES
    @given(st.binary(max_size=80), EDITS)
    def test_any_octets(self, raw: bytes, edits: list[Edit]) -> None:
        """Nothing raises, and nothing changes where there is no edit."""
        found = rewrite(raw, [])
        self.assertEqual(found.head + bytes(found.body), raw)
        rewrite(raw, clean_edits(edits).edits)
        rewritten_header(raw, edits)
