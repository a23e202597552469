"""Which rules fire."""

from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.rules import beside, match
from mailfilter.rules.budget import MAX_OVERRUNS
from mailfilter.rules.match import make_matcher
from mailfilter.rules.model import Pattern
from tests.rules.case import finds, fired, rules_of

SUBJECT = "target = 'subject'\nmatch = "
SLOW = f"SLOW target = 'body'\nmatch = '{'(?=a)(a|aa)*' * 4}$'"
"""Takes ages for `regex`, and is none for hyperscan."""


class ExpressionTests(SynchronousTestCase):
    """What an expression finds."""

    def test_expressions(self) -> None:
        """Anchors are ends of lines, letters are characters, flags do what they say."""
        for expression, subject, expected in (
            (r"'\?\s*$'", "what?", True),
            (r"'\?\s*$'", "what? no", False),
            ("'^what'", "what?", True),
            ("'^hat'", "what?", False),
            ("'WHAT'", "what?", False),
            ("'WHAT'\nflags = 'i'", "what?", True),
            ("'CAF\u00c9'\nflags = 'i'", "caf\u00e9", True),
            ("'^.{4}$'", "caf\u00e9", True),
            ("'^[^x]{4}$'", "caf\u00e9", True),
            (r"'\x{20AC}'", "5 \u20ac", True),
            ("'^'", "", True),
            ("'^$'", "", True),
            ("'^$'", "x", False),
        ):
            found = finds(f"Subject: {subject}\n\n", f"A {SUBJECT}{expression}")
            self.assertEqual(found, ["A"] if expected else [], f"{expression}: {subject}")

    def test_lines(self) -> None:
        """Each value is a line; only with a flag a dot is the end of one."""
        message = "X-A: one\nX-A: two\n\n"
        for expression, expected in (
            ("'^two$'", True),
            ("'one.two'", False),
            ("'one.two'\nflags = 's'", True),
            (r"'\Aone\ntwo\z'", True),
        ):
            found = finds(message, f"A target = 'header:x-a'\nmatch = {expression}")
            self.assertEqual(found, ["A"] if expected else [], expression)

    def test_octets(self) -> None:
        """In what was sent, expressions are about octets."""
        for expression, body, expected in (
            (r"'\xe9'", b"caf\xe9", True),
            ("'\u00e9'", b"caf\xe9", True),
            ("'\u00e9'", "caf\u00e9".encode(), False),
            ("'^.{5}$'", "caf\u00e9".encode(), True),
        ):
            found = finds(b"Subject: x\n\n" + body, f"A target = 'body'\nmatch = {expression}")
            self.assertEqual(found, ["A"] if expected else [], expression)

    def test_confirmed(self) -> None:
        """What hyperscan only narrows down is decided by another."""
        for expression, subject, expected in (
            (r"'(?!spam)\w+ today'", "eggs today", True),
            (r"'^(?!spam)\w+ today'", "spam today", False),
            (r"'(?<=b)c'", "abc", True),
            (r"'(?<=b)c'", "acc", False),
            (r"'([a-z])\1'", "abba", True),
            (r"'([a-z])\1'", "abab", False),
            (r"'a++b'", "aab", True),
            (r"'a++ab'", "aab", False),
            ("'(?<=\u00c9)X'\nflags = 'i'", "\u00e9x", True),
            (r"'\w(?=\b)'", "\u00e9", False),
        ):
            found = finds(f"Subject: {subject}\n\n", f"A {SUBJECT}{expression}")
            self.assertEqual(found, ["A"] if expected else [], f"{expression}: {subject}")


