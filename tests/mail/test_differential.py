"""The parser against the standard library's, over a corpus of real and of broken mail.

Set `MAILFILTER_CORPUS` to a directory with `dev/` (ordinary mail) and `torture/` (broken mail)
in it. Where the two differ, a property of the message must tell which habit of the standard
library is the reason; any other difference is a bug of ours.
"""

import email
import os
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.mail import AnomalyKind, Message, Part, parse
from mailfilter.mail.parse import MESSAGE_TYPES

EVERY = 4
"""Of the ordinary messages every fourth is compared, to keep the test short."""

Shape = tuple[list[str], list[tuple[str, int]]]
"""Names of the fields of the header; types and decoded sizes of the leaves."""


class Habit(StrEnum):
    """Why the standard library sees something else."""

    RAISES = "raises"
    """It raises: RecursionError for messages nested deeply."""
    CR_ENDS_LINES = "cr-ends-lines"
    """It takes a bare CR for a line end; MTAs do not, nor do we."""
    ALL_MESSAGE_TYPES = "all-message-types"
    """It parses the body of each `message/*` as a message: delivery reports, feedback reports,
    partial messages, references to messages elsewhere."""
    IGNORES_ENCODING = "ignores-encoding"
    """It parses containers whose body is base64 as if it were not."""
    STRIPS_OPEN_END = "strips-open-end"
    """It drops the last line end of a multipart that is not closed."""
    CUTS_UNSPLIT = "cuts-unsplit"
    """It drops lines of a multipart without parts."""
    STRICT_NAMES = "strict-names"
    """It ends the header at a name with 8-bit octets or with a space before the colon."""
    EXACT_ENCODING = "exact-encoding"
    """It does not know an encoding with white space, a comment or a semicolon behind it."""
    BASE64_GIVES_UP = "base64-gives-up"
    """It stops decoding at the first padding, or gives the text undecoded if it has errors."""
    LOOSE_TYPE = "loose-type"
    """It takes all text before the first semicolon for the type, comments and parameters too."""
    BOUNDARY_AS_IS = "boundary-as-is"
    """It knows one reading of a boundary with spaces, or that is given twice."""
    NO_LIMITS = "no-limits"
    """It has no caps."""
    QUOTED_ODDLY = "quoted-oddly"
    """It drops text behind an equals sign and a CR."""
    UU_STOPS = "uu-stops"
    """It gives up a uuencoded text at the first bad line."""


_LIMITED = {
    AnomalyKind.TOO_DEEP,
    AnomalyKind.TOO_MANY_PARTS,
    AnomalyKind.TOO_MANY_HEADERS,
    AnomalyKind.DECODED_CUT,
}
_BY_ANOMALY = {
    Habit.CR_ENDS_LINES: {AnomalyKind.BARE_CR},
    Habit.IGNORES_ENCODING: {AnomalyKind.ENCODED_CONTAINER},
    Habit.STRIPS_OPEN_END: {AnomalyKind.UNCLOSED_MULTIPART},
    Habit.CUTS_UNSPLIT: {AnomalyKind.BOUNDARY_NOT_FOUND, AnomalyKind.MISSING_BOUNDARY},
    Habit.STRICT_NAMES: {AnomalyKind.EIGHT_BIT_NAME, AnomalyKind.SPACE_BEFORE_COLON},
    Habit.BASE64_GIVES_UP: {AnomalyKind.BAD_BASE64, AnomalyKind.DATA_AFTER_PADDING},
    Habit.BOUNDARY_AS_IS: {AnomalyKind.AMBIGUOUS_BOUNDARY, AnomalyKind.BAD_BOUNDARY},
    Habit.UU_STOPS: {AnomalyKind.BAD_UUENCODE},
    Habit.NO_LIMITS: _LIMITED,
}
_EXACT_TYPE = re.compile(r"\s*[^\s;/]+/[^\s;/()<>\"]+\s*(;|$)")


def habits(message: Message) -> set[Habit]:
    """The habits of the standard library that matter to a message."""
    kinds = {anomaly.kind for anomaly in message.anomalies}
    found = {habit for habit, needed in _BY_ANOMALY.items() if kinds & needed}
    for part in message.parts:
        found.update(_part_habits(part))
    return found


