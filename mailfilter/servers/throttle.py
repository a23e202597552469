"""How often a source may be wrong with a password, until it must wait."""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime

MAX_SOURCES = 4096
"""Sources that are remembered; the one that was heard of first goes."""

MAX_WAIT = 3600.0
"""Seconds that a source must wait at most."""

CROWDED_WAIT = 1.0
"""Seconds after which to try again where attempts under way could be as many as may fail."""


@dataclass(slots=True)
class _Record:
    """What is known of one source."""

    failures: deque[float] = field(default_factory=deque)
    """When, since its last wait; the latest last."""
    under_way: Counter[bytes] = field(default_factory=Counter)
    """What is tried -> how many do so."""
    wait: float = 0.0
    """Seconds of the last wait."""
    until: float = 0.0
    """When that is over."""


class Throttle:
    """Counts wrong passwords by source.

    After `most` failures within `window` seconds a source must wait as long as the window, then
    twice as long each time it fails so often again; after a wait that nothing followed for as long
    again it is forgotten. Attempts under way count as failures, so that many at once are no way
    around; those with the same password are one.
    """

    def __init__(self, most: int, window: float, clock: IReactorTime) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        """How many sources are remembered."""
        return len(self._records)

    def begin(self, source: str, attempt: bytes) -> float:
        """Begin an attempt; `attempt` tells passwords apart.

        Returns the seconds that the source must wait instead, 0 if it has begun: call `end`, then.
        """
        record = self._record(source)
        if record is None:
            return CROWDED_WAIT
        wait = record.until - self._clock.seconds()
        if wait > 0:
            return wait
        counted = len(record.failures) + len(record.under_way)
        if attempt not in record.under_way and counted >= self._most:
            return CROWDED_WAIT
        record.under_way[attempt] += 1
        return 0.0

    def end(self, source: str, attempt: bytes) -> None:
        """An attempt is over, however it went: tell that before, by `fail` or `succeed`."""
        record = self._records[source]
        record.under_way[attempt] -= 1
        if not record.under_way[attempt]:
            del record.under_way[attempt]

    def fail(self, source: str) -> float:
        """A password was wrong, here or in another process.

        Returns the seconds that the source must wait from now on, 0 if it may try again.
        """
        record = self._record(source)
        now = self._clock.seconds()
        if record is None or now < record.until:
            return 0.0
        record.failures.append(now)
        if len(record.failures) < self._most:
            return 0.0
        record.failures.clear()
        record.wait = min(max(self._window, 2 * record.wait), max(MAX_WAIT, self._window))
        record.until = now + record.wait
        return record.wait

    def succeed(self, source: str) -> bool:
        """A password was right: forget what was wrong before. Returns whether there was such."""
        record = self._records.get(source)
        if record is None or not (record.failures or record.wait):
            return False
        record.failures.clear()
        record.wait = record.until = 0.0
        return True

    def _record(self, source: str) -> _Record | None:
        """What is known of a source now; `None` if there is no room for one more."""
        record = self._records.get(source)
        if record is None:
            if len(self._records) >= MAX_SOURCES and not self._make_room():
                return None
            record = self._records[source] = _Record()
        now = self._clock.seconds()
        while record.failures and record.failures[0] <= now - self._window:
            record.failures.popleft()
        if now >= record.until + record.wait and not record.failures:
            record.wait = 0.0
        return record

    def _make_room(self) -> bool:
        idle = next((name for name, found in self._records.items() if not found.under_way), None)
        if idle is None:
            return False
        del self._records[idle]
        return True
