"""Failures of our own that may come with every message: told seldom, and counted."""

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

QUIET_SECONDS = 60.0
"""Between two tracebacks."""

log = Logger()


class Complaints:
    """Tells of one kind of failure, with its traceback, at most once a minute."""

    def __init__(self, clock: IReactorTime, text: str) -> None:
        self._clock = clock
        self._text = text
        self._told: float | None = None
        self._untold = 0

    def add(self, failure: Failure) -> None:
        """Tell of a failure, and how many others there were since the last one that was told."""
        now = self._clock.seconds()
        if self._told is not None and now - self._told < QUIET_SECONDS:
            self._untold += 1
            return
        more = f" ({self._untold} more such failures since the last one)" if self._untold else ""
        self._told, self._untold = now, 0
        log.failure("history: {text}{more}", failure, text=self._text, more=more)
