"""Runs evaluations, which are generators, over whatever answers their questions.

An evaluation yields the questions that it has next, all at once, and is sent their answers in the
same order, errors as values. It yields no question where others may have their turn; if its time
is up then, it gets OutOfTime.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

from ..codec.dns_answer import Answer, DnsError, Question

T = TypeVar("T")

Asks = tuple[Question, ...]
Answers = tuple[Answer | DnsError, ...]
Evaluation = Generator[Asks, Answers, T]

AskAll = Callable[[Asks], Awaitable[Answers]]
Pause = Callable[[], Awaitable[None]]
IsLate = Callable[[], bool]


class OutOfTime(Exception):
    """An evaluation is to end, and to return what it has found so far."""


def never() -> bool:
    """There is time enough."""
    return False


async def run(
    evaluation: Evaluation[T], ask_all: AskAll, pause: Pause, is_late: IsLate = never
) -> T:
    """Answer what an evaluation asks until it ends; returns what it returns.

    Once `is_late`, it gets OutOfTime at each place for a pause.
    """
    try:
        asks = next(evaluation)
        while True:
            if asks:
                asks = evaluation.send(await ask_all(asks))
                continue
            if not is_late():
                await pause()
            asks = evaluation.throw(OutOfTime()) if is_late() else evaluation.send(())
    except StopIteration as stop:
        result: T = stop.value
        return result


def paused(work: Generator[None, None, T]) -> Evaluation[T]:
    """Work that yields where others may have their turn, as part of an evaluation."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result
        yield ()
