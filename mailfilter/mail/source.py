"""What all pieces of one message share: its octets, the limits, the list of anomalies."""

from .anomaly import AnomalyLog
from .budget import Budget
from .limits import Limits
from .params import ContentValue


class Source:
    """The octets that offsets point into, with what is needed to look at them.

    Parts and headers point to it and it points to none of them: a message is freed at once,
    without the garbage collector.
    """

    __slots__ = ("budget", "first_text", "limits", "log", "raw")

    def __init__(self, raw: bytes, limits: Limits, log: AnomalyLog, budget: Budget) -> None:
        self.raw = raw
        self.limits = limits
        self.log = log
        self.budget = budget
        self.first_text: ContentValue | None = None
        """Content-Type of the first text part: its charset is the best guess for 8-bit
        octets in header fields."""

    def of(self, raw: bytes) -> "Source":
        """Other octets of the same message."""
        return Source(raw, self.limits, self.log, self.budget)
