"""Runs evaluations of SPF over whatever answers questions."""

from collections.abc import Awaitable, Callable

from ..codec.dns_answer import Answer, DnsBudgetSpent, DnsError, Question
from .spf_asking import Asking
from .spf_values import SpfResult

MAX_SECONDS = 20.0
"""For one evaluation, as RFC 7208 4.6.4 has it at least."""


async def run_evaluation(
    evaluation: Asking[SpfResult],
    ask: Callable[[Question], Awaitable[Answer]],
    peek: Callable[[Question], Answer | None],
    clock: Callable[[], float],
    seconds: float = MAX_SECONDS,
) -> SpfResult:
    """Answer the questions of an evaluation until it ends.

    `ask` may raise `DnsError`, `peek` answers without waiting or not at all. After so many seconds
    of the clock no question is asked any more that would have to wait.
    """
    end = clock() + seconds
    try:
        question = next(evaluation)
        while True:
            question = evaluation.send(peek(question) or await _answer(ask, question, clock, end))
    except StopIteration as stop:
        result: SpfResult = stop.value
        return result


async def _answer(
    ask: Callable[[Question], Awaitable[Answer]],
    question: Question,
    clock: Callable[[], float],
    end: float,
) -> Answer | DnsError:
    if clock() >= end:
        return DnsBudgetSpent(question, "time for SPF is up")
    try:
        return await ask(question)
    except DnsError as error:
        return error
