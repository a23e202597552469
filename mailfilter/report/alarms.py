"""What an administrator must see: logged, and kept for `mailfilteradm status`."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import time

from twisted.logger import Logger

MAX_KEPT = 50
"""Alarms kept; older ones are in the log."""
MAX_TEXT = 1024
"""Characters of an alarm."""

log = Logger()


@dataclass(frozen=True, slots=True)
class Raised:
    """One alarm: when (Unix time), and what."""

    at: float
    text: str


class Alarms:
    """The last alarms of a process; `tell` hands them on, without logging them."""

    def __init__(
        self, tell: Callable[[str], None] | None = None, wall_clock: Callable[[], float] = time
    ) -> None:
        self.raised: deque[Raised] = deque(maxlen=MAX_KEPT)
        self.tell = tell or _nobody
        self._wall_clock = wall_clock

    def __call__(self, text: str) -> None:
        """Raise an alarm."""
        text = text[:MAX_TEXT]
        log.error("alarm: {text}", text=text)
        self.keep(text)
        self.tell(text)

    def keep(self, text: str) -> None:
        """Remember an alarm that has been logged elsewhere."""
        self.raised.append(Raised(self._wall_clock(), text[:MAX_TEXT]))


def _nobody(text: str) -> None:
    """There is nobody to hand alarms on to."""
