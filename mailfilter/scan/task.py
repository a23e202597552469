"""One scan under way: what a check may look at."""

from collections.abc import Callable, Mapping

from ..mail import Message
from .check import Hit
from .envelope import Envelope
from .profiles import Settings
from .verdict import Action


class Task:
    """Made by the scanner for one message, read by checks, then thrown away.

    `score` and `action` are 0 and `NO_ACTION` until the stage `post`, where they are those of
    everything found before.
    """

    __slots__ = (
        "_seconds",
        "action",
        "deadline",
        "envelope",
        "hits",
        "message",
        "score",
        "settings",
    )

    def __init__(
        self,
        envelope: Envelope,
        message: Message,
        settings: Settings,
        hits: Mapping[str, Hit],
        deadline: float,
        seconds: Callable[[], float],
    ) -> None:
        self.envelope = envelope
        self.message = message
        self.settings = settings
        self.hits = hits
        """What has fired so far, by symbol; read only."""
        self.deadline = deadline
        """When the verdict is due, by the scanner's clock (seconds)."""
        self.score = 0.0
        self.action = Action.NO_ACTION
        self._seconds = seconds

    def has(self, symbol: str) -> bool:
        """Whether a symbol has fired so far."""
        return symbol in self.hits

    def remaining(self) -> float:
        """Seconds left until the verdict is due; 0 when they are spent."""
        return max(0.0, self.deadline - self._seconds())
