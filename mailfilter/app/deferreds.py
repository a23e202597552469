"""Small things that are done with Deferreds."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall


def stop_timer(how: str, timer: IDelayedCall) -> str:
    """Callback for what makes a timer pointless."""
    if timer.active():
        timer.cancel()
    return how


def copy_of(gone: Deferred[str]) -> Deferred[None]:
    """Fires with another Deferred, and leaves it alone."""
    copy: Deferred[None] = Deferred()

    def fire(result: Any) -> Any:
        copy.callback(None)
        return result

    gone.addBoth(fire)
    return copy
