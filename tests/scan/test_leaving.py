"""A message as its verdict leaves it."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.leaving import HEAVY_BODY, MAX_LINE, MAX_SURE, Leaving, leaving, with_added
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    Edit,
    RemoveHeader,
    ReplaceBody,
    Verdict,
)

RAW = b"Received: r\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\nbody\r\n"
ENVELOPE = Envelope(listener="test")


def left(*edits: Edit, action: Action = Action.NO_ACTION, raw: bytes = RAW) -> Leaving:
    verdict = Verdict(action, 0.0, 15.0, (), "trace", edits=edits)
    return leaving(parse(raw).canonical, ENVELOPE, verdict)


def fields(found: Leaving) -> list[bytes]:
    return [field.raw.removesuffix(b"\r\n") for field in found.message.fields]


def body(found: Leaving) -> Any:
    """The digest of its body, and the length of that."""
    work = found.message.body.digest("simple")
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


class FieldTests(SynchronousTestCase):
    def test_unchanged(self) -> None:
        found = left(AddRecipient("bob@example.org"))
        self.assertEqual(fields(found), [b"Received: r", b"A: 1", b"B: 2", b"a: 3"])
        self.assertEqual((found.unsure, found.edited, found.is_heavy), (set(), set(), False))

    def test_edits(self) -> None:
        """Numbers mean the fields that came."""
        original = [b"Received: r", b"A: 1", b"B: 2", b"a: 3"]
        for edits, expected, unsure in (
            ([AddHeader("C", "x", 1)], [b"C: x", *original], set()),
            ([AddHeader("C", "x")], [*original, b"C: x"], set()),
            ([RemoveHeader("a")], [b"Received: r", b"B: 2"], set()),
            ([RemoveHeader("C")], original, set()),
            ([RemoveHeader("B", 2)], original, set()),
            ([RemoveHeader("B", -1)], [b"Received: r", b"A: 1", b"a: 3"], set()),
            # One way to change a field.
            (
                [RemoveHeader("B"), AddHeader("b", "x", 1)],
                [b"b: x", b"Received: r", b"A: 1", b"a: 3"],
                set(),
            ),
            (
                [RemoveHeader("A", 1), RemoveHeader("A", 2)],
                [b"Received: r", b"B: 2"],
                set(),
            ),
            # The other.
            ([ChangeHeader("b", "x")], [b"Received: r", b"A: 1", b"b: x", b"a: 3"], set()),
            ([ChangeHeader("C", "x")], [*original, b"C: x"], set()),
        ):
            found = left(*edits)
            self.assertEqual((fields(found), found.unsure), (expected, unsure), edits)

    def test_unsure(self) -> None:
        """Which of several fields is which, and what protocols make of odd values, is unknown."""
        odd: list[list[AddHeader | ChangeHeader | RemoveHeader]] = [
            [kind("C", value)] for value in ODD for kind in (AddHeader, ChangeHeader)
        ]
        cases: list[list[AddHeader | ChangeHeader | RemoveHeader]] = [
            [AddHeader("B", "x")],
            [AddHeader("B", "x"), RemoveHeader("B", 2)],
            [RemoveHeader("A", 1)],
            [RemoveHeader("A", -1), RemoveHeader("A", 2)],
            [RemoveHeader("A", 1), AddHeader("A", "x")],
            [AddHeader("C", "x"), AddHeader("c", "y")],
            [AddHeader("C", "x"), ChangeHeader("c", "y")],
            [ChangeHeader("A", "x")],
            [ChangeHeader("B", "x", 2)],
            [ChangeHeader("B", "x", -1)],
            [ChangeHeader("B", "x"), RemoveHeader("B")],
            [ChangeHeader("B", "")],
            *odd,
        ]
        for edits in cases:
            found = left(*edits)
            name = edits[0].name.lower().encode()
            self.assertEqual((found.unsure, found.edited), ({name}, {name}), edits)

    def test_folds(self) -> None:
        found = left(AddHeader("C", "x,\n\ty"))
        self.assertEqual((fields(found)[-1], found.unsure), (b"C: x,\r\n\ty", set()))

    def test_what_is_no_field(self) -> None:
        """Protocols leave such edits out."""
        for name in ("", "A B", "A:", "\u00c4"):
            found = left(AddHeader(name, "x"), RemoveHeader(name), ChangeHeader(name, "x"))
            self.assertEqual((len(fields(found)), found.edited), (4, set()), name)

    def test_new_subject(self) -> None:
        """It is made by whoever gets the verdict."""
        found = left(action=Action.REWRITE_SUBJECT)
        self.assertEqual((found.unsure, found.edited), ({b"subject"}, {b"subject"}))


class MtaTests(SynchronousTestCase):
    """What MTAs do behind us."""

    RAW = b"From: A. B <a@example.org>\r\nTo: a@b.c,d@e.f\r\nCc: odd\r\nSubject: x,y\r\n\r\n"

    def test_addresses(self) -> None:
        envelope = Envelope(listener="test", rewrites_addresses=True)
        verdict = Verdict(
            Action.NO_ACTION,
            0.0,
            15.0,
            (),
            "trace",
            edits=(ChangeHeader("Reply-To", "a@b.c,d@e.f"),),
        )
        found = leaving(parse(self.RAW).canonical, envelope, verdict)
        self.assertEqual(
            fields(found),
            [
                b'from: "A. B" <a@example.org>',
                b"to: a@b.c, d@e.f",
                b"Cc: odd",
                b"Subject: x,y",
                b"reply-to: a@b.c, d@e.f",
            ],
        )
        self.assertEqual((found.unsure, found.edited), ({b"cc"}, {b"cc", b"reply-to"}))

    def test_other_mta(self) -> None:
        found = left(raw=self.RAW)
        self.assertEqual(fields(found)[0], b"From: A. B <a@example.org>")
        self.assertEqual(found.unsure, set())

    def test_long_lines(self) -> None:
        """They are broken on the way."""
        words = b"x" * (MAX_LINE - 10)
        raw = b"A: %b\r\n %b\r\nB: %bxxxxxxxxxxx\r\n\r\n" % (words, words, words)
        self.assertEqual(left(raw=raw).unsure, {b"b"})


# The last is cut by replies, at 60,000 octets.
ODD = (
    "",
    " ",
    "x\ny",
    "x\n",
    "x\n \n y",
    "x\r\n y",
    "\u00fc",
    "x\0",
    "x" * (MAX_SURE + 1),
    "\n ".join(["x" * 900] * 70),
)


class BodyTests(SynchronousTestCase):
    def test_same(self) -> None:
        found = left(AddHeader("C", "x"))
        self.assertEqual(body(found).length, len(b"body\r\n"))

    def test_replaced(self) -> None:
        found = left(ReplaceBody(b"first"), ReplaceBody(b"the last\r\n"))
        self.assertEqual(body(found).length, len(b"the last\r\n"))
        self.assertEqual((len(fields(found)), found.edited, found.is_heavy), (4, set(), False))

    def test_heavy(self) -> None:
        """What checks have not hashed is not hashed between other things."""
        self.assertTrue(left(ReplaceBody(b"x" * (HEAVY_BODY + 1))).is_heavy)
        self.assertFalse(left(raw=RAW + b"x" * (HEAVY_BODY + 1)).is_heavy)


class AddedTests(SynchronousTestCase):
    def test_on_top(self) -> None:
        found = with_added(left(), [AddHeader("D", "x;\n\ty", 1), AddHeader("E", "z", 1)])
        self.assertEqual(fields(found)[:3], [b"D: x;\r\n\ty", b"E: z", b"Received: r"])
        self.assertEqual((found.unsure, found.edited), (set(), {b"d", b"e"}))

    def test_several_of_a_name(self) -> None:
        found = with_added(left(ChangeHeader("A", "x")), [AddHeader("B", "x", 1)])
        self.assertEqual((found.unsure, found.edited), ({b"a", b"b"}, {b"a", b"b"}))
        found = with_added(left(), [AddHeader("D", "x", 1), AddHeader("D", "y", 1)])
        self.assertEqual(found.unsure, {b"d"})

    def test_cut(self) -> None:
        found = with_added(left(AddHeader("C", "x"), raw=b"A: 1\r\nno field\r\n\r\n"), [])
        self.assertTrue(found.message.is_cut)
