"""Work that may take long or never end, in a thread of its own."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
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


def _fire(fire: Callable[[Any], None], value: Any) -> None:
    """Nobody may wait any more: then a Deferred that was cancelled takes this in silence."""
    fire(value)
