"""Checks that wait, run side by side over one message; and work, while an answer is awaited."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from .check import Findings
from .plan import Step
from .task import Task

T = TypeVar("T")


class Together:
    """Checks that wait, run side by side, each within its time.

    Nothing is trusted to end: a check that ignores its cancellation is left behind.
    """

    def __init__(
        self,
        clock: IReactorTime,
        work_clock: Callable[[], float],
        took: Callable[[Step, Findings | None, float], None],
        failed: Callable[[Step, Failure | None, float], None],
    ) -> None:
        """`took` and `failed` get, last, when the check began, by `work_clock`."""
        self._clock = clock
        self._work_clock = work_clock
        self._took = took
        self._failed = failed
        self._running: dict[str, tuple[Step, Deferred[Findings], IDelayedCall | None]] = {}
        self._done: Deferred[None] | None = None

    def start(self, steps: Sequence[Step], task: Task) -> None:
        for step in steps:
            began = self._work_clock()
            left = min(step.timeout, task.remaining())
            if left <= 0:
                self._failed(step, None, began)
                continue
            try:
                coroutine = cast("Coroutine[Any, Any, Findings]", step.check.run(task))
            except BaseException:
                # Calling an `async def` only fails if its signature does not fit.
                self._failed(step, Failure(), began)
                continue
            deferred = Deferred.fromCoroutine(coroutine)
            timer = None
            if not deferred.called:
                timer = self._clock.callLater(left, self._expire, step, began)
            self._running[step.name] = (step, deferred, timer)
            deferred.addCallback(self._answered, step, began)
            deferred.addErrback(self._broke, step, began)

    async def wait(self) -> None:
        """Return when every check has answered, failed, or spent its time."""
        if self._running:
            self._done = Deferred()
            await self._done

    def abandon(self) -> None:
        """End whatever still runs; its answers no longer count."""
        running, self._running = self._running, {}
        for _step, deferred, timer in running.values():
            if timer is not None:
                timer.cancel()
            deferred.cancel()

    def _answered(self, findings: Findings, step: Step, began: float) -> None:
        """Count an answer; what `_took` raises goes on to `_broke`."""
        if step.name in self._running:
            self._took(step, findings, began)
            self._forget(step)
            self._check_done()

    def _broke(self, failure: Failure, step: Step, began: float) -> None:
        if not self._forget(step):
            return
        self._failed(step, failure, began)
        self._check_done()

    def _expire(self, step: Step, began: float) -> None:
        _step, deferred, _timer = self._running.pop(step.name)
        self._failed(step, None, began)
        deferred.cancel()
        self._check_done()

    def _forget(self, step: Step) -> bool:
        """Stop the step's clock; false if its time was already up."""
        running = self._running.pop(step.name, None)
        if running is None:
            return False
        timer = running[2]
        if timer is not None and timer.active():
            timer.cancel()
        return True

    def _check_done(self) -> None:
        if not self._running and self._done is not None:
            done, self._done = self._done, None
            done.callback(None)


async def with_work(
    asking: Coroutine[Any, Any, T],
    work: Iterator[None],
    pause: Callable[[], Awaitable[None]],
    is_late: Callable[[], bool],
) -> T:
    """Return what is asked for; until it comes, or it is late, do work, so that neither takes time
    of the other.

    There is a pause after each piece of work. What is not done by then is left as it is.
    """
    answer = Deferred.fromCoroutine(asking)
    try:
        while not answer.called and not is_late() and next(work, work) is None:
            await pause()
    except BaseException:
        # Cancelled, or the work is broken: nobody is left to hear what comes of the question.
        answer.addErrback(lambda _: None)
        answer.cancel()
        raise
    return await answer
