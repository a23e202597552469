"""The check that asks all rules."""

import sys
from unittest.mock import patch

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.rules import check, rule
from mailfilter.rules.budget import MAX_OVERRUNS
from mailfilter.rules.check import rules_check
from mailfilter.rules.match import make_matcher
from mailfilter.rules.python import PythonRule
from mailfilter.scan.check import Check, Hit, Note
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.checks import run_check, scan_message, symbols_of
from tests.rules.case import rules_of

MAIL = b"Subject: x\n\n"


@rule("ASKED", score=2, group="test", description="asked")
def asked(task: Task) -> str:
    """Tell the subject."""
    return task.message.subject or ""


@rule("FAILS", score=2, group="test", description="fails")
def fails(task: Task) -> bool:
    """Have a mistake."""
    raise KeyError("x")


class RulesCheckTests(TestCase):
    """What the check finds."""

    def make(self, *texts: str, python: tuple[PythonRule, ...] = ()) -> type[Check]:
        """A check of some rules."""
        rules = rules_of(*texts)
        return rules_check(rules, python, make_matcher(rules))

    def test_finds(self) -> None:
        """Rules of both kinds fire."""
        made = self.make(
            "A target = 'subject'\nmatch = 'x'",
            "B target = 'subject'\nmatch = 'y'",
            python=(asked,),
        )
        self.assertEqual(symbols_of(run_check(made, MAIL)), {"A": (), "ASKED": ("x",)})
        self.assertEqual(list(made.symbols), ["A", "B", "ASKED"])

    def test_scores(self) -> None:
        """A scan counts the scores of rules; those of shadows are none."""
        rules = (
            "A target = 'subject'\nmatch = 'x'",
            "B target = 'subject'\nmatch = 'x'\nshadow = true",
        )
        scanning: Deferred[Verdict] = scan_message(MAIL, [self.make(*rules, python=(asked,))])

        def look(verdict: Verdict) -> None:
            found = {symbol.name: symbol.score for symbol in verdict.symbols}
            self.assertEqual(found, {"A": 1, "B": 0, "ASKED": 2})
            self.assertEqual(verdict.score, 3)

        return scanning.addCallback(look)  # type: ignore[return-value]

    def test_symbols_alone(self) -> None:
        """Without a matcher the symbols are declared, and nothing is sought."""
        made = rules_check(rules_of("A target = 'subject'\nmatch = 'x'"))
        self.assertEqual((list(made.symbols), run_check(made, MAIL)), (["A"], []))

    def test_failing(self) -> None:
        """A rule with a mistake is told of, and takes nothing away from others."""
        made = self.make(python=(fails, asked))
        told: list[str] = []
        made.budget.tell = told.append  # type: ignore[attr-defined]
        found = run_check(made, MAIL)
        self.assertEqual(found, [Note("rule FAILS fails: KeyError"), Hit("ASKED", options=("x",))])
        (text,) = told
        self.assertIn("rule FAILS (", text)
        self.assertIn("KeyError", text)

    def test_exiting(self) -> None:
        """So is one that wants to end the process."""

        @rule("EXITS", score=2, group="test", description="exits")
        def exits(task: Task) -> bool:
            sys.exit(1)

        found = run_check(self.make(python=(exits, asked)), MAIL)
        self.assertEqual(
            found, [Note("rule EXITS fails: SystemExit"), Hit("ASKED", options=("x",))]
        )

    def test_slow(self) -> None:
        """A rule that takes too long again and again is asked no more."""
        made = self.make(python=(asked,))
        with patch.object(check, "SECONDS", -1.0):
            for _ in range(MAX_OVERRUNS):
                self.assertEqual(len(run_check(made, MAIL)), 1)
        self.assertEqual(run_check(made, MAIL), [])

    def test_waiting(self) -> None:
        """So is one that waits, whatever for."""
        made = self.make(python=(asked,))
        with patch.object(check, "WAIT_SECONDS", -1.0):
            for _ in range(MAX_OVERRUNS):
                self.assertEqual(len(run_check(made, MAIL)), 1)
        self.assertEqual(run_check(made, MAIL), [])

    def test_pauses(self) -> None:
        """Others have their turn between targets, and between functions, if these take long."""
        pauses: list[None] = []

        async def pause(task: Task) -> None:
            pauses.append(None)

        self.patch(Task, "pause", pause)
        made = self.make(
            "A target = 'subject'\nmatch = 'x'",
            "B target = 'body'\nmatch = 'y'",
            "C target = 'text'\nmatch = 'y'",
            python=(asked, asked),
        )
        for seconds, expected in ((60.0, 0), (-1.0, 4)):
            pauses.clear()
            self.patch(check, "TURN", seconds)
            self.assertEqual(len(run_check(made, MAIL + b"y")), 5)
            self.assertEqual(len(pauses), expected)

    def test_undecided(self) -> None:
        """That there was no time is in the trace."""
        made = self.make(f"SLOW target = 'body'\nmatch = '{'(?=a)(a|aa)*' * 4}$'")
        found = run_check(made, MAIL + b"a" * 5000 + b"b")
        self.assertEqual(found, [Note("no time for rule SLOW")])
