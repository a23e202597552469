"""What is counted of scans: plain numbers in each process, handed on as a snapshot.

Whoever shows symbols finds in a snapshot: `symbol/NAME`, in how many scans it was found (its
frequency is that by the seconds since they are counted); `symbol_spam/NAME` and `symbol_ham/NAME`,
in how many of those the message was spam, and was not; `spam` and `ham`, of how many scans. The
time of a symbol is that of the check which declares it: the mean of `check_seconds/CHECK`.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from ..scan.envelope import Envelope
from ..scan.verdict import MARKED_AS_SPAM, OUT_OF_TIME, CheckRun, Verdict

SCAN_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of scan times, and of those of stages."""

CHECK_SECONDS = (0.0001, 0.001, 0.01, 0.05, 0.25, 1.0, 5.0)
"""The same of checks: few, since there may be hundreds of checks."""

SCANS = "scan_seconds"
STAGE = "stage_seconds/"
CHECK = "check_seconds/"
"""Names of distributions; a stage's and a check's go on with its name."""

MAX_NAMES = 4096
"""Different counters; a check that makes up names from mail must not fill memory with them."""

LAST_SCANS = 31
"""Whose times are remembered, each (http-controller.md 2.5)."""


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


class _Times:
    """Seconds, as they come."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def sizes(self) -> Sizes:
        return Sizes(self.bounds, tuple(self.counts), self.total)


class Counters:
    """Counts of one process since its start; `count_scan` is an observer of verdicts."""

    def __init__(self) -> None:
        self.values: Counter[str] = Counter()
        """Name -> count: `scans`, `spam`, `ham`, `octets`, `action/NAME`, and `unscanned/REASON`
        of messages that are in none of the others; `check_timeout/CHECK`, `check_failed/CHECK`.
        Others count in here, too. Symbols are in the snapshot alone."""
        self.last_seconds: deque[float] = deque(maxlen=LAST_SCANS)
        """What the last scans took, the newest last."""
        self._symbols: tuple[dict[str, int], dict[str, int]] = {}, {}
        """Of messages that are not spam, and of those that are."""
        self._scans = _Times(SCAN_SECONDS)
        self._stages: dict[str, _Times] = {}
        self._checks: dict[str, _Times] = {}

    def count_scan(self, envelope: Envelope, verdict: Verdict) -> None:
        """Take a verdict in."""
        values = self.values
        if verdict.unscanned is not None:
            values[f"unscanned/{verdict.unscanned}"] += 1
            return
        is_spam = verdict.action in MARKED_AS_SPAM
        values["scans"] += 1
        values["spam" if is_spam else "ham"] += 1
        values["octets"] += verdict.size
        values[f"action/{verdict.action.value}"] += 1
        symbols = self._symbols[is_spam]
        for symbol in verdict.symbols:
            count = symbols.get(symbol.name, 0)
            if count or len(symbols) < MAX_NAMES:
                symbols[symbol.name] = count + 1
        self._scans.add(verdict.elapsed)
        self.last_seconds.append(verdict.elapsed)
        if verdict.runs:
            self._count_runs(verdict.runs)

    def _count_runs(self, runs: tuple[CheckRun, ...]) -> None:
        """Count checks, and the stages from their first check's beginning to their last's end."""
        checks = self._checks
        stage, first, last = "", 0.0, 0.0
        # They stand in the order in which they ended. As little as can be for each of them: there
        # may be hundreds.
        for run in runs:
            if run.trouble is not None and not self._count_trouble(run):
                continue
            began, took = run.at, run.took
            if run.stage != stage:
                self._count_stage(stage, last - first)
                stage, first = run.stage, began
            elif began < first:
                first = began
            last = began + took
            times = checks.get(run.check)
            if times is None:
                times = checks[run.check] = _Times(CHECK_SECONDS)
            times.counts[bisect_left(CHECK_SECONDS, took)] += 1
            times.total += took
        self._count_stage(stage, last - first)

    def _count_stage(self, stage: str, seconds: float) -> None:
        if stage:
            self._stages.setdefault(stage, _Times(SCAN_SECONDS)).add(seconds)

    def _count_trouble(self, run: CheckRun) -> bool:
        """Count a check that gave no answer; false if it did not even run."""
        if not run.stage:
            return False
        kind = "check_timeout" if run.trouble == OUT_OF_TIME else "check_failed"
        self.values[f"{kind}/{run.check}"] += 1
        return True

    def snapshot(self) -> dict[str, int]:
        """All counts of this moment, with those of symbols."""
        ham, spam = self._symbols
        counts = dict(self.values)
        for name in ham | spam:
            counts[f"symbol/{name}"] = ham.get(name, 0) + spam.get(name, 0)
        counts |= {f"symbol_ham/{name}": count for name, count in ham.items()}
        counts |= {f"symbol_spam/{name}": count for name, count in spam.items()}
        return counts

    def symbols(self) -> Counter[str]:
        """Name -> scans that it was found in."""
        ham, spam = self._symbols
        return Counter(ham) + Counter(spam)

    def scan_seconds(self) -> Sizes:
        """The distribution of scan times."""
        return self._scans.sizes()

    def histograms(self) -> dict[str, Sizes]:
        """All distributions by name."""
        return {name: times.sizes() for name, times in self._all_times()}

    def _all_times(self) -> Iterator[tuple[str, _Times]]:
        yield SCANS, self._scans
        for prefix, by_name in ((STAGE, self._stages), (CHECK, self._checks)):
            yield from ((prefix + name, times) for name, times in by_name.items())
