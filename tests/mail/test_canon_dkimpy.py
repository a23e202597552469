"""Canonical forms beside those of dkimpy, over mail from all sources and whatever may be in it.

Each difference has a reason, in `Habit`.
"""

import os
from collections import Counter
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import dkim  # type: ignore[import-untyped]
from dkim.canonicalization import Relaxed, Simple  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.mail.canon import Canonical, Digest, Form
from mailfilter.mail.message import parse

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

EVERY = 2
"""Of the ordinary messages every second is compared, to keep the test short."""

THEIRS: dict[Form, Any] = {"simple": Simple, "relaxed": Relaxed}

Seen = tuple[list[bytes], Digest]
"""Fields and the digest of the body, in one form."""


class Habit(StrEnum):
    """Why dkimpy sees something else."""

    RAISES = "raises"
    """It raises for a header that begins with white space or has a line that is no field; to it
    a name with 8-bit octets or a blank before the colon is such a line."""
    FROM_IS_MBOX = "from-is-mbox"
    """It takes a field `From :` for a line of a mailbox, which it drops."""
    KEEPS_LAST_BLANK = "keeps-last-blank"
    """It keeps white space at the end of a body without a last line end. To us that is white
    space at the end of a line (RFC 6376 3.4.4)."""
    STRIPS_MORE = "strips-more"
    """It strips CR, VT and FF from the values of fields, which are no white space (2.8)."""


def theirs(raw: bytes, form: Form) -> Seen:
    """What dkimpy sees. Raises DKIMException or IndexError."""
    headers, body = dkim.rfc822_parse(raw)
    lines = [name + b":" + value for name, value in THEIRS[form].canonicalize_headers(headers)]
    octets = THEIRS[form].canonicalize_body(body)
    return lines, Digest(sha256(octets).digest(), len(octets))


def ours(message: Canonical, form: Form) -> Seen:
    """What we see."""
    work = message.body.digest(form)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return [message.line(field, form) for field in message.fields], stop.value


def habits(raw: bytes, form: Form) -> set[Habit]:
    """Why the two differ; empty if they do not, or nobody knows."""
    message = parse(raw).canonical
    mine = ours(message, form)
    try:
        other = theirs(raw, form)
    except (dkim.MessageFormatError, IndexError):
        return {Habit.RAISES}
    found = set()
    if mine[1] != other[1]:
        if not raw.endswith((b" ", b"\t")) or theirs(raw + b"\r\n", form)[1] != mine[1]:
            return set()
        found.add(Habit.KEEPS_LAST_BLANK)
    if mine[0] == other[0]:
        return found
    fields = [field for field in message.fields if not field.raw.startswith(b"From ")]
    lines = [message.line(field, form) for field in fields]
    if len(fields) != len(message.fields):
        found.add(Habit.FROM_IS_MBOX)
    if form == "relaxed" and lines != other[0]:
        found.add(Habit.STRIPS_MORE)
        lines = [_stripped(line) for line in lines]
    return found if lines == other[0] else set()


def _stripped(line: bytes) -> bytes:
    """A relaxed field as dkimpy has it."""
    name, _, value = line.partition(b":")
    return name + b":" + value.strip() + b"\r\n"


def corpus(folder: str) -> list[Path]:
    """The messages of a folder of the corpus, always in the same order."""
    top = os.environ.get("MAILFILTER_CORPUS")
    if not top:
        raise SkipTest("MAILFILTER_CORPUS is not set")
    found = sorted((Path(top) / folder).rglob("*.eml"))
    if not found:
        raise SkipTest(f"no messages in {top}/{folder}")
    return found


class DifferentialTests(SynchronousTestCase):
    """Differences are explained."""

    def compare(self, raw: bytes, form: Form) -> set[Habit]:
        """Compare a message; the reasons for what differs."""
        try:
            if theirs(raw, form) == ours(parse(raw).canonical, form):
                return set()
        except (dkim.MessageFormatError, IndexError):
            pass
        found = habits(raw, form)
        self.assertTrue(found, f"a difference without a reason, {form}: {raw[:2000]!r}")
        return found

    def compare_all(self, paths: list[Path]) -> Counter[Habit]:
        """Compare all messages."""
        seen: Counter[Habit] = Counter()
        for path in paths:
            raw = path.read_bytes()
            seen.update(self.compare(raw, "simple") | self.compare(raw, "relaxed"))
        return seen

    def test_ordinary(self) -> None:
        """Ordinary mail is seen the same way."""
        paths = corpus("dev")[::EVERY]
        seen = self.compare_all(paths)
        self.assertEqual(seen.keys() - {Habit.RAISES}, set())
        self.assertLess(seen.total(), len(paths) / 500)

    def test_torture(self) -> None:
        """Broken mail is seen another way for reasons that have a name."""
        self.compare_all(corpus("torture"))

    @EXAMPLES
    @given(st.text("\t\r\n\x0b a.", max_size=50).map(str.encode))
    @example(b"\r\n \t")
    @example(b"\r\r\n")
    def test_bodies(self, body: bytes) -> None:
        for form in THEIRS:
            found = self.compare(b"A: b\r\n\r\n" + body, form)
            self.assertLessEqual(found, {Habit.KEEPS_LAST_BLANK})

    @EXAMPLES
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([b"A", b"From", b"x-Y"]),
                st.text("\t\r\x0b a:\xe4", max_size=20),
                st.lists(
                    st.tuples(st.sampled_from([b"\n", b"\r\n"]), st.text("\t\ra ")), max_size=3
                ),
                st.sampled_from([b"\n", b"\r\n"]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def test_fields(self, fields: Any) -> None:
        raw = b""
        for name, value, folds, end in fields:
            raw += name + b":" + value.encode() + b"a"
            raw += b"".join(line + b" " + text.encode() + b"a" for line, text in folds) + end
        for form in THEIRS:
            self.assertLessEqual(self.compare(raw + b"\r\n", form), {Habit.STRIPS_MORE})


class HabitTests(SynchronousTestCase):
    """The differential test itself: each habit shows on a small message."""

    def test_habits(self) -> None:
        for raw, wanted in (
            (b"A: b\r\n\r\nc", set()),
            (b" A: b\r\n\r\nc", {Habit.RAISES}),
            (b"A : b\r\n\r\nc", {Habit.RAISES}),
            (b"From : b\r\n\r\nc", {Habit.FROM_IS_MBOX}),
            (b"A: b\r\n\r\nc ", {Habit.KEEPS_LAST_BLANK}),
            (b"A: b\x0b\r\n\r\nc", {Habit.STRIPS_MORE}),
            (b"A: b\r\r\n\r\nc\t", {Habit.STRIPS_MORE, Habit.KEEPS_LAST_BLANK}),
        ):
            self.assertEqual(habits(raw, "relaxed"), wanted, raw)
