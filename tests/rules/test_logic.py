"""How patterns are put together."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.logic import (
    MAX_CONDITION,
    MAX_DEPTH,
    ConditionError,
    read_any,
    read_count,
    read_when,
)

NAMES = ("a", "b", "c")


def truth(text: str, names: tuple[str, ...] = NAMES) -> list[str]:
    """The sets of matching patterns for which a condition holds, as texts."""
    condition = read_when(text, names)
    subsets = [
        frozenset(name for at, name in enumerate(names) if bits >> at & 1)
        for bits in range(2 ** len(names))
    ]
    return sorted("".join(sorted(subset)) for subset in subsets if condition(subset))


class WhenTests(SynchronousTestCase):
    """Conditions in words."""

    def test_truth(self) -> None:
        """Not binds closest, or least; parentheses and white space do what they do elsewhere."""
        for text, names, expected in (
            ("a", "a", ["a"]),
            ("!a", "a", [""]),
            ("!!a", "a", ["a"]),
            ("a & b", "ab", ["ab"]),
            ("a | b", "ab", ["a", "ab", "b"]),
            ("a & !b", "ab", ["a"]),
            ("!a & b", "ab", ["b"]),
            ("a | b & c", "abc", ["a", "ab", "abc", "ac", "bc"]),
            ("(a | b) & c", "abc", ["abc", "ac", "bc"]),
            ("!(a | b) & c", "abc", ["c"]),
            ("a&b&c", "abc", ["abc"]),
            (" a\n|\tb ", "ab", ["a", "ab", "b"]),
        ):
            self.assertEqual(truth(text, tuple(names)), expected, text)

    def test_refused(self) -> None:
        """What is wrong is said with what was expected."""
        for text, expected in (
            ("", "expected a pattern (a, b, c), ! or a parenthesis, got the end"),
            ("a &", "expected a pattern (a, b, c), ! or a parenthesis, got the end"),
            ("a b", "expected & or | before 'b'"),
            ("(a | b", "expected a closing parenthesis"),
            ("a | b) & c", "expected & or | before ')'"),
            ("a | d", "expected a pattern (a, b, c), ! or a parenthesis, got d"),
            ("a && b", "expected a pattern (a, b, c), ! or a parenthesis, got &"),
            ("a and b", "expected & or | before 'and'"),
            ("a + b", "expected names of patterns, & | ! and parentheses, got '+ b'"),
            ("a | b", "pattern c is not used"),
            ("a" * (MAX_CONDITION + 1), f"expected at most {MAX_CONDITION} characters"),
            ("!" * 900 + "a", f"expected at most {MAX_DEPTH} levels of ! and parentheses"),
            ("(" * 900, f"expected at most {MAX_DEPTH} levels of ! and parentheses"),
        ):
            error = self.assertRaises(ConditionError, read_when, text, NAMES)
            self.assertEqual(str(error), expected, text)


class CountTests(SynchronousTestCase):
    """Conditions that count."""

    def test_counts(self) -> None:
        """Each comparison, with and without a blank."""
        for text, expected in (
            (">= 2", [2, 3]),
            (">2", [3]),
            ("< 1", [0]),
            ("<=1", [0, 1]),
            ("== 2", [2]),
        ):
            condition = read_count(text, NAMES)
            found = [many for many in range(4) if condition(frozenset(NAMES[:many]))]
            self.assertEqual(found, expected, text)

    def test_refused(self) -> None:
        """No count, and one that is always or never so."""
        for text, expected in (
            ("2", "expected a count such as '>= 2', got '2'"),
            ("=> 2", "expected a count such as '>= 2', got '=> 2'"),
            (">= 4", "'>= 4' makes no difference for 3 patterns"),
            (">= 0", "'>= 0' makes no difference for 3 patterns"),
        ):
            error = self.assertRaises(ConditionError, read_count, text, NAMES)
            self.assertEqual(str(error), expected)

    def test_any(self) -> None:
        """Without a condition one pattern is enough."""
        condition = read_any(NAMES)
        self.assertEqual([condition(frozenset()), condition(frozenset("b"))], [False, True])
