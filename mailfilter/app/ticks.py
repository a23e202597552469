"""What is done again and again, and must not end because it failed once."""

from collections.abc import Callable
from typing import Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger()


def every(reactor: Any, seconds: float, work: Callable[[], None], *, now: bool) -> LoopingCall:
    """Begin to call a function; what it raises is logged, and the next call comes all the same."""

    def guarded() -> None:
        try:
            work()
        except Exception:
            log.failure("what is done every {seconds} s has failed", seconds=seconds)

    call = LoopingCall(guarded)
    call.clock = reactor
    call.start(seconds, now=now)
    return call


def stop(call: LoopingCall | None) -> None:
    """Call no more."""
    if call is not None and call.running:
        call.stop()
