"""Runs evaluations, which are generators, over whatever answers their questions.

An evaluation yields the questions that it has next, all at once, and is sent their answers in the
same order, errors as values. It yields no question where others may have their turn.
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


async def run(evaluation: Evaluation[T], ask_all: AskAll, pause: Pause) -> T:
    """Answer what an evaluation asks until it ends; returns what it returns."""
    try:
        asks = next(evaluation)
        while True:
            if asks:
                asks = evaluation.send(await ask_all(asks))
            else:
                await pause()
                asks = evaluation.send(())
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
