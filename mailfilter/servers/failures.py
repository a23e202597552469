"""What is logged when a message cannot be scanned, or its verdict not told."""

from collections import Counter

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
        self._last: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def log(self, text: str) -> None:
        """Log what is being handled; `text` is one of a few, each of which has its own turn."""
        now = self._clock.seconds()
        last = self._last.get(text)
        if last is not None and now - last < FAILURE_LOG_INTERVAL:
            self._unsaid[text] += 1
            return
        self._last[text] = now
        unsaid = self._unsaid.pop(text, 0)
        log.failure(
            "{listener}: {text} ({unsaid} more times since it was last said)"
            if unsaid
            else "{listener}: {text}",
            listener=self._listener,
            text=text,
            unsaid=unsaid,
        )
