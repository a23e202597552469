"""Authentication-Results: forged ones are found, however they are written."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.report import authentication_results
from mailfilter.report.authentication_results import (
    MAX_BEFORE_END,
    MAX_PIECES,
    is_of,
    same_name,
)

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)

OURS = (
    b" mx.our.test; spf=pass",
    b"mx.our.test;spf=pass",
    b" MX.Our.TEST; spf=pass",
    b" mx.our.test",
    b" mx.our.test spf=pass",
    b" mx.our.test.; spf=pass",
    b" mx.our.test 1; spf=pass",
    b" mx.our.test/1; spf=pass",
    b" mx.our.test (x) 1 (y); spf=pass",
    b"\r\n\tmx.our.test;\r\n\tspf=pass",
    b"\r\n \r\n mx.our.test;\r\n\tspf=pass",
    b"\n\tmx.our.test\n\t;spf=pass",
    b" (comment) mx.our.test; spf=pass",
    b" (a (nested; \\) one) here) mx.our.test; spf=pass",
    b" (one)(two)mx.our.test(three); spf=pass",
    b" mx(x).our(y).test; spf=pass",
    b" mx . our . test; spf=pass",
    b" mx . our . test 1; spf=pass",
    b' "mx.our.test"; spf=pass',
    b' "mx\\.our.te\\st"; spf=pass',
    b' "mx.our.test."; spf=pass',
    b' "mx.our.test ;"; spf=pass'.replace(b" ;", b" "),
    b' "mx".our.test; spf=pass',
    b' "mx.our.test; spf=pass',
    b" (mx.our.test; spf=pass",
    b" )mx.our.test; spf=pass",
    b" ;mx.our.test; spf=pass",
    b" mx.our\0.test; spf=pass",
    b" \x01mx.our.test; spf=pass",
    b"\rmx.our.test; spf=pass",
    " mx.our\u3002test; spf=pass".encode(),
    " \uff4dx.our.test; spf=pass".encode(),
    " mx.o\u00adur.test; spf=pass".encode(),
    " mx.our\u2028.test; spf=pass".encode(),
    b" =?utf-8?q?mx.our.test?=; spf=pass",
    b" =?us-ascii?b?bXgub3VyLnRlc3Q=?=; spf=pass",
    b" (" + b"x" * MAX_BEFORE_END + b") mx.our.test; spf=pass",
    b" (foo; " + b"x" * MAX_BEFORE_END + b") mx.our.test; spf=pass",
    b' (foo; "' + b"x" * MAX_BEFORE_END + b'") mx.our.test; spf=pass',
    b" (" + "\u00e9".encode() * MAX_BEFORE_END + b") mx.our.test; spf=pass",
    b' "foo; ' + b"x" * MAX_BEFORE_END + b'" mx.our.test; spf=pass',
    b" " * (MAX_BEFORE_END + 1) + b"mx.our.test; spf=pass",
)
FOREIGN = (
    b"",
    b" ",
    b" ;",
    b" other.test; spf=pass",
    b" not-mx.our.test; spf=pass",
    b" mx.our.test.other; spf=pass",
    b" our.test; spf=pass",
    b" mx.our.testing; spf=pass",
    b" other.test; spf=pass smtp.mailfrom=mx.our.test",
    b" other.test (mx.our.test); spf=pass",
    b" (mx.our.test;) other.test; spf=pass",
    b" other.test; mx.our.test; spf=pass",
    b' "other.test; mx.our.test"; spf=pass',
    b" =?utf-8?q?mx.other.test?=; spf=pass",
    b" \xff\xfe; spf=pass",
    b" m\xc3\xbcx.our.test; spf=pass",
    b" other.test; " + b"x" * (2 * MAX_BEFORE_END),
    b" other.test " + b"x" * (MAX_BEFORE_END - 20) + b"; none",
)


class Counting:
    """Counts the calls of a function, or of the method `match` of a pattern."""

    def __init__(self, counted: Any) -> None:
        self._counted = counted
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self._counted(*args)

    def match(self, *args: Any) -> Any:
        self.calls += 1
        return self._counted.match(*args)


def belongs(value: bytes, name: str = "mx.our.test") -> bool:
    """Whether a field with that value is taken for one of ours."""
    message = parse(b"Authentication-Results:" + value + b"\r\nX-Next: 1\r\n\r\n")
    header = message.headers.get("authentication-results")
    assert header is not None
    return is_of(header, same_name(name))


class ForgedTests(SynchronousTestCase):
    """Whose a field is (bad-input.md row 16)."""

    def test_ours(self) -> None:
        """Every way to write our name."""
        for value in OURS:
            self.assertTrue(belongs(value), value[:80])

    def test_foreign(self) -> None:
        """Others' fields stay, whatever else is in them."""
        for value in FOREIGN:
            self.assertFalse(belongs(value), value[:80])

    def test_idna(self) -> None:
        """A name in Unicode is the same as its A-labels."""
        spellings = ("M\u00dcX.example", "xn--mx-xka.example", "XN--MX-XKA.example.")
        for ours in spellings:
            for theirs in spellings:
                self.assertTrue(belongs(f" {theirs}; x=y".encode(), ours), (ours, theirs))
        self.assertTrue(belongs("m\u00fcx\u200e.example; x=y".encode(), "m\u00fcx\u200e.example"))

    def test_hostile(self) -> None:
        """What has no end nearby, in shapes for which a careless reader takes quadratic time."""
        for piece in (b"(", b")", b'"', b'"\\', b'\\"', b"\\", b"(\\", b"()", b'"(', b"a ", b'"" '):
            self.assertFalse(belongs(piece * 20), piece)
            self.assertTrue(belongs(piece * (MAX_BEFORE_END + 1)), piece)
        encoded = b" =?utf-8?q?=28?= ;" + b"x" * MAX_BEFORE_END + b") other.test; spf=pass"
        self.assertTrue(belongs(encoded))
        self.assertFalse(belongs(b" a" * (MAX_PIECES // 2 - 1)))
        self.assertTrue(belongs(b" a" * MAX_PIECES))

    def test_one_look_for_an_end(self) -> None:
        """A quote or parenthesis without its other half is looked for once, and not again from
        each of those that follow: they have none either."""
        for name, value in (("_PIECE", b'"' + b'\\"' * 200), ("_comment_end", b"(" * 400)):
            counting = Counting(getattr(authentication_results, name))
            patch = self.patch(authentication_results, name, counting)
            self.assertFalse(belongs(value))
            patch.restore()
            self.assertEqual(counting.calls, 1, name)

    @bounded
    @given(st.lists(st.sampled_from([b"(", b")", b'"', b"\\", b";", b"mx.our.test", b"a", b" "])))
    def test_any(self, pieces: list[bytes]) -> None:
        """Nothing raises, and our name in front is always found."""
        belongs(b"".join(pieces))
        self.assertTrue(belongs(b"mx.our.test " + b"".join(pieces)))
