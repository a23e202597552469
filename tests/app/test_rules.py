"""Where rules come from."""

import os
from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from mailfilter.app.plan import draft, load_all, load_files, rules_of
from mailfilter.app.rules import (
    MAX_FILES,
    RulesUnreadError,
    load_rule_set,
    read_rule_files,
    rule_troubles,
    tell_of_rules,
)
from mailfilter.app.self_test import self_test
from mailfilter.checks import BUILT_IN
from mailfilter.config import ConfigError
from mailfilter.config.model import RuleSettings
from mailfilter.rules.check import RulesCheck
from tests.config.case import ConfigCase

from .test_plan import CHECK

RULE = """[[rule]]
symbol = "MINE"
score = 2
group = "mine"
description = "a rule of our own"
target = "subject"
match = "self-test"
"""
PYTHON = """
from mailfilter.rules import rule
from mailfilter.scan.task import Task

@rule("OURS", score=1, group="mine", description="in Python")
def ours(task: Task) -> bool:
    return task.message.subject == "self-test"
"""
CONFIG = "store.kind = 'memory'\nrules.dirs = ['rules.d']\n"
OWN = f"{CONFIG}rules.built_in = false\n"
"""Without those of the package, which take seconds to compile."""


class RuleFileTests(ConfigCase):
    """Files of the operator."""

    def setUp(self) -> None:
        """A directory with a rule."""
        super().setUp()
        self.rule = Path(self.write("rules.d/a.toml", RULE))
        self.settings = RuleSettings(dirs=(str(self.rule.parent),), built_in=False)

    def symbols(self) -> tuple[list[str], tuple[str, ...]]:
        """Symbols of all rules, and what is wrong."""
        found, checks = load_rule_set(self.settings, read_rule_files(self.settings), BUILT_IN)
        troubles = tuple(text.replace(f"{self.folder}/", "") for text in found.troubles)
        return [
            *(rule.symbol for rule in found.rules),
            *(rule.name for rule in found.python),
            *(symbol for check in checks for symbol in check.symbols),
        ], troubles

    def test_found(self) -> None:
        """Rules in TOML and in Python; other files are none."""
        self.write("rules.d/b.py", PYTHON)
        self.write("rules.d/c.txt", "no rule")
        self.assertEqual(self.symbols(), (["MINE", "OURS"], ()))

    def test_broken(self) -> None:
        """A broken file is told with place and reason, and the others are taken."""
        self.write("rules.d/b.py", PYTHON + "\n\nraise ValueError('no')\n")
        self.write("rules.d/c.py", "x = (\n")
        self.write("rules.d/d.py", "import sys\nsys.exit(1)\n")
        self.write("rules.d/e.py", "from mailfilter.rules import rule\n")
        self.write("rules.d/f.toml", "[[rule]\n")
        symbols, troubles = self.symbols()
        self.assertEqual(symbols, ["MINE"])
        for text, expected in zip(
            troubles,
            (
                "rules.d/b.py:10: ValueError: no",
                "rules.d/c.py:1: SyntaxError: ",
                "rules.d/d.py:2: SystemExit: 1",
                "rules.d/e.py:1: holds no function with @rule(...), and no check",
                "rules.d/f.toml:1: no TOML: ",
            ),
            strict=True,
        ):
            self.assertTrue(text.startswith(expected), text)

    def test_classes(self) -> None:
        """A class is a check, unless its name or a symbol is another's; the rest is taken."""
        again = CHECK.replace('"ours"', '"{name}"').replace('"OURS"', '"{symbol}"')
        for file, name, symbol in (
            ("a", "ours", "OURS"),
            ("b", "ours", "B"),
            ("c", "rules", "C"),
            ("d", "d", "GTUBE"),
            ("e", "e", "OURS"),
            ("f", "F", "F"),
            ("g", "g", "MINE"),
        ):
            text = again.replace("{name}", name).replace("{symbol}", symbol)
            self.write(f"rules.d/{file}.py", text)
        symbols, troubles = self.symbols()
        self.assertEqual(symbols, ["OURS", "MINE"])
        self.assertEqual(
            [text.partition("; ")[0].partition(", got")[0] for text in troubles],
            [
                "rules.d/b.py:8: Ours.name: another check is named ours",
                "rules.d/c.py:8: Ours.name: another check is named rules",
                "rules.d/d.py:8: Ours.symbols: check gtube declares GTUBE already",
                "rules.d/e.py:8: Ours.symbols: check ours declares OURS already",
                "rules.d/f.py:8: Ours.name: expected lower case letters, digits and _",
                "rules.d/a.toml:2: MINE: check g declares it already",
            ],
        )

    def test_names_of_checks(self) -> None:
        """The symbols of checks are theirs."""
        self.rule.write_text(RULE.replace("MINE", "GTUBE"))
        expected = "rules.d/a.toml:2: GTUBE: check gtube declares it already"
        self.assertEqual(self.symbols(), ([], (expected,)))

    def test_others_files(self) -> None:
        """Files that others may write are left out, and directories refused."""
        self.rule.chmod(0o666)
        symbols, (text,) = self.symbols()
        self.assertEqual(symbols, [])
        self.assertIn("a.toml: is writable by others; expected chmod go-w", text)
        self.rule.parent.chmod(0o777)
        self.assertRaises(RulesUnreadError, read_rule_files, self.settings)
        os.rename(self.rule.parent, f"{self.folder}/elsewhere")
        self.assertRaises(RulesUnreadError, read_rule_files, self.settings)

    def test_many(self) -> None:
        """No more files than a worker can be told of."""
        for number in range(MAX_FILES):
            self.write(f"rules.d/n{number}.toml", "")
        error = self.assertRaises(RulesUnreadError, read_rule_files, self.settings)
        self.assertIn(f"expected at most {MAX_FILES} files of rules", str(error))

    def test_built_in(self) -> None:
        """Those of the package are right, and have no symbol that a check has."""
        found = load_rule_set(RuleSettings(), checks=BUILT_IN).rules
        self.assertEqual(found.troubles, ())
        self.assertGreater(len(found.rules), 20)


