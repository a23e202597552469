"""The check that asks all rules."""

from collections.abc import Sequence
from time import perf_counter, thread_time
from typing import cast

from ..scan.check import Check, Finding, Findings, Hit, Note, Symbol
from ..scan.task import Task
from .budget import SECONDS, WAIT_SECONDS, Budget
from .match import Matched, Matcher
from .model import Rule
from .python import PythonRule

TURN = 0.01
"""Seconds after which others have theirs."""


class _Turn:
    """The time since the last pause."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._began = perf_counter()

    async def end(self) -> None:
        """Pause, if the turn has been long."""
        if perf_counter() - self._began > TURN:
            await self._task.pause()
            self._began = perf_counter()


class RulesCheck(Check):
    """Base of the check `rules`, of which `rules_check` makes one that has rules."""

    name = "rules"
    budget: Budget
    matcher: Matcher | None
    python: Sequence[PythonRule]
    troubles: Sequence[str]
    """What was wrong with rules when they were read."""

    async def run(self, task: Task) -> Findings:
        found: list[Finding] = []
        turn = _Turn(task)
        if self.matcher is not None:
            matched = await self._match(self.matcher, task, turn)
            found += [Hit(rule.symbol) for rule in matched.rules]
            found += [Note(f"no time for rule {symbol}") for symbol in matched.undecided]
        for rule in self.python:
            if rule.name not in self.budget.off:
                self._ask(rule, task, found)
                await turn.end()
        return found

    async def _match(self, matcher: Matcher, task: Task, turn: "_Turn") -> Matched:
        """Match, and let others have their turn: to make the text of a large message takes long."""
        steps = matcher.steps(task.message)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("Matched", end.value)
            await turn.end()

    def _ask(self, rule: PythonRule, task: Task, found: list[Finding]) -> None:
        """Ask one, whose trouble is no trouble of others."""
        began, real = thread_time(), perf_counter()
        try:
            hit = rule.hit(task)
        except BaseException as error:
            # The operator's code: even sys.exit() in it is its own trouble.
            self.budget.failed(rule.name, rule.place, error)
            found.append(Note(f"rule {rule.name} fails: {type(error).__name__}"))
            return
        worked = thread_time() - began
        if worked > SECONDS:
            self.budget.overrun(rule.name, rule.place)
        waited = perf_counter() - real - worked
        self.budget.waited(rule.name, rule.place, waited > WAIT_SECONDS)
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
