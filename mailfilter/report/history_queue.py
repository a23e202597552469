"""Scans that wait to be remembered: in order, and no more of them than memory is given for."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from ..scan.envelope import Envelope
from ..scan.verdict import Verdict
from ..store.base import Row
from .history_octets import row_octets, scan_octets
from .history_row import row_of
from .privacy import Masks

MAX_ROWS = 2000
MAX_OCTETS = 16 * 2**20
"""Of all that waits: some minutes of mail while the store is away."""


class Waiting:
    """A scan, until its row is made; then the row."""

    __slots__ = ("_scan", "is_queued", "octets", "row")

    def __init__(self, envelope: Envelope, verdict: Verdict, at: float) -> None:
        if envelope.settings is not None:
            # Megabytes of a client's, and nothing of it is in a row.
            envelope = replace(envelope, settings=None)
        self._scan: tuple[Envelope, Verdict, float] | None = (envelope, verdict, at)
        self.row: Row | None = None
        self.octets = scan_octets(envelope, verdict)
        self.is_queued = True

    def make_row(self, masks: Masks) -> Row:
        """The row; the scan is let go of."""
        if self.row is None and self._scan is not None:
            self.row = row_of(*self._scan, masks)
            self._scan = None
        assert self.row is not None
        return self.row


class Queue:
    """Rows to be, the oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def octets(self) -> int:
        """What waits takes in memory, by estimate."""
        return self._octets

    def add(self, item: Waiting) -> int:
        """Append; returns how many of the oldest had to go."""
        self._waiting.append(item)
        self._octets += item.octets
        dropped = 0
        while self._octets > MAX_OCTETS or len(self._waiting) > MAX_ROWS:
            self._forget(self._waiting.popleft())
            dropped += 1
        return dropped

    def first(self, count: int) -> list[Waiting]:
        """The oldest ones; they stay."""
        return list(islice(self._waiting, count))

    def make_row(self, item: Waiting, masks: Masks) -> Row:
        """The row of what waits."""
        row = item.make_row(masks)
        octets = row_octets(row)
        if item.is_queued:
            self._octets += octets - item.octets
        item.octets = octets
        return row

    def remove(self, items: Sequence[Waiting]) -> None:
        """Take away the oldest ones; some of them may have gone meanwhile."""
        done = {id(item) for item in items}
        while self._waiting and id(self._waiting[0]) in done:
            self._forget(self._waiting.popleft())

    def discard(self, item: Waiting) -> None:
        """Take one away, wherever it is; slow."""
        if item.is_queued:
            self._waiting.remove(item)
            self._forget(item)

    def clear(self) -> int:
        """Drop all; returns how many there were."""
        count = len(self._waiting)
        self.remove(list(self._waiting))
        return count

    def _forget(self, item: Waiting) -> None:
        self._octets -= item.octets
        item.is_queued = False
