"""Values, counters and buckets: one thing under a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..errors import TooLarge
from ..keys import Key
from .bounds import (
    MAX_NUMBER,
    check_amounts,
    check_count,
    check_seconds,
    check_values,
)
from .call import Call

# Values: octets under a key.


@dataclass(frozen=True, slots=True)
class Get(Call[list[bytes | None]]):
    """The values under the keys, in their order; None where there is none.

    Raises TooLarge if they are more than an answer may have (`MAX_CALL`).
    """

    is_write: ClassVar[bool] = False

    keys: Sequence[Key]

    def __post_init__(self) -> None:
        check_count(self.keys)


@dataclass(frozen=True, slots=True)
class Put(Call[None]):
    """Store values in place of what was there. Of two at the same time, one is there afterwards."""

    values: Mapping[Key, bytes]
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_values(self.values.values())
        check_seconds(self.seconds)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return sum(map(len, self.values.values()))


@dataclass(frozen=True, slots=True)
class PutIfAbsent(Call[bytes | None]):
    """Store a value if there is none; the answer is what was there, None if it is ours now.

    Of any number at the same time exactly one is answered None. What was there keeps its expiry.
    """

    key: Key
    value: bytes
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_values((self.value,))
        check_seconds(self.seconds)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Delete(Call[int]):
    """Remove values; the answer is how many there were."""

    keys: Sequence[Key]

    def __post_init__(self) -> None:
        check_count(self.keys)


# Counters: whole numbers under a key.


@dataclass(frozen=True, slots=True)
class Count(Call[list[int]]):
    """Add to counters, from 0 where there is none; the answer is their new numbers, in order.

    A counter expires so many seconds after it was begun, however often it is added to: it counts
    within a window. Adding 0 reads it; that begins none. Numbers stop at `MAX_NUMBER`.
    """

    amounts: Mapping[Key, int]
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_amounts(self.amounts.values())
        check_seconds(self.seconds)


# Buckets: tokens under a key, refilled at a rate up to a burst.


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many tokens to take from a bucket that holds up to `burst`, and gets `rate` a second."""

    key: Key
    rate: float
    burst: float
    amount: float = 1.0


@dataclass(frozen=True, slots=True)
class Take(Call[list[float]]):
    """Take tokens from all buckets, or from none if one of them has too few.

    The answer is, for each bucket, the seconds until it will have enough: all 0.0 if the tokens
    were taken; infinity where the burst is smaller than the amount. An amount of 0 takes none. A
    bucket is full at first, and forgotten once it is full again. Of any number of calls at the
    same time no more are granted than there are tokens.
    """

    buckets: Sequence[Bucket]

    def __post_init__(self) -> None:
        check_count(self.buckets)
        for bucket in self.buckets:
            if not (0 < bucket.rate <= MAX_NUMBER and 0 < bucket.burst <= MAX_NUMBER):
                raise TooLarge(f"a bucket of rate {bucket.rate} and burst {bucket.burst}")
            if not 0 <= bucket.amount <= MAX_NUMBER:
                raise TooLarge(f"{bucket.amount} tokens to take, expected 0 or more")
        if len({bucket.key for bucket in self.buckets}) < len(self.buckets):
            raise TooLarge("the same bucket twice in one call")


def wait(bucket: Bucket, level: float) -> float:
    """Seconds until a bucket with so many tokens will have enough."""
    if bucket.amount <= level:
        return 0.0
    if bucket.amount > bucket.burst:
        return float("inf")
    return (bucket.amount - level) / bucket.rate
