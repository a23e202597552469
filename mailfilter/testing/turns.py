"""Coroutines driven turn by turn, to see how long they keep a reactor."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

T = TypeVar("T")


class Turns(Clock):
    """A clock that stands still; what waits for a pause goes on with the next turn."""

    def __init__(self, measure: Callable[[], float]) -> None:
        """`measure` tells the time that turns take (seconds)."""
        super().__init__()
        self._measure = measure
        self.longest = 0.0
        """Seconds of the longest turn so far."""
        self.count = 0
        """Turns so far."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns that waits for nothing but pauses.

        Raises what it raises, and AssertionError if it waits for something else.
        """
        found: list[T | Failure] = []
        self._turn(lambda: Deferred.fromCoroutine(work).addBoth(found.append))
        while not found:
            due = [call for call in self.calls if call.getTime() <= self.seconds()]
            if not due:
                raise AssertionError("waits for more than a pause")
            self.calls.remove(due[0])
            due[0].called = 1
            self._turn(partial(due[0].func, *due[0].args, **due[0].kw))
        result = found[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def _turn(self, work: Callable[[], object]) -> None:
        began = self._measure()
        work()
        self.longest = max(self.longest, self._measure() - began)
        self.count += 1
