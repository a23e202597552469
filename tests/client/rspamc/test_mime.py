"""Messages that LDA mode puts out, octet by octet."""

import re
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.exchange import Item, Reply, Unanswered
from mailfilter.client.rspamc.mime import scanned, unscanned

from .mime_case import (
    ENDS,
    ERROR,
    HAM,
    LENGTH,
    MESSAGE,
    NO_OPTIONS,
    VERDICT,
    answer,
    failed,
    marked,
)

EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True, database=None)
PARTS = (
    *(b"A: b", b"From x", b" fold", b"x", b":", b"\0", b">From ", b"\t", b"\r\n\r\n"),
    *(b"X-Spam: yes", b"x-spam-\xff : 1", b"\n", b"\n", b"\n\n", b"\r\n", b"\r"),
)
_FORGED = re.compile(
    rb"^x-spam[^\x00-\x20:]*[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE
)


def _bare(octets: bytes) -> bytes:
    """Without line ends."""
    return octets.translate(None, b"\r\n")


class ShapeTests(SynchronousTestCase):
    """Where the fields go, in messages of all shapes; nothing else changes."""

    def check(self, raw: bytes, expected: bytes) -> None:
        """`@` is where the fields are expected; the same holds for all line ends."""
        for end in ENDS:
            of = lambda text: text.replace(b"\n", end)  # noqa: E731, B023
            if end == b"\r" and b"\r" in raw:
                continue
            if end != b"\n" and b"\n" not in raw:
                continue
            for fields, found in ((ERROR, failed(of(raw))), (HAM, marked(of(raw)))):
                self.assertEqual(found, of(expected).replace(b"@", of(fields)), (raw, end))

    def test_usual(self) -> None:
        """A header and a body."""
        self.check(b"A: b\n\nbody\n", b"A: b\n@\nbody\n")
        self.check(b"A: b\nC: d\n e\n\n\n\nbody", b"A: b\nC: d\n e\n@\n\n\nbody")

    def test_no_end(self) -> None:
        """A header without an end, and without a line end."""
        self.check(b"A: b\nC: d\n", b"A: b\nC: d\n@")
        self.check(b"A: b\nC: d", b"A: b\nC: d\n@")
        self.check(b"A: b", b"A: b\n@")
        self.check(b"A: b\n", b"A: b\n@")

    def test_no_header(self) -> None:
        """A body alone, with a blank line before it and without."""
        self.check(b"\nbody\n", b"@\nbody\n")
        self.check(b"hello, world\nbody\n", b"@\nhello, world\nbody\n")
        self.check(b"hello", b"@\nhello")
        self.check(b"\n", b"@\n")
        self.check(b"\n\n", b"@\n\n")

    def test_empty(self) -> None:
        """Nothing: there are still the fields."""
        self.assertEqual(failed(b""), ERROR)
        self.assertEqual(marked(b""), HAM)

    def test_mbox(self) -> None:
        """The line of an mbox stays first."""
        line = b"From a.b Thu Jan  1 00:00:00 1970\n"
        self.check(line + b"A: b\n\nbody\n", line + b"A: b\n@\nbody\n")
        self.check(line + b"\nbody\n", line + b"@\nbody\n")
        self.check(line, line + b"@")
        self.check(b"A: b\n>From c.d\nC: d\n\nx", b"A: b\n>From c.d\nC: d\n@\nx")

    def test_no_field(self) -> None:
        """Before a line that is no field, where all see them; the rest of the header stays one."""
        self.check(b"A: b\nno field\nC: d\n\nbody\n", b"A: b\n@no field\nC: d\n\nbody\n")
        self.check(b"no field\nC: d\n e\n\nbody", b"@no field\nC: d\n e\n\nbody")
        self.check(b"A: b\n: c\nD: e\n\n\n", b"A: b\n@: c\nD: e\n\n\n")

    def test_text_follows(self) -> None:
        """What has no more fields, or no end, is no header any more."""
        self.check(b"A: b\n: c\n\nbody\n", b"A: b\n@\n: c\n\nbody\n")
        self.check(b"A: b\nno field\nC: d\n", b"A: b\n@\nno field\nC: d\n")
        self.check(b"A: b\n>From c\n d\nE: f\n\nx", b"A: b\n>From c\n@\n d\nE: f\n\nx")

    def test_octets(self) -> None:
        """NUL and what is not ASCII, lines without end, and lone CR."""
        self.check(b"A: \0\xff\n\n\0\xfe\n", b"A: \0\xff\n@\n\0\xfe\n")
        self.check(b"A: b\n\n" + b"x" * 100_000, b"A: b\n@\n" + b"x" * 100_000)
        self.check(b"A: b\rX-Spam: no\n\nbody\rmore\n", b"A: b\rX-Spam: no\n@\nbody\rmore\n")

    def test_mixed(self) -> None:
        """New lines end as the first one does; no other changes."""
        raw = b"A: b\r\nC: d\n\nx\r\ny\n"
        found = failed(raw)
        self.assertEqual(found, b"A: b\r\nC: d\n" + ERROR.replace(b"\n", b"\r\n") + b"\nx\r\ny\n")
        # Where there is any LF, a CR alone ends no line, for whoever delivers.
        self.assertEqual(failed(b"A: b\r\rbody\n"), b"A: b\r\rbody\n" + ERROR)
        self.assertEqual(
            failed(b"A: b\r\n\rx"), b"A: b\r\n%b\r\n\rx" % ERROR.replace(b"\n", b"\r\n")
        )

    @EXAMPLES
    @given(st.lists(st.sampled_from(PARTS)).map(b"".join))
    def test_any(self, raw: bytes) -> None:
        """Whatever comes: nothing is lost but forged marks, of which none is left in the header."""
        for options in (NO_OPTIONS, replace(NO_OPTIONS, keeps_marks=True)):
            found = failed(raw, options)
            own = [fields for end in ENDS if found.count(fields := ERROR.replace(b"\n", end)) == 1]
            self.assertEqual(len(own), 1)
            before, _, after = found.partition(own[0])
            rest = before + after
            # An end of the last line and a blank line may be new.
            self.assertLess(len(rest), len(raw) + 5)
            if options.keeps_marks:
                self.assertEqual(_bare(rest), _bare(raw))
                continue
            is_cr = b"\n" not in raw and b"\r" in raw
            given, rest, found = (
                octets.replace(b"\r", b"\n") if is_cr else octets for octets in (raw, rest, found)
            )
            self.assertEqual(_bare(_FORGED.sub(b"", rest)), _bare(_FORGED.sub(b"", given)))
            head = re.split(rb"\n\r?\n", found)[0]
            self.assertLessEqual(len(_FORGED.findall(head)), 3)


