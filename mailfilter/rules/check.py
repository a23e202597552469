"""The check that asks all rules."""

from collections.abc import Sequence
from time import thread_time

from ..scan.check import Check, Finding, Findings, Hit, Note, Symbol
from ..scan.task import Task
from .budget import SECONDS, Budget
from .match import Matcher
from .model import Rule
from .python import PythonRule


class RulesCheck(Check):
    """Base of the check `rules`, of which `rules_check` makes one that has rules."""

    name = "rules"
    budget: Budget
    matcher: Matcher | None
    python: Sequence[PythonRule]
    troubles: Sequence[str]
    """What was wrong with rules when they were read."""

    def run(self, task: Task) -> Findings:
        found: list[Finding] = []
        if self.matcher is not None:
            matched = self.matcher.run(task.message)
            found += [Hit(rule.symbol) for rule in matched.rules]
            found += [Note(f"no time for rule {symbol}") for symbol in matched.undecided]
        for rule in self.python:
            if rule.name not in self.budget.off:
                self._ask(rule, task, found)
        return found

    def _ask(self, rule: PythonRule, task: Task, found: list[Finding]) -> None:
        """Ask one, whose trouble is no trouble of others."""
        began = thread_time()
        try:
            hit = rule.hit(task)
        except Exception as error:
            self.budget.failed(rule.name, rule.place, error)
            found.append(Note(f"rule {rule.name} fails: {type(error).__name__}"))
            return
        if thread_time() - began > SECONDS:
            self.budget.overrun(rule.name, rule.place)
        if hit is not None:
            found.append(hit)


def rules_check(
    rules: Sequence[Rule],
    python: Sequence[PythonRule] = (),
    matcher: Matcher | None = None,
    troubles: Sequence[str] = (),
) -> type[Check]:
    """A check that declares the symbols of these rules.

    Without a matcher, nothing of `rules` is sought: for what only wants to know the symbols.
    """
    declared = {
        rule.symbol: Symbol(rule.counted_score, rule.group, rule.description, rule.one_shot)
        for rule in rules
    }
    declared |= {rule.name: rule.symbol for rule in python}
    values = {
        "symbols": declared,
        "matcher": matcher,
        "python": tuple(python),
        "budget": matcher.budget if matcher else Budget(),
        "troubles": tuple(troubles),
        "__module__": __name__,
        "__doc__": "Asks the rules of a configuration.",
    }
    return type("Rules", (RulesCheck,), values)
