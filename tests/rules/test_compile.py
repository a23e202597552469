"""What rules are compiled to."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.compile import compile_rules, patterns_of, without
from tests.rules.case import rules_of


class CompileTests(SynchronousTestCase):
    """Tables, and what is wrong."""

    def test_tables(self) -> None:
        """One for each target, in which ids count over all rules."""
        rules = rules_of(
            "A target = 'subject'\npatterns = {a = 'x', b = {match = 'y', target = 'body'}}",
            "B target = 'header:Subject'\nmatch = '(?=x)y'",
        )
        compiled = compile_rules(rules)
        found = [(str(table.target), table.confirmed) for table in compiled.tables]
        self.assertEqual(found, [("header:subject", (2,)), ("body", ())])
        self.assertEqual(compiled.faults, ())
        names = [(at, pattern.name) for at, pattern in patterns_of(rules)]
        self.assertEqual(names, [(0, "a"), (0, "b"), (1, "match")])

    def test_without(self) -> None:
        """A table loses rules, and is none without the last of them."""
        rules = rules_of("A target = 'body'\nmatch = 'x'", "B target = 'body'\nmatch = '(?=x)y'")
        (table,) = compile_rules(rules).tables
        for dropped, confirmed in (({0}, (1,)), ({1}, ())):
            left = without(table, rules, frozenset(dropped))
            self.assertEqual(left and left.confirmed, confirmed)
        self.assertIsNone(without(table, rules, frozenset({0, 1})))

    def test_faults(self) -> None:
        """A rule with one bad expression has none that count, and ids stay as they are."""
        rules = rules_of(
            "A target = 'subject'\npatterns = {a = 'x', b = '(?<=x', c = 'z'}",
            "B target = 'subject'\nmatch = '(?=x)y'",
        )
        compiled = compile_rules(rules)
        (fault,) = compiled.faults
        self.assertEqual((fault.rule, fault.pattern), (0, 1))
        self.assertTrue(fault.text.startswith("no expression: "), fault.text)
        self.assertEqual([table.confirmed for table in compiled.tables], [(3,)])

    def test_hostile(self) -> None:
        """Whatever is no expression is a fault, never an exception."""
        for text in ("(" * 2000, "[" * 100, "a{99999}", "\\1", "(?P<a>x)(?P=b)", "(?R)", "*", "\\"):
            compiled = compile_rules(rules_of(f"A target = 'body'\nmatch = '{text}'"))
            self.assertEqual([fault.rule for fault in compiled.faults], [0], text)

    def test_nothing(self) -> None:
        """No rules are no tables."""
        self.assertEqual(compile_rules(()).tables, ())