class EditTests(SynchronousTestCase):
    """What the server wants changed."""

    def header(self, raw: bytes = MESSAGE, **members: Any) -> list[bytes]:
        """Lines of the header that are not the verdict's."""
        found = marked(raw, **members)
        self.assertEqual(found.count(HAM), 1)
        head, _, body = found.partition(b"\n\n")
        self.assertEqual(body, b"body\n")
        return (head + b"\n").replace(HAM, b"@\n").splitlines()

    def milter(self, **block: Mapping[str, Any]) -> list[bytes]:
        """The same of a milter block."""
        return self.header(milter=block)

    def test_added(self) -> None:
        """At their places; at the end they come behind the verdict."""
        for value, expected in (
            ("x", [b"From: a@b", b"Subject: x", b"@", b"N: x"]),
            ({"value": "x"}, [b"From: a@b", b"Subject: x", b"@", b"N: x"]),
            ({"value": "x", "order": 0}, [b"N: x", b"From: a@b", b"Subject: x", b"@"]),
            # Below the Received of the MTA, and there is none.
            ({"value": "x", "order": 1}, [b"N: x", b"From: a@b", b"Subject: x", b"@"]),
            (["x", "y"], [b"From: a@b", b"Subject: x", b"@", b"N: x", b"N: y"]),
            ("a\nEvil: x", [b"From: a@b", b"Subject: x", b"@", b"N: a Evil: x"]),
            ("a\r\n\r\nbody", [b"From: a@b", b"Subject: x", b"@", b"N: a body"]),
        ):
            self.assertEqual(self.milter(add_headers={"N": value}), expected)

    def test_bad_names(self) -> None:
        """What is no name of a field is none here."""
        for name in ("", "a b", "a:", "a\n", "X-Spam ", "ä", "\0"):
            block = {name: "x"}
            self.assertEqual(self.milter(add_headers=block), [b"From: a@b", b"Subject: x", b"@"])

    def test_ours(self) -> None:
        """It does not write our fields."""
        for name in ("X-Spam", "x-spam-score", "X-SPAM-ERROR", "X-Spam-Result"):
            block = {name: ["no", {"value": "no", "order": 0}]}
            self.assertEqual(self.milter(add_headers=block), [b"From: a@b", b"Subject: x", b"@"])
        found = self.milter(add_headers={"X-Spam-Status": "Yes"})
        self.assertEqual(found, [b"From: a@b", b"Subject: x", b"@", b"X-Spam-Status: Yes"])

    def test_removed(self) -> None:
        """By name and number."""
        raw = b"R: 1\nA: b\nr: 2\nR : 3\n\nbody\n"
        for value, left in (
            (0, [b"A: b"]),
            (1, [b"A: b", b"r: 2", b"R : 3"]),
            (-1, [b"R: 1", b"A: b", b"r: 2"]),
            ([1, 3], [b"A: b", b"r: 2"]),
            (4, [b"R: 1", b"A: b", b"r: 2", b"R : 3"]),
        ):
            found = self.header(raw, milter={"remove_headers": {"R": value}})
            self.assertEqual(found, [*left, b"@"])

    def test_replaced(self) -> None:
        """What is removed and added under one name is the new one."""
        found = self.milter(remove_headers={"Subject": 0}, add_headers={"Subject": "y"})
        self.assertEqual(found, [b"From: a@b", b"@", b"Subject: y"])

    def test_forged_and_added(self) -> None:
        """A field of the server takes the place of a forged one."""
        raw = b"X-Spam-Status: No\n" + MESSAGE
        found = self.header(raw, milter={"add_headers": {"X-Spam-Status": "Yes"}})
        self.assertEqual(found, [b"From: a@b", b"Subject: x", b"@", b"X-Spam-Status: Yes"])

    def test_subject(self) -> None:
        """For that action alone."""
        found = marked(MESSAGE, action="rewrite subject", subject="*** SPAM *** x")
        self.assertTrue(found.startswith(b"From: a@b\nSubject: *** SPAM *** x\nX-Spam-"))
        self.assertIn(b"\nX-Spam: yes\n", found)
        found = marked(b"A: b\n\nbody\n", action="rewrite subject", subject="new")
        self.assertIn(b"\nSubject: new\n", found)
        found = marked(MESSAGE, action="add header", subject="new")
        self.assertTrue(found.startswith(b"From: a@b\nSubject: x\nX-Spam-"))

    def test_result(self) -> None:
        """The reply is the last field."""
        options = replace(NO_OPTIONS, output="json")
        block = {"add_headers": {"N": "x"}}
        found = marked(MESSAGE, options=options, milter=block, dkim_signature="v=1")
        names = re.findall(rb"^([A-Za-z-]+):", found.partition(b"\n\n")[0], re.MULTILINE)
        self.assertEqual(names[-4:], [b"X-Spam-Symbols", b"DKIM-Signature", b"N", b"X-Spam-Result"])

    def test_folds(self) -> None:
        """Folds end as the lines of the message do."""
        block = {"add_headers": {"N": "a\n\tb\r\n c"}}
        for end in ENDS:
            found = marked(MESSAGE.replace(b"\n", end), milter=block)
            self.assertIn(b"N: a\n\tb\n c\n\nbody".replace(b"\n", end), found)
            self.assertEqual(found.count(b"\n"), 0 if end == b"\r" else found.count(end))

    def test_body(self) -> None:
        """A message that the server made of it, with its own header."""
        new = b"X-Spam: no\r\nNew: 1\r\n\r\nnew\r\n"
        fields = HAM.replace(b"\n", b"\r\n")
        self.assertEqual(marked(MESSAGE, new), b"New: 1\r\n" + fields + b"\r\nnew\r\n")

    def test_empty_body(self) -> None:
        """Nothing is no message."""
        self.assertEqual(marked(MESSAGE, b""), b"From: a@b\nSubject: x\n" + HAM + b"\nbody\n")


