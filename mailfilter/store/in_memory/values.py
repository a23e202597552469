"""Values, counters and buckets in memory."""

from collections.abc import Callable
from dataclasses import dataclass

from ..base import Bucket, Count, Delete, Get, Put, PutIfAbsent, Take
from ..calls.bounds import check_answer, clamp
from ..calls.values import wait
from .space import Space


class Values:
    """See the calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.values: Space[bytes] = Space(now)

    def get(self, call: Get) -> list[bytes | None]:
        found = [self.values.get(key) for key in call.keys]
        check_answer(sum(map(len, filter(None, found))))
        return found

    def put(self, call: Put) -> None:
        for key, value in call.values.items():
            self.values.put(key, value, call.seconds)

    def put_if_absent(self, call: PutIfAbsent) -> bytes | None:
        found = self.values.get(call.key)
        if found is None:
            self.values.put(call.key, call.value, call.seconds)
        return found

    def delete(self, call: Delete) -> int:
        return sum(self.values.remove(key) for key in call.keys)


class Counters:
    """See the calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.counters: Space[int] = Space(now)

    def count(self, call: Count) -> list[int]:
        return [self._add(key, amount, call.seconds) for key, amount in call.amounts.items()]

    def _add(self, key: bytes, amount: int, seconds: float | None) -> int:
        found = self.counters.get(key)
        if amount == 0:
            return found or 0
        number = clamp((found or 0) + amount)
        if found is None:
            self.counters.put(key, number, seconds)
        else:
            self.counters.put_until(key, number, self.counters.until(key))
        return number


@dataclass(frozen=True, slots=True)
class Level:
    """Tokens that a bucket had at a time."""

    tokens: float
    at: float


class Buckets:
    """See the calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.buckets: Space[Level] = Space(now)

    def take(self, call: Take) -> list[float]:
        now = self._now()
        levels = [self._level(bucket, now) for bucket in call.buckets]
        waits = [wait(bucket, level) for bucket, level in zip(call.buckets, levels, strict=True)]
        if not any(waits):
            for bucket, level in zip(call.buckets, levels, strict=True):
                if bucket.amount:
                    left = level - bucket.amount
                    full = (bucket.burst - left) / bucket.rate
                    self.buckets.put(bucket.key, Level(left, now), full)
        return waits

    def _level(self, bucket: Bucket, now: float) -> float:
        found = self.buckets.get(bucket.key)
        if found is None:
            return bucket.burst
        return min(bucket.burst, found.tokens + max(0.0, now - found.at) * bucket.rate)
