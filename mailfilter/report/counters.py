"""What is counted of scans: plain numbers in each process, handed on as a snapshot."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

from ..scan.envelope import Envelope
from ..scan.verdict import Verdict

SCAN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of scan times."""


MAX_NAMES = 4096
"""Different counters; a check that makes up names from mail must not fill memory with them."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many values fell into each class; the last class is for what is above all bounds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    """Sum of the values."""

    def plus(self, other: "Sizes") -> "Sizes":
        """Both together. Raises ValueError if their bounds differ."""
        if self.bounds != other.bounds:
            raise ValueError("histograms of different bounds")
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return Sizes(self.bounds, counts, self.total + other.total)


class Counters:
    """Counts of one process since its start; `count_scan` is an observer of verdicts."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()
        """Name -> count: `scans`, `octets`, `action/NAME`, `symbol/NAME`, and `unscanned/REASON`
        of messages that are in none of the others."""
        self._times = [0] * (len(SCAN_SECONDS) + 1)
        self._seconds = 0.0

    def count_scan(self, envelope: Envelope, verdict: Verdict) -> None:
        """Take a verdict in."""
        values = self.values
        if verdict.unscanned is not None:
            values[f"unscanned/{verdict.unscanned}"] += 1
            return
        values["scans"] += 1
        values["octets"] += verdict.size
        values[f"action/{verdict.action.value}"] += 1
        for symbol in verdict.symbols:
            name = f"symbol/{symbol.name}"
            if name in values or len(values) < MAX_NAMES:
                values[name] += 1
        self._times[bisect_left(SCAN_SECONDS, verdict.elapsed)] += 1
        self._seconds += verdict.elapsed

    def histograms(self) -> dict[str, Sizes]:
        """The distributions by name."""
        return {"scan_seconds": Sizes(SCAN_SECONDS, tuple(self._times), self._seconds)}