class VerdictTests(SynchronousTestCase):
    """What is a verdict, and what is not."""

    def fails(self, reply: Reply) -> str:
        """Why it is none."""
        with self.assertRaises(Unanswered) as caught:
            scanned(MESSAGE, reply, NO_OPTIONS)
        text = str(caught.exception)
        self.assertTrue(text)
        return text

    def test_no_action(self) -> None:
        """It says nothing of the message."""
        for document in (
            {},
            [],
            None,
            "reject",
            5,
            {"score": 1},
            {"action": 5},
            {"action": ""},
            {"action": None},
            {"action": ["reject"]},
            {"default": {"action": "reject"}},
            [VERDICT],
        ):
            self.fails(Reply(Item("stdin"), 0.0, LENGTH, b"", document))

    def test_error(self) -> None:
        """It says that there is none."""
        self.assertIn("bad thing", self.fails(answer(error="bad thing")))
        for error in ("", None, {"a": 1}, "x" * 100_000):
            self.assertLess(len(self.fails(answer(error=error))), 300)

    def test_no_length(self) -> None:
        """A message that may have been cut off."""
        reply = answer(MESSAGE)
        for headers in ((), (("Content-Type", "text/plain"),)):
            self.fails(replace(reply, headers=headers))
        for headers in ((("content-LENGTH", "5"),), (("Transfer-Encoding", "chunked"),)):
            scanned(MESSAGE, replace(reply, headers=headers), NO_OPTIONS)


class CostTests(SynchronousTestCase):
    """Large messages."""

    def test_memory(self) -> None:
        """The body is not copied."""
        raw = b"X-Spam: no\nA: b\n\n" + b"x" * 2**25
        self.check_memory(raw, len(raw) - len(b"X-Spam: no\n") + len(ERROR))

    def test_long_broken_header(self) -> None:
        """Nor is a header that has a line which is no field, and goes on for long."""
        raw = b"no field\nA: b\n" + b"x\n" * 2**23 + b"\nX-Spam: no\n"
        self.check_memory(raw, len(ERROR) + len(b"\n") + len(raw))

    def check_memory(self, raw: bytes, size: int) -> None:
        """So many octets come out, and little is needed for that."""
        tracemalloc.start()
        try:
            pieces = unscanned(raw, "down", NO_OPTIONS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertEqual(sum(map(len, pieces)), size)
        self.assertLess(peak, 2**23)
