"""Sets of ours: where they belong, what they say, and that they verify."""

from collections import Counter

from mailfilter.auth.arc_seal import Place, UnsealableError, new_set, place_in
from mailfilter.mail import parse

from .arc_case import (
    ED,
    LIST,
    NAMES,
    NOW,
    OTHER,
    PASSED,
    RAW,
    ChainCase,
    digest_of,
    sealed,
    with_set,
)


def placed(raw: bytes, validation: str) -> Place:
    """Where a set of ours belongs."""
    return place_in(parse(raw).canonical, validation)  # type: ignore[arg-type]


class PlaceTests(ChainCase):
    def test_first(self) -> None:
        self.assertEqual(placed(RAW, "none"), (1, "none", ()))

    def test_next(self) -> None:
        place = placed(sealed(sealed()), "pass")
        self.assertEqual((place.instance, place.validation), (3, "pass"))
        self.assertEqual([one.instance for one in place.before], [1, 2])

    def test_failed(self) -> None:
        """It covers nothing of what was there (RFC 8617 5.1.2)."""
        self.assertEqual(placed(sealed(sealed()), "fail"), (3, "fail", ()))
        gap = sealed(sealed()).replace(b"i=1", b"i=7")
        self.assertEqual(placed(gap, "fail"), (8, "fail", ()))

    def test_failed_once(self) -> None:
        raw = with_set(RAW, LIST, Place(2, "fail", ()), results=PASSED, names=NAMES, time=NOW)
        error = self.assertRaises(UnsealableError, placed, raw, "fail")
        self.assertIn("sealed as failed already", str(error))

    def test_most(self) -> None:
        raw = RAW
        for _ in range(50):
            raw = sealed(raw)
        for validation in ("pass", "fail"):
            error = self.assertRaises(UnsealableError, placed, raw, validation)
            self.assertIn("there are 50 sets already", str(error))
        many = b"ARC-Seal: i=1; d=a.test\r\n" * 60 + RAW
        self.assertRaises(UnsealableError, placed, many, "fail")

    def test_other_chain(self) -> None:
        """What was found must be of what is there."""
        twice = sealed().removesuffix(RAW) + sealed()
        for raw, validation in ((RAW, "pass"), (sealed(), "none"), (twice, "pass")):
            self.assertRaises(UnsealableError, placed, raw, validation)

    def test_cut_header(self) -> None:
        for raw in (b"X: y\r\n" * 3000 + RAW, b"no field\r\n" + RAW, b"X: y\rz\r\n" + RAW):
            error = self.assertRaises(UnsealableError, placed, raw, "none")
            self.assertEqual(str(error), "the header cannot be read whole")


class SetTests(ChainCase):
    def test_values(self) -> None:
        """As milter and HTTP carry them: folded by LF and TAB, no line too long."""
        message = parse(RAW).canonical
        made = new_set(
            LIST,
            message,
            Place(1, "none", ()),
            results=PASSED,
            names=NAMES,
            digest=digest_of(message),
            time=NOW,
        )
        self.assertTrue(made.results.startswith("i=1; mx.list.test;\n\tspf=fail"))
        for value in made:
            self.assertTrue(value.isascii())
            self.assertEqual(Counter(value)["\n"], value.count("\n\t"))
            self.assertLessEqual(max(map(len, value.split("\n"))), 78)
        self.assertIn("cv=none", made.seal)
        self.assertIn("h=from:from:to:subject", made.signature)

    def test_verifies(self) -> None:
        """Whatever signs, on top of whatever others have signed."""
        raw = RAW
        for number, key in enumerate((LIST, ED, OTHER, ED, LIST), 1):
            raw = sealed(raw, key)
            self.assertEqual(self.assert_status(raw, "pass").instance, number)

    def test_failed(self) -> None:
        """Whoever gets it sees that it failed, and that we said so."""
        broken = sealed(sealed()).replace(b"Cats", b"Rats")
        place = placed(broken, "fail")
        raw = with_set(broken, OTHER, place, results=PASSED, names=NAMES, time=NOW)
        self.assert_status(raw, "fail", "the chain had failed already at i=3")
        # The set itself is sound.
        top = raw.removesuffix(broken)
        alone = top.replace(b"i=3", b"i=1").replace(b"cv=fail", b"cv=none") + RAW
        self.assert_status(alone, "fail", "does not verify")
