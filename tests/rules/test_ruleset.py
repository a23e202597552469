"""All rules of a configuration."""

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from unittest.mock import patch

import hyperscan
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules import cache, match, rule, ruleset
from mailfilter.rules.budget import Budget
from mailfilter.rules.cache import Cache, Kept
from mailfilter.rules.match import Matcher
from mailfilter.rules.python import PythonRule
from mailfilter.rules.ruleset import RuleSet, compiled, read_rules
from tests.rules.case import HEAD, fired

RULES = f"""{HEAD}symbol = "A"
target = "subject"
match = "a"
{HEAD}symbol = "B"
target = "subject"
match = "(?=b)b"
examples.match = ["Subject: b", "Subject: a"]
{HEAD}symbol = "C"
target = "subject"
match = "["
"""
MINE = f'{HEAD}symbol = "A"\ntarget = "subject"\nmatch = "mine"\n'
BAD_EXAMPLE = "r.toml:12: B: does not match its match example 'Subject: a'"


def read(
    own: str = "",
    python: Iterable[PythonRule] = (),
    taken: Mapping[str, str] = MappingProxyType({}),
) -> RuleSet:
    """Shipped rules, and some of one's own."""
    shipped = [("r.toml", RULES.encode())]
    return read_rules(shipped, [("mine.toml", own.encode())], python, taken)


class ReadTests(SynchronousTestCase):
    """Which rules there are."""

    def test_own(self) -> None:
        """One's own rule takes the place of a shipped one, in TOML or in Python."""
        found = read(MINE)
        places = {rule.symbol: rule.place.file for rule in found.rules}
        self.assertEqual(places, {"A": "mine.toml", "B": "r.toml", "C": "r.toml"})
        python = rule("A", score=1, group="test", description="x")(lambda task: True)
        found = read(python=[python])
        self.assertEqual([rule.symbol for rule in found.rules], ["B", "C"])
        self.assertEqual((found.python, found.troubles), ((python,), ()))

    def test_twice(self) -> None:
        """A symbol that somebody has already is told with both places; the first one counts."""
        found = read(MINE + MINE, taken={"B": "check b"})
        self.assertEqual([rule.symbol for rule in found.rules], ["C", "A"])
        self.assertEqual(
            found.troubles,
            (
                "mine.toml:12: A: the rule in mine.toml:5 declares it already",
                "r.toml:12: B: check b declares it already",
            ),
        )

    def test_troubles(self) -> None:
        """What is wrong in files is told, and what is doubtful."""
        found = read(MINE.replace('"mine"', '"(a+)+"') + MINE.replace('"A"', '"A B"'))
        first, second = found.troubles
        self.assertTrue(first.startswith("mine.toml:12: symbol: expected"), first)
        self.assertTrue(second.startswith("mine.toml:7: A: a repetition in"), second)


class CompiledTests(SynchronousTestCase):
    """Rules that are ready."""

    def setUp(self) -> None:
        """A cache that is empty."""
        self.path = f"{self.mktemp()}/rules"
        self.cache = Cache(self.path)

    def check_ready(self, found: RuleSet) -> None:
        """They work, and what is wrong is told."""
        assert found.matcher is not None
        self.assertEqual(fired(found.matcher, "Subject: ab\n\n"), ["A", "B"])
        first, second = found.troubles
        self.assertTrue(first.startswith("r.toml:22: C: no expression: "), first)
        self.assertEqual(second, BAD_EXAMPLE)
        self.assertEqual(list(found.check().symbols), ["A", "B", "C"])

    def test_cold_and_warm(self) -> None:
        """Compiled once, then read, with the same troubles; other rules are others."""
        self.check_ready(compiled(read(), self.cache))
        with patch.object(ruleset, "compile_rules", side_effect=AssertionError):
            self.check_ready(compiled(read(), self.cache))
            self.assertRaises(AssertionError, compiled, read(MINE), self.cache)

    def test_together(self) -> None:
        """What another process has compiled while we waited for it is not compiled again."""
        self.check_ready(compiled(read(), self.cache))
        late = patch.object(self.cache, "get", side_effect=[None, self.kept()])
        with late, patch.object(ruleset, "compile_rules", side_effect=AssertionError):
            self.check_ready(compiled(read(), self.cache))

    def kept(self) -> Kept | None:
        """What is in the cache."""
        (name,) = os.listdir(self.path)
        return self.cache.get(name.removesuffix(".rules"))

    def test_damaged(self) -> None:
        """A damaged cache is made anew."""
        self.check_ready(compiled(read(), self.cache))
        (name,) = os.listdir(self.path)
        with open(f"{self.path}/{name}", "r+b") as opened:
            opened.truncate(100)
        self.check_ready(compiled(read(), self.cache))
        self.assertIsNotNone(self.cache.get(name.removesuffix(".rules")))

    def test_foreign(self) -> None:
        """What another machine's library has made is made anew."""
        self.check_ready(compiled(read(), self.cache))
        real = Matcher
        answers = [hyperscan.error("error code -5")]

        def once(*given: object) -> object:
            if answers:
                raise answers.pop()
            return real(*given)  # type: ignore[arg-type]

        with patch.object(ruleset, "Matcher", once):
            self.check_ready(compiled(read(), self.cache))

    def test_full(self) -> None:
        """Where nothing can be kept, rules work, and why is told."""
        with patch.object(cache.Cache, "put", side_effect=OSError(28, "No space left on device")):
            found = compiled(read(MINE), self.cache)
        self.assertEqual(
            found.troubles[-1], "compiled rules cannot be kept: No space left on device"
        )

    def test_slow_examples(self) -> None:
        """What examples take is not held against rules, nor when they come from the cache."""
        budget = Budget()
        slow = MINE.replace("mine", "(?=m)mine") + "examples.match = [" + "'Subject: mine'," * 20
        with patch.object(match, "MESSAGE_SECONDS", 60.0), patch.object(match, "SECONDS", 1e-9):
            found = compiled(read(f"{slow}]\n"), self.cache, budget)
        assert found.matcher is not None
        self.assertIs(found.matcher.budget, budget)
        self.assertEqual(budget.off, set())

    def test_none(self) -> None:
        """Without a cache."""
        self.check_ready(compiled(read()))
