"""Runs evaluations of SPF over whatever answers questions."""

from collections.abc import Awaitable, Callable
from math import inf

from ..codec.dns_answer import Answer, DnsBudgetSpent, DnsError, DnsTimeout, Question
from .spf_asking import Asking, MildQuestion
from .spf_values import SpfResult

MAX_SECONDS = 20.0
"""For one evaluation, as RFC 7208 4.6.4 has it at least."""

MILD_PART = 1 / 3
"""Of the time, for questions whose errors mean as much as no record: the client's own reverse zone
must not turn a fail into an error by its silence (RFC 7208 5.5)."""

Ask = Callable[[Question, float], Awaitable[Answer]]
"""Waits no longer than so many seconds; may raise `DnsError`."""


async def run_evaluation(
    evaluation: Asking[SpfResult],
    ask: Ask,
    peek: Callable[[Question], Answer | None],
    clock: Callable[[], float],
    mild_seconds: float = MAX_SECONDS * MILD_PART,
) -> SpfResult:
    """Answer the questions of an evaluation until it ends.

    `peek` answers without waiting or not at all. After `MAX_SECONDS` of the clock no question is
    asked any more that would have to wait, and none whose error means as much as no record once
    those have taken `mild_seconds`.
    """
    waiting = _Waiting(ask, clock, mild_seconds)
    try:
        question = next(evaluation)
        while True:
            question = evaluation.send(peek(question) or await waiting.answer(question))
    except StopIteration as stop:
        result: SpfResult = stop.value
        return result


class _Waiting:
    """Asks while there is time."""

    def __init__(self, ask: Ask, clock: Callable[[], float], mild_seconds: float) -> None:
        self._ask = ask
        self._clock = clock
        self._end = clock() + MAX_SECONDS
        self._mild = mild_seconds

    async def answer(self, question: Question) -> Answer | DnsError:
        """The answer, or the error as a value."""
        began = self._clock()
        if began >= self._end:
            return DnsBudgetSpent(question, "time for SPF is up")
        is_mild = isinstance(question, MildQuestion)
        if is_mild and self._mild <= 0:
            return DnsTimeout(question)
        try:
            return await self._ask(question, self._mild if is_mild else inf)
        except DnsError as error:
            return error
        finally:
            if is_mild:
                self._mild -= self._clock() - began