class RuleTests(SynchronousTestCase):
    """Which rules fire."""

    def test_large_counts(self) -> None:
        """What would take half a minute to compile is decided exactly."""
        pieces = ("[^.]{0,400}".join("abcd"), ".{0,400}".join("ef"))
        rule = f"A target = 'text'\nmatch = '{'[^.]{0,400}'.join(pieces)}'\nflags = 'is'"
        for text, expected in (
            ("a b c d e f", True),
            ("a" + "-" * 400 + "bcdef", True),
            ("a" + "-" * 401 + "bcdef", False),
            ("a.bcdef", False),
        ):
            found = finds(f"Subject: x\n\n{text}\n", rule)
            self.assertEqual(found, ["A"] if expected else [], text)

    def test_many(self) -> None:
        """Each rule is asked, and told in the order of the file, whatever its target."""
        rules = (
            f"A {SUBJECT}'x'",
            "B target = 'body'\nmatch = 'y'",
            f"C {SUBJECT}'x'",
            f"D {SUBJECT}'z'",
        )
        self.assertEqual(finds("Subject: x\n\ny", *rules), ["A", "B", "C"])

    def test_conditions(self) -> None:
        """Patterns of several targets in one condition; what is absent does not match."""
        rule = (
            "A target = 'subject'\npatterns = {a = 'x', b = {target = 'header:x-b', match = '^'}}"
        )
        for message, condition, expected in (
            ("Subject: x\nX-B:\n\n", "a & b", True),
            ("Subject: x\n\n", "a & b", False),
            ("Subject: x\n\n", "a & !b", True),
            ("Subject: y\n\n", "!a & !b", True),
            ("To: y\n\n", "!a & !b", True),
            ("X-B: y\n\n", "!a & !b", False),
        ):
            found = finds(message, f"{rule}\nwhen = '{condition}'")
            self.assertEqual(found, ["A"] if expected else [], f"{message} {condition}")

    def test_counts(self) -> None:
        """A count is one of patterns, not of places where they match."""
        rule = f"A {SUBJECT[:19]}\npatterns = {{a = 'a', b = 'b', c = 'c'}}\ncount = '>= 2'"
        for subject, expected in (("aaa", False), ("ab", True), ("cab", True)):
            self.assertEqual(finds(f"Subject: {subject}\n\n", rule), ["A"] if expected else [])

    def test_bad_pattern(self) -> None:
        """A rule with an expression that is none is told, and the others work."""
        matcher = make_matcher(
            rules_of(f"A {SUBJECT}'x['", f"B {SUBJECT}'x'", f"C {SUBJECT}'((x{{200}}){{200}})\\1'")
        )
        self.assertEqual(fired(matcher, "Subject: x\n\n"), ["B"])
        first, second = map(str, matcher.troubles)
        self.assertTrue(first.startswith("r.toml:7: A: no expression: "), first)
        self.assertTrue(
            second.endswith("C: no expression: repetitions of repetitions make it too large"),
            second,
        )
        self.assertEqual([rule.symbol for rule in matcher.rules], ["B"])

    def test_half_bad(self) -> None:
        """A rule of which one expression is none has no other way to fire."""
        patterns = "{a = 'x', b = {target = 'body', match = '['}}"
        for condition in ("a | b", "a & !b", "!a | !b"):
            rule = f"A target = 'subject'\npatterns = {patterns}\nwhen = '{condition}'"
            self.assertEqual(fired(make_matcher(rules_of(rule)), "Subject: x\n\n"), [], condition)

    def test_again(self) -> None:
        """A matcher keeps nothing of a message."""
        matcher = make_matcher(rules_of(f"A {SUBJECT}'x'", f"B {SUBJECT}'y'"))
        found = [fired(matcher, f"Subject: {subject}\n\n") for subject in ("x", "y", "z", "xy")]
        self.assertEqual(found, [["A"], ["B"], [], ["A", "B"]])


