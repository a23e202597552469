"""What an evaluation of SPF asks of DNS, counted (RFC 7208 4.6.4)."""

from collections.abc import Generator
from typing import TypeVar

from ..codec.dns_answer import Answer, DnsBudgetSpent, DnsBusy, DnsError, Kind, Question
from .spf_values import Limits, SpfStop, Step, shown

MAX_STEPS = 1000
"""Steps that are kept; large records have more terms than anybody reads."""

T = TypeVar("T")
Asking = Generator[Question, Answer | DnsError, T]
"""Yields questions, is sent what comes back, returns something."""


class MildQuestion(Question):
    """One whose error means as much as no record, so that it is not worth all of the time."""

    __slots__ = ()


class Asker:
    """Asks within limits, and keeps what was done."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.path: list[str] = []
        """The domains whose records led to where the evaluation is."""
        self.domain = ""
        """Whose record it is at, or was at when it ended."""
        self.steps: list[Step] = []
        self.lookups = 0
        self.void = 0

    def note(self, what: str | Question, outcome: str | Answer | DnsError) -> None:
        """Keep a step."""
        if len(self.steps) < MAX_STEPS:
            self.steps.append(Step(len(self.path), self.domain, what, outcome))

    def ask(self, name: str, kind: Kind) -> Asking[Answer]:
        """Ask, and stop if there is no answer."""
        answer = yield from self._ask(Question(name, kind))
        if isinstance(answer, DnsError):
            raise SpfStop("temperror", shown(str(answer), 160))
        return answer

    def _ask(self, question: Question) -> Asking[Answer | DnsError]:
        answer = yield question
        self.note(question, answer)
        return answer

    def ask_counted(self, name: str, kind: Kind) -> Asking[Answer]:
        """The same for the question of a term, which may have too many without records."""
        answer = yield from self.ask(name, kind)
        self.count_void(answer)
        return answer

    def ask_mildly(self, name: str, kind: Kind) -> Asking[Answer | None]:
        """The same where an error of DNS means as much as no record: None."""
        answer = yield from self._ask(MildQuestion(name, kind))
        if isinstance(answer, DnsBudgetSpent | DnsBusy):
            # We did not ask, so nothing follows for the domain.
            raise SpfStop("temperror", shown(str(answer), 160))
        return None if isinstance(answer, DnsError) else answer

    def count(self) -> None:
        """Count a term that asks (4.6.4)."""
        if self.lookups >= self.limits.lookups:
            raise SpfStop("permerror", f"more than {self.limits.lookups} terms that ask DNS")
        self.lookups += 1

    def count_void(self, answer: Answer) -> None:
        """Count an answer if it has no records (4.6.4)."""
        if answer.records:
            return
        self.void += 1
        if self.void > self.limits.void:
            raise SpfStop("permerror", f"more than {self.limits.void} terms without an answer")
