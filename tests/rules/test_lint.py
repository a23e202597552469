"""Doubtful shapes of expressions."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.lint import doubts


class DoubtTests(SynchronousTestCase):
    """What is told, and what is not."""

    def test_doubtful(self) -> None:
        """Each shape has a word of its own."""
        for expression, expected in (
            ("(a+)+b", "a repetition in a repetition"),
            ("(?:ab*)*c", "a repetition in a repetition"),
            (r"(\w+\s?)+$", "a repetition in a repetition"),
            ("([a-z]+ ?)*$", "a repetition in a repetition"),
            ("a{2,5000}", "a repetition of more than 1000"),
            ("(?:ab){70000}", "a repetition of more than 1000"),
            ("a[^>]{0,151}b", "a class or a dot"),
            ("a.{400}b", "a class or a dot"),
            (r"\w{2,900}", "a class or a dot"),
            (".*spam", "'.*' at an end"),
            ("spam.*", "'.*' at an end"),
        ):
            (found,) = doubts(expression)
            self.assertTrue(found.startswith(expected), f"{expression}: {found}")

    def test_fine(self) -> None:
        """Shapes that only look like these."""
        for expression in (
            r"(?:ab+c)+",
            r"a{2,50}",
            r"a.{0,150}b",
            r"(?:[^ ]+ ){600}",
            r"[\x{2600}-\x{27BF}]",
            r"^.*spam",
            r"spam\.*",
            r"(a|b)+",
            r"\(a+\)+",
            "",
        ):
            self.assertEqual(doubts(expression), [], expression)

    def test_hostile(self) -> None:
        """Long expressions are looked at in time that is linear."""
        for piece in ("(", "(a", "{1,", "(?:", "[^"):
            self.assertEqual(doubts(piece * 50_000), [])
