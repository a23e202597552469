"""Things under keys that expire, in a dictionary of bounded size."""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_KEYS = 1_000_000
"""Of each kind; the one that was stored first goes."""
SWEPT = 10
"""Expired things that one write removes, at most: more than it can add."""
STALE = 1000
"""Times noted of things that are gone or expire at another time by now, above twice the things."""

NEVER = float("inf")


class Space(Generic[T]):
    """The things of one kind."""

    def __init__(self, now: Callable[[], float], max_keys: int = MAX_KEYS) -> None:
        self._now = now
        self._max_keys = max_keys
        self._things: dict[bytes, tuple[T, float]] = {}
        self._due: list[tuple[float, bytes]] = []

    def get(self, key: bytes) -> T | None:
        """What is there now."""
        found = self._things.get(key)
        return None if found is None or found[1] <= self._now() else found[0]

    def until(self, key: bytes) -> float:
        """When it expires, by the same clock; NEVER if it does not, or is not there."""
        found = self._things.get(key)
        return NEVER if found is None else found[1]

    def put(self, key: bytes, thing: T, seconds: float | None) -> None:
        """Store it, to expire after so many seconds."""
        self.put_until(key, thing, NEVER if seconds is None else self._now() + seconds)

    def put_until(self, key: bytes, thing: T, until: float) -> None:
        """Store it, to expire at a time."""
        found = self._things.pop(key, None)
        self._things[key] = (thing, until)
        if until != NEVER and (found is None or found[1] != until):
            self._note(until, key)
        self._sweep()

    def remove(self, key: bytes) -> bool:
        """Forget it; tells whether it was there."""
        was_there = self.get(key) is not None
        self._things.pop(key, None)
        return was_there

    def __len__(self) -> int:
        return len(self._things)

    def items(self) -> Iterator[tuple[bytes, T, float | None]]:
        """Key, thing, and seconds until it expires."""
        now = self._now()
        for key, (thing, until) in list(self._things.items()):
            if until > now:
                yield key, thing, None if until == NEVER else until - now

    def _note(self, until: float, key: bytes) -> None:
        """Remember when it is due; what was noted of it before stays until it is due itself."""
        heappush(self._due, (until, key))
        if len(self._due) > 2 * len(self._things) + STALE:
            self._due = [(due, one) for one, (_, due) in self._things.items() if due != NEVER]
            heapify(self._due)

    def _sweep(self) -> None:
        now = self._now()
        for _ in range(SWEPT):
            if not self._due or self._due[0][0] > now:
                break
            until, key = heappop(self._due)
            found = self._things.get(key)
            # One that was stored again since has another time.
            if found is not None and found[1] == until:
                del self._things[key]
        while len(self._things) > self._max_keys:
            del self._things[next(iter(self._things))]