def _part_habits(part: Part) -> Iterator[Habit]:
    if part.type.startswith("message/") and part.type not in MESSAGE_TYPES:
        yield Habit.ALL_MESSAGE_TYPES
    encoding = part.headers.get("content-transfer-encoding")
    if encoding is not None and encoding.value.strip(b" ").lower() != part.encoding.encode():
        yield Habit.EXACT_ENCODING
    if encoding is not None and encoding.value.rstrip() != encoding.value:
        yield Habit.EXACT_ENCODING
    content_type = part.headers.get("content-type")
    if content_type is not None and not _EXACT_TYPE.match(content_type.unfolded):
        yield Habit.LOOSE_TYPE
    if part.encoding == "quoted-printable" and re.search(rb"=\r(?!\n)", part.raw_body):
        yield Habit.QUOTED_ODDLY


def theirs(raw: bytes) -> Shape:
    """What the standard library sees."""
    message = email.message_from_bytes(raw)
    leaves = []
    for part in message.walk():
        if part.is_multipart():
            continue
        body = part.get_payload(decode=True)
        assert isinstance(body, bytes)
        leaves.append((part.get_content_type(), len(body)))
    return [name.lower() for name in message.keys()], leaves  # noqa: SIM118


def ours(message: Message) -> Shape:
    """What we see."""
    names = [header.name.lower() for header in message.headers]
    return names, [(part.type, len(part.decoded)) for part in message.leaves]


def corpus(folder: str) -> list[Path]:
    """The messages of a folder of the corpus, always in the same order."""
    top = os.environ.get("MAILFILTER_CORPUS")
    if not top:
        raise SkipTest("MAILFILTER_CORPUS is not set")
    found = sorted((Path(top) / folder).rglob("*.eml"))
    if not found:
        raise SkipTest(f"no messages in {top}/{folder}")
    return found


class Differential(SynchronousTestCase):
    """Differences are explained."""

    def compare(self, paths: list[Path]) -> Counter[Habit]:
        """Compare all messages; fail with the names of those whose difference has no reason."""
        unexplained: list[str] = []
        seen: Counter[Habit] = Counter()
        for path in paths:
            raw = path.read_bytes()
            message = parse(raw)
            mine = ours(message)
            try:
                if theirs(raw) == mine:
                    continue
                reasons = habits(message)
            except RecursionError:
                reasons = {Habit.RAISES}
            seen.update(reasons)
            if not reasons:
                unexplained.append(path.name)
        self.assertEqual(unexplained, [])
        return seen

    def test_ordinary(self) -> None:
        """Ordinary mail is seen the same way, but for one kind of part."""
        paths = corpus("dev")[::EVERY]
        seen = self.compare(paths)
        self.assertLess(sum(seen.values()), len(paths) / 50)

    def test_torture(self) -> None:
        """Broken mail is seen another way for reasons that have a name."""
        self.compare(corpus("torture"))


class Habits(SynchronousTestCase):
    """The differential test itself: each habit shows on a small message."""

    def check(self, raw: bytes, habit: Habit) -> None:
        """The two parsers differ about a message, and the habit is named."""
        message = parse(raw)
        self.assertNotEqual(theirs(raw), ours(message))
        self.assertIn(habit, habits(message))

    def test_each(self) -> None:
        """One message for each."""
        multipart = b"Content-Type: multipart/mixed; boundary=b\n\n"
        table = {
            Habit.CR_ENDS_LINES: b"A: 1\rB: 2\n\nx\n",
            Habit.ALL_MESSAGE_TYPES: b"Content-Type: message/partial\n\nA: 1\n\nx\n",
            Habit.IGNORES_ENCODING: b"Content-Type: message/rfc822\n"
            b"Content-Transfer-Encoding: base64\n\nQTogMQoKeAo=\n",
            Habit.STRIPS_OPEN_END: multipart + b"--b\n\nx\n",
            Habit.CUTS_UNSPLIT: multipart + b"x\n--b--\nx\n",
            Habit.STRICT_NAMES: b"A : 1\n\nx\n",
            Habit.EXACT_ENCODING: b"Content-Transfer-Encoding: base64 \n\neHh4\n",
            Habit.BASE64_GIVES_UP: b"Content-Transfer-Encoding: base64\n\neA==eA==\n",
            Habit.LOOSE_TYPE: b"Content-Type: text/plain charset=utf-8\n\nx\n",
            Habit.BOUNDARY_AS_IS: b"Content-Type: multipart/mixed; boundary=b c\n\n"
            b"--b\n\nx\n--b--\n",
            Habit.QUOTED_ODDLY: b"Content-Transfer-Encoding: quoted-printable\n\na=\rb\nc\n",
            Habit.NO_LIMITS: multipart + b"--b\n\n" * 2000 + b"--b--\n",
        }
        for habit, raw in table.items():
            with self.subTest(habit=habit):
                self.check(raw, habit)