class PlanTests(ConfigCase, TestCase):
    """From the configuration to the check."""

    def setUp(self) -> None:
        """A configuration with rules of its own."""
        super().setUp()
        self.rule = Path(self.write("rules.d/a.toml", RULE))
        self.path = self.write("m.toml", OWN)

    def test_check_has_rules(self) -> None:
        """All rules are compiled, those of the package without a word."""
        loaded, plan = load_all(self.write("m.toml", CONFIG))
        self.assertEqual(loaded.warnings, ())
        self.assertEqual(plan.symbols["MINE"].score, 2.0)
        self.assertIn("SUBJECT_ENDS_QUESTION", plan.symbols)
        (check,) = (step.check for step in plan.steps if isinstance(step.check, RulesCheck))
        self.assertIsNotNone(check.matcher)
        told: list[str] = []
        tell_of_rules(plan, told.append)
        check.budget.failed("MINE", "a", ValueError("x"))
        self.assertEqual(len(told), 1)

    async def test_self_test(self) -> None:
        """Rules fire in a scan; what is wrong with others is a warning there."""
        self.write("rules.d/b.toml", RULE.replace("MINE", "BAD").replace("self-test", "["))
        found = draft(self.path)
        loaded, plan = load_files(found.loaded.sources, (), found.rule_files)
        (text,) = rule_troubles(plan)
        self.assertIn("rules.d/b.toml:7: BAD: no expression: ", text)
        outcome = await self_test(loaded, plan, Clock())
        self.assertEqual((outcome.errors, outcome.warnings), ((), (text,)))

    def test_checkconfig(self) -> None:
        """Who looks at the configuration is told what is wrong with rules."""
        self.write("rules.d/b.toml", RULE.replace("MINE", "BAD").replace("score = 2", ""))
        loaded, _plan = load_all(self.path)
        (warning,) = loaded.warnings
        self.assertIn("rules.d/b.toml:2: BAD: score is missing", str(warning))

    def test_rules_of(self) -> None:
        """Commands have the rules of a configuration, ready, and what is wrong with others."""
        self.write("rules.d/b.toml", RULE.replace("MINE", "GTUBE"))
        self.write("rules.d/c.py", PYTHON)
        found = rules_of(self.path)
        self.assertIsNotNone(found.matcher)
        self.assertIn("MINE", [rule.symbol for rule in found.rules])
        self.assertEqual([rule.name for rule in found.python], ["OURS"])
        (text,) = found.troubles
        self.assertIn("b.toml:2: GTUBE: check gtube declares it already", text)

    def test_no_directory(self) -> None:
        """A directory that is not there is an error of the configuration."""
        path = self.write("n.toml", "rules.dirs = ['none']")
        for load in (load_all, draft):
            error = self.assertRaises(ConfigError, load, path)
            self.assertIn("n.toml:1: rules.dirs: ", str(error))
            self.assertIn("No such file or directory", str(error))

    def test_named_rule_is_broken(self) -> None:
        """If others name the symbol of a rule that is broken, both are told."""
        self.rule.write_text("[[rule]")
        path = self.write("m.toml", f"{OWN}symbols.MINE.score = 5\n")
        text = str(self.assertRaises(ConfigError, load_all, path))
        self.assertIn("no symbol is named MINE", text)
        self.assertIn("rules.d/a.toml:1: no TOML", text)

    def test_as_it_was_read(self) -> None:
        """A worker that starts later has the rules of the beginning, of both kinds."""
        self.write("rules.d/b.py", PYTHON)
        found = draft(self.path)
        self.rule.write_text("broken")
        self.write("rules.d/b.py", "broken")
        _loaded, plan = load_files(found.loaded.sources, (), found.rule_files)
        self.assertIn("MINE", plan.symbols)
        self.assertIn("OURS", plan.symbols)
        self.assertEqual(rule_troubles(plan), ())

    def test_kept(self) -> None:
        """Compiled rules are kept in the state directory, unless that is not wanted."""
        state = Path(self.folder) / "state"
        for text, many in ((OWN + "rules.cache = false", 0), (OWN, 1)):
            found = draft(self.write("m.toml", text))
            load_files(found.loaded.sources, (), found.rule_files, str(state))
            self.assertEqual(len(list(state.glob("rules/*.rules"))), many)

    def test_switched_off(self) -> None:
        """Without those of the package, and without any, of which none is compiled."""
        _loaded, plan = load_all(self.path)
        self.assertNotIn("SUBJECT_ENDS_QUESTION", plan.symbols)
        path = self.write("m.toml", f"{CONFIG}checks.rules.enabled = false\n")
        _loaded, plan = load_all(path)
        self.assertEqual(rule_troubles(plan), ())
        found = draft(path)
        state = Path(self.folder) / "state"
        load_files(found.loaded.sources, (), found.rule_files, str(state))
        self.assertEqual(list(state.glob("rules/*.rules")), [])
