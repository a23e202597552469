"""What is logged when a message cannot be scanned, or its verdict not told."""

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..scan.run import FAILURE_LOG_INTERVAL

NO_SCAN = "the scan of a message failed"
NO_ANSWER = "no answer can be made of a verdict"

log = Logger()


class Failures:
    """Logs the exceptions of one listener, with a traceback, but not for every message."""

    def __init__(self, listener: str, clock: IReactorTime) -> None:
        self._listener = listener
        self._clock = clock
        self._last: float | None = None

    def log(self, text: str) -> None:
        """Log what is being handled."""
        now = self._clock.seconds()
        if self._last is not None and now - self._last < FAILURE_LOG_INTERVAL:
            return
        self._last = now
        log.failure("{listener}: {text}", listener=self._listener, text=text)