class TimeTests(SynchronousTestCase):
    """Expressions that never end."""

    def test_undecided(self) -> None:
        """Without an answer in time a rule does not fire, and that is told."""
        rules = rules_of(SLOW, f"{SLOW.replace('SLOW', 'NOT')}\nwhen = '!match'", f"A {SUBJECT}'x'")
        matched = make_matcher(rules).run(parse(b"Subject: x\n\n" + b"a" * 5000 + b"b"))
        self.assertEqual([rule.symbol for rule in matched.rules], ["A"])
        self.assertEqual(matched.undecided, ["SLOW", "NOT"])

    def test_switched_off(self) -> None:
        """A rule that takes too long again and again is off, with one alarm."""
        matcher = make_matcher(rules_of(SLOW, f"A {SUBJECT}'x'"))
        told: list[str] = []
        matcher.budget.tell = told.append
        message = parse(b"Subject: x\n\n" + b"a" * 5000 + b"b")
        with patch.object(match, "SECONDS", 0.001):
            for _ in range(MAX_OVERRUNS):
                self.assertEqual(matcher.run(message).undecided, ["SLOW"])
            matched = matcher.run(message)
        self.assertEqual(matched.undecided, [])
        self.assertEqual([rule.symbol for rule in matched.rules], ["A"])
        (text,) = told
        self.assertTrue(text.startswith("rule SLOW (r.toml:5) took more than 20 ms with 10"), text)

    def test_slow_search(self) -> None:
        """The expression by which a search takes long is found, and its rule leaves the table."""
        text = "SLOW target = 'body'\nmatch = 'slow'"
        matcher = make_matcher(rules_of("A target = 'body'\nmatch = 'b$'", text))
        told: list[str] = []
        matcher.budget.tell = told.append
        message = parse(b"Subject: x\n\nslow\n" + b"a" * match.LONG + b"b\n")

        def seconds(pattern: Pattern, is_wide: bool, octets: bytes) -> float:
            return float(pattern.text == "slow")

        with (
            patch.object(match, "SECONDS", 0.0),
            patch.object(match, "INTERVAL", 0.0),
            patch.object(beside, "seconds_of", seconds),
        ):
            for _ in range(MAX_OVERRUNS):
                found = [rule.symbol for rule in matcher.run(message).rules]
                self.assertEqual(found, ["A", "SLOW"])
                matcher.beside.wait()
            for _ in range(2):
                self.assertEqual([rule.symbol for rule in matcher.run(message).rules], ["A"])
                matcher.beside.wait()
        self.assertEqual(len(told), 1)
        self.assertEqual(matcher.matches(matcher.rules[1], message), frozenset())

    def test_nobody_slow(self) -> None:
        """A search that took long by chance has no consequence; nor has one of little text."""
        matcher = make_matcher(rules_of("A target = 'body'\nmatch = 'b$'"))
        long, short = (parse(b"Subject: x\n\n" + b"a" * size) for size in (9999, 99))
        with patch.object(match, "SECONDS", 0.0), patch.object(match, "INTERVAL", 0.0):
            with patch.object(matcher.beside, "start") as start:
                matcher.run(short)
                self.assertEqual(start.call_count, 0)
                matcher.run(long)
                self.assertEqual(start.call_count, 1)
            with patch.object(beside, "seconds_of", lambda *_: 0.0):
                matcher.run(long)
                matcher.beside.wait()
                matcher.run(short)
        self.assertEqual(matcher.budget.off, set())

    def test_suspects(self) -> None:
        """All that was searched for together, in the form in which it was."""
        rules = rules_of(
            "A target = 'body'\nmatch = '(?=s)low'",
            "B target = 'body'\nmatch = 'b$'",
            f"C {SUBJECT}'x'",
        )
        matcher = make_matcher(rules)
        seen: list[tuple[str, bool]] = []

        def seconds(pattern: Pattern, is_wide: bool, octets: bytes) -> float:
            seen.append((pattern.text, is_wide))
            return 0.0

        with patch.object(match, "SECONDS", 0.0), patch.object(beside, "seconds_of", seconds):
            matcher.run(parse(b"Subject: x\n\n" + b"a" * 9999))
            matcher.beside.wait()
        self.assertEqual(seen, [("(?=s)low", True), ("b$", False)])

    def test_blamed_again(self) -> None:
        """What takes seconds of work is not done for each message."""
        matcher = make_matcher(rules_of("A target = 'body'\nmatch = 'b$'"))
        message = parse(b"Subject: x\n\n" + b"a" * 9999)
        with patch.object(match, "SECONDS", 0.0), patch.object(matcher.beside, "start") as start:
            for _ in range(3):
                matcher.run(message)
            self.assertEqual(start.call_count, 1)

    def test_message_budget(self) -> None:
        """Many slow rules have no more time than the message has, and none is to blame."""
        rules = rules_of(*(SLOW.replace("SLOW", f"S{n}") for n in range(20)))
        matcher = make_matcher(rules)
        message = parse(b"Subject: x\n\n" + b"a" * 5000 + b"b")
        with patch.object(match, "MESSAGE_SECONDS", 0.01):
            for _ in range(MAX_OVERRUNS):
                self.assertEqual(len(matcher.run(message).undecided), 20)
        self.assertEqual(matcher.budget.off, set())
