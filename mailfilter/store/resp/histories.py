"""Histories in Redis: a stream with what rows are found by, and hashes beside it.

The stream (`h:`) has one entry for each row: id, time, terms, octets, and when it came. Bodies and
details (`r:`), the numbers of ids (`i:`) and what holds for all rows (`m:`) are hashes.
"""

from typing import Any

from ..base import HistoryAdd, HistoryClear, HistoryFind, HistoryGet, Page, Row
from ..errors import StoreError
from .scripts import Trip, nothing, same, script

FIELDS = 4
"""In the answer, of each row."""


class Histories:
    """See the calls."""

    def __init__(self, prefix: bytes) -> None:
        self._prefixes = tuple(prefix + letter for letter in (b"h:", b"r:", b"i:", b"m:"))

    def add(self, call: HistoryAdd) -> Trip[None]:
        limits = call.limits
        age = max(1, round(limits.seconds * 1_000_000))
        rows = [word for row in call.rows for word in _words(row)]
        words = (*self._keys(call.key), limits.rows, age, limits.octets, *rows)
        return Trip(words, nothing, script("history_add"))

    def find(self, call: HistoryFind) -> Trip[Page]:
        before = call.before or b""
        if before and not before.isdigit():
            raise StoreError(f"{before[:40]!r} is no cursor of this store")
        bounds = [b"" if time is None else repr(float(time)) for time in (call.since, call.until)]
        terms = [b"\0%b\0" % term for term in call.terms]
        words = (*self._keys(call.key), before, *bounds, call.limit, *terms)
        return Trip(words, _page, script("history_find"))

    def get(self, call: HistoryGet) -> Trip[Row | None]:
        def decode(reply: Any) -> Row | None:
            return reply and Row(call.row_id, float(reply[0]), (), reply[1], reply[2])

        return Trip((*self._keys(call.key), call.row_id), decode, script("history_get"))

    def clear(self, call: HistoryClear) -> Trip[int]:
        return Trip(self._keys(call.key), same, script("history_clear"))

    def _keys(self, key: bytes) -> tuple[bytes | int, ...]:
        return (len(self._prefixes), *[prefix + key for prefix in self._prefixes])


def _words(row: Row) -> tuple[bytes | int | str, ...]:
    terms = b"\0%b\0" % b"\0".join(row.terms) if row.terms else b""
    return row.row_id, repr(float(row.time)), terms, row.octets(), row.body, row.detail


def split_terms(octets: bytes) -> tuple[bytes, ...]:
    """The terms of a row, as they are in the stream."""
    return tuple(octets[1:-1].split(b"\0")) if octets else ()


def _page(reply: list[bytes]) -> Page:
    rows = [
        Row(reply[n], float(reply[n + 1]), split_terms(reply[n + 2]), reply[n + 3])
        for n in range(1, len(reply), FIELDS)
    ]
    return Page(rows, reply[0] or None)
