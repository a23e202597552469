"""Work that may take long or never end, in a thread of its own."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.python.failure import Failure

T = TypeVar("T")


def in_background(reactor: Any, work: Callable[[], T]) -> Deferred[T]:
    """What a function returns or raises, from a thread of its own.

    The threads of the reactor's pool are waited for at the end of the process; this one may hang.
    """
    done: Deferred[T] = Deferred()

    def run() -> None:
        try:
            result = work()
        except BaseException:
            reactor.callFromThread(_fire, done.errback, Failure())
        else:
            reactor.callFromThread(_fire, done.callback, result)

    threading.Thread(target=run, daemon=True, name="background").start()
    return done


class Turns:
    """Work in the background, so much of it at a time; more waits."""

    def __init__(self, count: int) -> None:
        self._turns = DeferredSemaphore(count)

    async def run(self, reactor: Any, work: Callable[[], T]) -> T:
        """What a function returns or raises.

        May be cancelled, which does not end work that hangs: it keeps its turn, so that a mount
        that does not answer takes few threads; and they do not keep the process from ending.
        """
        await self._turns.acquire()
        working = in_background(reactor, work)
        working.addBoth(self._give_turn)
        found: Deferred[T] = Deferred()
        working.chainDeferred(found)
        return await found

    def _give_turn(self, result: Any) -> Any:
        self._turns.release()
        return result


def _fire(fire: Callable[[Any], None], value: Any) -> None:
    """Nobody may wait any more: then a Deferred that was cancelled takes this in silence."""
    fire(value)
