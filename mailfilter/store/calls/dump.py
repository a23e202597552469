"""Dumps: all that is in a store, as the calls that make another one the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from .call import Call


@dataclass(frozen=True, slots=True)
class Dumped:
    """Some of what there is, and where to go on; None at the end."""

    calls: Sequence[Call[Any]]
    cursor: bytes | None


@dataclass(frozen=True, slots=True)
class Dump(Call[Dumped]):
    """The next part of all that there is, but for buckets, which are full at first elsewhere.

    What changes meanwhile may be in either state. Rows of histories begin their age anew.
    """

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True

    cursor: bytes | None = None
