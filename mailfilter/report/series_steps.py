"""The ranges of time in which scans are counted, and what a step of one holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest

import msgspec

from ..store.base import Key, key

MAX_SYMBOLS = 50
"""Of a step, of each process: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Range:
    """How far back, and in which steps."""

    name: str
    step: int
    """Seconds. Steps begin at multiples of that in Unix time."""
    points: int
    """Steps that are read, up to the one that is under way."""
    of_block: int
    """Steps in one hash: few hashes to read, but not much to write anew each time."""

    @property
    def block_seconds(self) -> int:
        """How long a block is."""
        return self.step * self.of_block

    @property
    def span(self) -> int:
        """Seconds that are read."""
        return self.step * self.points

    def block(self, at: float) -> int:
        """When the block of a time begins."""
        return int(at // self.block_seconds) * self.block_seconds

    def key(self, block: int) -> Key:
        """Where a block is stored."""
        return key("series", self.name, str(block))


RANGES: Mapping[str, Range] = {
    item.name: item
    for item in (
        Range("hour", 60, 60, 10),
        Range("day", 300, 288, 12),
        Range("week", 1800, 336, 12),
        Range("month", 7200, 372, 12),
        Range("year", 86400, 366, 4),
    )
}


class Step(msgspec.Struct, array_like=True):
    """What one process has scanned in a step."""

    actions: dict[str, int] = {}
    times: list[int] = []
    """Scans by class of their time (`counters.SCAN_SECONDS`)."""
    seconds: float = 0.0
    """Sum of all times."""
    symbols: dict[str, int] = {}

    def add(self, other: "Step") -> None:
        """Count what another has counted, too."""
        _add(self.actions, other.actions)
        _add(self.symbols, other.symbols)
        longest = max(len(self.times), len(other.times))
        self.times = [_at(self.times, at) + _at(other.times, at) for at in range(longest)]
        self.seconds += other.seconds

    def cut(self) -> "Step":
        """The same with its most frequent symbols alone."""
        if len(self.symbols) <= MAX_SYMBOLS:
            return self
        most = nlargest(MAX_SYMBOLS, self.symbols.items(), key=lambda item: item[1])
        return Step(self.actions, self.times, self.seconds, dict(most))


Steps = dict[int, Step]
"""Of a block: number of the step in it -> what there is."""


def _add(ours: dict[str, int], theirs: Mapping[str, int]) -> None:
    for name, count in theirs.items():
        ours[name] = ours.get(name, 0) + count


def _at(counts: list[int], index: int) -> int:
    return counts[index] if index < len(counts) else 0
