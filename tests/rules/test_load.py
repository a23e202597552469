"""Rules from TOML."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.load import MAX_EXAMPLES, MAX_PATTERNS, load_rules
from mailfilter.rules.model import Rule
from mailfilter.rules.target import Target

HEAD = """[[rule]]
symbol = "ONE"
score = 1
group = "headers"
description = "first"
"""

FULL = """
[[rule]]
symbol = "ENDS_QUESTION"
score = 1.5
group = "subject"
description = "Subject ends with ?"
target = "subject"
match = '\\?\\s*$'
flags = "i"
one_shot = false
shadow = true
[rule.examples]
match = ["Subject: what?"]
no_match = "Subject: what"

[[rule]]
symbol = "TWO"
score = -2
group = "mua"
description = "Two patterns"
target = "header:X-Mailer"
flags = "s"
when = "a & !b"
[rule.patterns]
a = 'x'
b = {match = 'y', target = "header:message-id", flags = "i"}
"""


class LoadTests(SynchronousTestCase):
    """What is read of a file."""

    def load(self, text: str) -> tuple[Rule, ...]:
        """The rules of a file in which nothing is wrong."""
        loaded = load_rules("r.toml", text.encode())
        self.assertEqual([str(item) for item in (*loaded.problems, *loaded.warnings)], [])
        return loaded.rules

    def test_all_keys(self) -> None:
        """A rule with each key that there is."""
        first, second = self.load(FULL)
        self.assertEqual(
            (first.symbol, first.score, first.group, first.description),
            ("ENDS_QUESTION", 1.5, "subject", "Subject ends with ?"),
        )
        self.assertEqual((first.one_shot, first.is_shadow, first.counted_score), (False, True, 0))
        self.assertEqual((first.hits, first.misses), (("Subject: what?",), ("Subject: what",)))
        (pattern,) = first.patterns
        self.assertEqual(pattern.target, Target("header", "subject"))
        self.assertEqual((pattern.text, pattern.flags), (r"\?\s*$", "i"))
        self.assertEqual((str(first.place), str(pattern.place)), ("r.toml:3", "r.toml:8"))
        self.assertEqual((second.score, second.counted_score, second.one_shot), (-2, -2, True))

    def test_many_patterns(self) -> None:
        """Patterns have the target and flags of the rule, or their own."""
        second = self.load(FULL)[1]
        found = [(item.name, str(item.target), item.flags) for item in second.patterns]
        expected = [("a", "header:x-mailer", "s"), ("b", "header:message-id", "i")]
        self.assertEqual(found, expected)
        self.assertTrue(second.condition(frozenset("a")))
        self.assertFalse(second.condition(frozenset("ab")))

    def test_any_and_count(self) -> None:
        """Without a condition any pattern will do, with a count so many."""
        patterns = f"{HEAD}target = 'body'\npatterns = {{a = 'x', b = 'y'}}\n"
        (any_,), (two,) = self.load(patterns), self.load(f"{patterns}count = '>= 2'")
        one = frozenset("a")
        self.assertEqual((any_.condition(one), two.condition(one)), (True, False))

    def test_empty(self) -> None:
        """A file may be without rules."""
        self.assertEqual(self.load("# nothing yet\n"), ())


class ProblemTests(SynchronousTestCase):
    """What is wrong, and where."""

    def test_keys(self) -> None:
        """Each wrong key is told by line, and with the symbol that cannot be had."""
        for rest, expected in (
            ("", "r.toml:2: ONE: expected either match or patterns"),
            ("match = 'x'\npatterns = {a = 'x'}", "r.toml:2: ONE: expected either match or"),
            ("match = 'x'", "r.toml:2: ONE: target is missing"),
            ("target = 'text'\nmatch = ''", "r.toml:7: ONE: match: expected an expression"),
            ("target = 'subjekt'\nmatch = 'x'", "r.toml:6: ONE: target: expected one of subject"),
            ("target = 'body'\nmatsh = 'x'", "r.toml:2: ONE: no key is named 'matsh'; did you"),
            ("target = 'body'\nmatch = 5", "r.toml:7: ONE: match: expected text, got '5'"),
            ("target = 'body'\nmatch = 'x'\nflags = 'ix'", "r.toml:8: ONE: flags: expected"),
            ("target = 'body'\nmatch = 'x'\nwhen = 'y'", "r.toml:8: ONE: when: expected a patt"),
            ("target = 'body'\nmatch = 'x'\ncount = '2'", "r.toml:8: ONE: count: expected a c"),
            (
                "target = 'body'\nmatch = 'x'\ncount = '> 1'\nwhen = 'match'",
                "r.toml:8: ONE: expected when or count, got both",
            ),
            ("target = 'body'\nmatch = 'x'\none_shot = 1", "r.toml:8: ONE: one_shot: expected t"),
            ("target = 'body'\nmatch = 'x'\nexamples = 1", "r.toml:8: ONE: examples: expected a"),
            (
                "target = 'body'\nmatch = 'x'\nexamples = {hit = 'x'}",
                "r.toml:8: ONE: no key is named examples.'hit'",
            ),
            (
                f"target = 'body'\nmatch = 'x'\nexamples.match = {['x'] * (MAX_EXAMPLES + 1)}",
                "r.toml:8: ONE: examples.match: expected a list of at most",
            ),
            ("target = 'body'\nmatch = '\u20ac'", "r.toml:7: ONE: match: expected octets"),
            ('target = "body"\nmatch = "a\\u0000b"', "r.toml:7: ONE: match: expected no NUL"),
            (f"target = 'body'\nmatch = '{'x' * 5000}'", "r.toml:7: ONE: match: expected at mo"),
            ("target = 'body'\npatterns = {}", "r.toml:7: ONE: patterns: expected 1 to 64, got 0"),
            (
                "patterns = {"
                + ", ".join(f"a{n} = 'x'" for n in range(MAX_PATTERNS + 1))
                + "}\ntarget = 'body'",
                "r.toml:6: ONE: patterns: expected 1 to 64, got 65",
            ),
            ("target = 'body'\npatterns = {A = 'x'}", "r.toml:7: ONE: patterns.A: expected a nam"),
            ("target = 'body'\npatterns = {a = 1}", "r.toml:7: ONE: patterns.a: expected an expr"),
            ("patterns = {a = {match = 'x'}}", "r.toml:6: ONE: patterns.a: target is missing"),
            ("patterns = {a = {mach = 'x'}}", "r.toml:6: ONE: no key is named patterns.a.'mach'"),
        ):
            loaded = load_rules("r.toml", f"{HEAD}{rest}\n".encode())
            self.assertEqual(loaded.rules, (), rest)
            (problem,) = loaded.problems
            self.assertTrue(str(problem).startswith(expected), f"{problem} != {expected}")

    def test_values(self) -> None:
        """Symbols, scores, groups and descriptions have a form."""
        for old, new, expected in (
            ('"ONE"', '"O NE"', "r.toml:2: symbol: expected letters, digits and _"),
            ('symbol = "ONE"\n', "", "r.toml:1: symbol is missing"),
            ("score = 1", "score = nan", "r.toml:3: ONE: score: expected -1000 to 1000, got nan"),
            ("score = 1", "score = 1001", "r.toml:3: ONE: score: expected -1000 to 1000"),
            ("score = 1", "score = '1'", "r.toml:3: ONE: score: expected a number, got '1'"),
            ("score = 1", "score = true", "r.toml:3: ONE: score: expected a number, got 'True'"),
            ('"headers"', '"Head"', "r.toml:4: ONE: group: expected lower case letters"),
            ('"first"', '""', "r.toml:5: ONE: description: expected a line of at most 200"),
            ('"first"', '"a\\nb"', "r.toml:5: ONE: description: expected a line of at most 200"),
        ):
            text = f"{HEAD}target = 'body'\nmatch = 'x'\n".replace(old, new)
            (problem,) = load_rules("r.toml", text.encode()).problems
            self.assertTrue(str(problem).startswith(expected), f"{problem} != {expected}")

    def test_files(self) -> None:
        """A file that cannot be read has no rules, and a problem."""
        for data, expected in (
            (b"[[rule]]\nsymbol = 'A'\nsymbol = 'B'\n", "r.toml:3: no TOML: "),
            (b"[[rule]]\n\xff", "r.toml:2: expected UTF-8"),
            (b"[rule]\nsymbol = 'A'", "r.toml:1: expected [[rule]] with two brackets"),
            (b"[rules]\nsymbol = 'A'", "r.toml:1: expected [[rule]] only, got rules"),
            (b"a = " + b"[" * 5000, "r.toml:1: no TOML: nested too deep"),
            (b"a = " + b"1" * 5000, "r.toml:1: no TOML: "),
            (b"rule = [1]", "r.toml:1: expected [[rule]] with two brackets"),
        ):
            loaded = load_rules("r.toml", data)
            self.assertEqual(loaded.rules, ())
            (problem,) = loaded.problems
            self.assertTrue(str(problem).startswith(expected), f"{problem} != {expected}")

    def test_others_are_taken(self) -> None:
        """One bad rule does not take the others away."""
        loaded = load_rules("r.toml", FULL.replace("1.5", "'x'").encode())
        self.assertEqual([rule.symbol for rule in loaded.rules], ["TWO"])
        self.assertEqual(len(loaded.problems), 1)

    def test_warnings(self) -> None:
        """Doubtful expressions are taken, and told with their place."""
        loaded = load_rules("r.toml", f"{HEAD}target = 'body'\nmatch = '(a+)+'\n".encode())
        self.assertEqual(len(loaded.rules), 1)
        (warning,) = loaded.warnings
        self.assertTrue(str(warning).startswith("r.toml:7: ONE: a repetition in"), warning)
