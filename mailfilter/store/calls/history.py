"""Histories: rows of which the newest are kept, to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..errors import TooLarge
from ..keys import Key
from .bounds import (
    MAX_SECONDS,
    check_count,
    check_limit,
    check_row,
    check_terms,
    check_total,
)
from .call import Call

# Histories: rows in the order of their arrival, of which the newest are kept.


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a history."""

    row_id: bytes
    """By which it is found again; of two rows of the same id, that is the newer."""
    time: float
    """Unix time, for filters; rows leave by the store's time."""
    terms: Sequence[bytes]
    """What filters look for: each up to `MAX_TERM` octets, none of them NUL."""
    body: bytes
    detail: bytes = b""
    """What is read of one row at a time."""

    def octets(self) -> int:
        """What a row counts for where octets are bounded."""
        return len(self.row_id) + sum(map(len, self.terms)) + len(self.body) + len(self.detail)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a history is kept: the oldest rows go until it is within all of these."""

    rows: int
    seconds: float
    octets: int
    """As rows count themselves; the newest row stays, whatever its size."""


@dataclass(frozen=True, slots=True)
class HistoryAdd(Call[None]):
    """Append rows, the last the newest, and let the oldest go.

    Where much more is there than the limits allow, because they were lowered, a part of it goes
    with each call; whether the rest is found until then differs between stores.
    """

    key: Key
    rows: Sequence[Row]
    limits: Limits

    def __post_init__(self) -> None:
        check_count(self.rows)
        limits = self.limits
        if limits.rows < 1 or limits.octets < 1 or not 0 < limits.seconds <= MAX_SECONDS:
            raise TooLarge(f"a history of {limits}, expected numbers above 0")
        check_total(sum(row.octets() for row in self.rows))
        for row in self.rows:
            check_row(row)

    @property
    def octets(self) -> int:
        """See `Call`."""
        return sum(len(row.body) + len(row.detail) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a history, newest first, without details."""

    rows: Sequence[Row]
    cursor: bytes | None
    """Where to go on, in `HistoryFind.before`; None at the end. There may be one after few rows,
    or none: a store looks at a bounded number of rows in one call."""


@dataclass(frozen=True, slots=True)
class HistoryFind(Call[Page]):
    """The newest rows that have all of these terms and are of that time, up to `MAX_CALL` octets.

    Rows that are added while one pages are not seen; rows that leave are missing.
    """

    is_write: ClassVar[bool] = False
    is_slow: ClassVar[bool] = True

    key: Key
    terms: Sequence[bytes] = ()
    since: float | None = None
    """Unix time of the oldest row."""
    until: float | None = None
    """Unix time that rows are before."""
    limit: int = 100
    before: bytes | None = None
    """The cursor of an earlier page."""

    def __post_init__(self) -> None:
        check_limit(self.limit)
        check_terms(self.terms)


@dataclass(frozen=True, slots=True)
class HistoryGet(Call[Row | None]):
    """The row of that id, with its detail but without its terms."""

    is_write: ClassVar[bool] = False

    key: Key
    row_id: bytes


@dataclass(frozen=True, slots=True)
class HistoryClear(Call[int]):
    """Remove all rows; the answer is how many there were."""

    key: Key
