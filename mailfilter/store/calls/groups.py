"""Sets and hashes: several things under a key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..errors import TooLarge
from ..keys import Key
from .bounds import (
    MAX_CAP,
    MAX_ITEMS,
    check_amounts,
    check_limit,
    check_names,
    check_seconds,
    check_values,
    clamp,
)
from .call import Call

# Sets: members under a key, of which the newest `cap` are kept.


@dataclass(frozen=True, slots=True)
class SetAdd(Call[list[bool]]):
    """Add members, the last the newest; the answer is which of them were not there before.

    Adding a member again makes it the newest. Above `cap` the oldest go; where it was lowered by
    much, a part of them with each call. All of the set expires so many seconds after it was last
    added to.
    """

    key: Key
    members: Sequence[bytes]
    cap: int
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_names(self.members)
        if not 1 <= self.cap <= MAX_CAP:
            raise TooLarge(f"a set of up to {self.cap} members, expected 1 to {MAX_CAP}")
        check_seconds(self.seconds)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return sum(map(len, self.members))


@dataclass(frozen=True, slots=True)
class SetHas(Call[list[bool]]):
    """Which of these are members."""

    is_write: ClassVar[bool] = False

    key: Key
    members: Sequence[bytes]

    def __post_init__(self) -> None:
        check_names(self.members)


@dataclass(frozen=True, slots=True)
class SetMembers(Call[list[bytes]]):
    """The newest members, newest first."""

    is_write: ClassVar[bool] = False

    key: Key
    limit: int = MAX_ITEMS

    def __post_init__(self) -> None:
        check_limit(self.limit)


@dataclass(frozen=True, slots=True)
class SetRemove(Call[int]):
    """Remove members; the answer is how many of them there were."""

    key: Key
    members: Sequence[bytes]

    def __post_init__(self) -> None:
        check_names(self.members)


# Hashes: values by name under a key.


@dataclass(frozen=True, slots=True)
class HashGet(Call[list[bytes | None]]):
    """The values of these fields, in their order; None where there is none.

    Raises TooLarge if they are more than an answer may have (`MAX_CALL`).
    """

    is_write: ClassVar[bool] = False

    key: Key
    fields: Sequence[bytes]

    def __post_init__(self) -> None:
        check_names(self.fields)


@dataclass(frozen=True, slots=True)
class HashAll(Call[dict[bytes, bytes]]):
    """All fields. Raises TooLarge if they are more than an answer may have (`MAX_CALL`)."""

    is_write: ClassVar[bool] = False

    key: Key


@dataclass(frozen=True, slots=True)
class HashPut(Call[None]):
    """Store fields in place of those of the same names; others stay.

    All of the hash expires so many seconds after it was last changed. Raises `TooLarge` if it
    would have more than `MAX_FIELDS`; then nothing has changed.
    """

    key: Key
    values: Mapping[bytes, bytes]
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_names(self.values)
        check_values(self.values.values())
        check_seconds(self.seconds)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return sum(map(len, self.values.values()))


@dataclass(frozen=True, slots=True)
class HashAdd(Call[list[int]]):
    """Add to fields that hold whole numbers (as decimal text), from 0 where there is none.

    The answer is their new numbers, in order. A field that holds no number counts as 0. Expiry and
    bounds are as with `HashPut`, the ends of numbers as with `Count`.
    """

    key: Key
    amounts: Mapping[bytes, int]
    seconds: float | None = None

    def __post_init__(self) -> None:
        check_names(self.amounts)
        check_amounts(self.amounts.values())
        check_seconds(self.seconds)


@dataclass(frozen=True, slots=True)
class HashRemove(Call[int]):
    """Remove fields; the answer is how many of them there were."""

    key: Key
    fields: Sequence[bytes]

    def __post_init__(self) -> None:
        check_names(self.fields)


MAX_DIGITS = 20
"""Octets of what can be a number."""


def as_number(text: bytes | None) -> int:
    """The whole number that a field holds; 0 if it holds none."""
    if text is None or len(text) > MAX_DIGITS:
        return 0
    digits = text[1:] if text.startswith(b"-") else text
    return clamp(int(text)) if digits.isdigit() else 0
