"""Reactors by a clock that nobody can set.

Twisted's own go by the wall clock: set back by an hour, it would have every deadline, pause and
report of the filter come an hour late.
"""

import time
from typing import Any


def steady(reactor: Any) -> None:
    """Have a reactor that has not begun go by the monotonic clock.

    One for which something is scheduled already is left alone, since that is by its own clock.
    """
    if not reactor.getDelayedCalls():
        reactor.seconds = time.monotonic
