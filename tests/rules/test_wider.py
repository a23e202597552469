"""Wider forms of expressions."""

from random import Random
from unittest import TestCase

import regex  # type: ignore[import-untyped]

from mailfilter.rules.wider import wider

ATOMS = (
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    r"\w",
    r"\.",
    "(?:ab)",
    "(?:a|b)",
    "[]a]",
    r"\x61",
    "[{a,}]",
)
COUNTS = ("", "*", "+?", "{2}", "{0,3}", "{151}", "{0,151}", "{1,400}", "{200,}", "{0,300}?")


class WiderTests(TestCase):
    def test_forms(self) -> None:
        for expression, expected in (
            ("a[^>]{0,400}b", "a[^>]*b"),
            ("a.{1,151}?b", "a.+?b"),
            (r"a\w{200}", r"a\w+"),
            (r"a\w{200,}", r"a\w+"),
            ("(?:[^ ]+ ){1001}", "(?:[^ ]+ )+"),
            ("(a{300}){2}", "(a{300}){2}"),
            ("(.{300}x){2}", "(.+x){2}"),
            (r"\p{L}{0,400}", r"\p{L}*"),
            ("a.{0,400}+b", "a.*b"),
        ):
            self.assertEqual(wider(expression), expected)

    def test_what_stays(self) -> None:
        for expression in (
            "",
            "a.{0,150}b",
            "a{400}",
            "(?:[^ ]+ ){600}",
            r"\.{400}",
            r"\x{2600}",
            "[.{0,400}]",
            "[^]{0,400}]",
            r"[\].{0,400}]",
            "[[:alpha:]{0,400}]",
            r"\\{400}",
            ".{x}",
            "a(?!.{0,400}b)",
            ".{",
            "[",
            "\\",
        ):
            self.assertEqual(wider(expression), expression)

    def test_never_narrower(self) -> None:
        """What an expression finds, its wider form finds."""
        chance = Random(5)
        seen = 0
        for _ in range(3000):
            pieces = [chance.choice(ATOMS) + chance.choice(COUNTS) for _ in range(3)]
            expression = "".join(pieces)
            other = wider(expression)
            if other == expression:
                continue
            text = "".join(chance.choice("ab.") * chance.choice((1, 2, 160, 320)) for _ in range(4))
            if regex.search(expression, text):
                seen += 1
                self.assertTrue(regex.search(other, text), (expression, other, text))
        self.assertGreater(seen, 200)
