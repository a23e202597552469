"""Maps of regular expressions: their form, what they find, and that none takes long."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.maps import Found, MapError, patterns
from mailfilter.maps.expanded import MOST, expanded
from mailfilter.maps.found import LookupTimeoutError
from mailfilter.maps.patterns import MAX_PATTERNS, Patterns


def made(*lines: str) -> Patterns:
    return Patterns("\n".join(lines).encode())


class PatternTests(SynchronousTestCase):
    """What is found."""

    def test_forms(self) -> None:
        table = made(
            r"/^win\b/i prize # a comment",
            r"/https?:\/\/a\.example/ link",
            "/with space # and sign/\tvalue here",
            "/a.b/s dot",
            r"/end\\/ backslash",
        )
        self.assertEqual(table.size, 5)
        for value, expected in (
            ("WIN now", Found(r"/^win\b/i", "prize")),
            ("you win", None),
            ("see http://a.example/", Found(r"/https?:\/\/a\.example/", "link")),
            ("with space # and sign", Found("/with space # and sign/", "value here")),
            ("a\nb", Found("/a.b/s", "dot")),
            ("end\\", Found(r"/end\\/", "backslash")),
            ("", None),
        ):
            self.assertEqual(table.find(value), expected, value)
        self.assertIsNone(table.find(None))

    def test_first_wins(self) -> None:
        table = made("/b/ 1", "/a/ 2")
        self.assertEqual(table.find("ab"), Found("/b/", "1"))

    def test_refused(self) -> None:
        for text, expected in (
            ("spam", "between slashes"),
            ("//", "between slashes"),
            ("/spam", "between slashes"),
            (r"/spam\/", "between slashes"),
            ("/a/b/", "between slashes"),
            ("/a/q", "between slashes"),
            ("/a/ix2 value", "between slashes"),
            ("/(/", "no regular expression"),
            ("/[/", "no regular expression"),
            ("/*a/", "no regular expression"),
            (f"/{'(' * 400}{')' * 400}/", "no regular expression: nested too deep"),
            (f"/{'a' * 1025}/", "at most 1024 characters"),
            ("/(?:(?:(?:(?:a?){50}){50}){50}){50}/", "too large"),
            ("/a{1000000}/", "too large"),
        ):
            with self.assertRaises(MapError) as caught:
                made("/ok/", text)
            self.assertEqual(caught.exception.line, 2, text)
            self.assertIn(expected, caught.exception.expected)

    def test_many(self) -> None:
        lines = [f"/word{at}x/" for at in range(MAX_PATTERNS)]
        self.assertEqual(made(*lines).size, MAX_PATTERNS)
        with self.assertRaises(MapError) as caught:
            made(*lines, "/one more/")
        self.assertEqual(caught.exception.line, MAX_PATTERNS + 1)

    def test_large_together(self) -> None:
        """Many that are just small enough are not."""
        lines = [f"/{at}a{{19000}}/" for at in range(11)]
        self.assertEqual(made(*lines[:2]).size, 2)
        with self.assertRaises(MapError) as caught:
            made(*lines)
        self.assertEqual(caught.exception.line, 11)
        self.assertIn("together too large", caught.exception.expected)

    def test_time(self) -> None:
        """One that backtracks without end is given up, and those behind it too."""
        table = made("/(a+)+$/", "/b/")
        with self.assertRaises(LookupTimeoutError) as caught:
            table.find("a" * 5000 + "b")
        self.assertIn("(a+)+$", str(caught.exception))
        self.patch(patterns, "SECONDS", 0.0)
        with self.assertRaises(LookupTimeoutError):
            made("/b/").find("b")

    def test_long_text(self) -> None:
        """What is behind a quarter of a million characters is not searched."""
        self.assertIsNone(made("/b/").find("a" * patterns.MAX_TEXT + "b"))


class ExpandedTests(SynchronousTestCase):
    """How large a pattern is with its repetitions written out."""

    def test_sizes(self) -> None:
        for pattern, expected in (
            *(("", 0), ("abc", 3), ("a{50}", 50), ("a{2,50}", 50), ("a{,5}b", 6), ("a{3,}", 3)),
            *((r"\d{4}-\d{4}", 9), (r"\{5}", 3), ("[a-z]{9}", 9), (r"[\]x]{9}", 9)),
            *(("[]x]{9}", 9), ("(ab){3}", 6), ("(a{50}){50}", 2500), ("a(b(c){2}d){3}e", 14)),
            *(("a{0}", 1), ("a{", 2), ("a{x}", 4), ("(a", 1), ("a)", 2), ("[a", 2), ("a\\", 2)),
        ):
            self.assertEqual(expanded(pattern), expected, pattern)
        self.assertEqual(expanded("(" * 9 + "a" + "{999})" * 9), MOST)
