"""Histories in memory."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..base import HistoryAdd, HistoryClear, HistoryFind, HistoryGet, Limits, Page, Row
from ..calls.bounds import MAX_CALL


@dataclass(frozen=True, slots=True)
class Kept:
    """A row, its number, and when it came."""

    number: int
    at: float
    row: Row


class History:
    """The rows under one key."""

    def __init__(self) -> None:
        self.rows: deque[Kept] = deque()
        self.limits: Limits | None = None
        self._octets = 0
        self._last = 0

    def add(self, row: Row, now: float) -> None:
        self._last += 1
        self._octets += row.octets()
        self.rows.append(Kept(self._last, now, row))

    def trim(self, limits: Limits, now: float) -> None:
        self.limits = limits
        while len(self.rows) > 1 and (len(self.rows) > limits.rows or self._octets > limits.octets):
            self._drop()
        self.expire(now)

    def expire(self, now: float) -> None:
        while self.rows and self.limits and self.rows[0].at + self.limits.seconds <= now:
            self._drop()

    def _drop(self) -> None:
        self._octets -= self.rows.popleft().row.octets()


class Histories:
    """See the calls."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.histories: dict[bytes, History] = {}

    def add(self, call: HistoryAdd) -> None:
        history = self.histories.setdefault(call.key, History())
        now = self._now()
        for row in call.rows:
            history.add(row, now)
        history.trim(call.limits, now)

    def find(self, call: HistoryFind) -> Page:
        before = None if call.before is None else int(call.before)
        found: list[Kept] = []
        octets = 0
        for kept in reversed(self._rows(call.key)):
            if before is not None and kept.number >= before:
                continue
            if not _matches(kept.row, call):
                continue
            octets += len(kept.row.body) + sum(map(len, kept.row.terms))
            if len(found) == call.limit or (found and octets > MAX_CALL):
                return _page(found, b"%d" % found[-1].number)
            found.append(kept)
        return _page(found, None)

    def get(self, call: HistoryGet) -> Row | None:
        for kept in reversed(self._rows(call.key)):
            if kept.row.row_id == call.row_id:
                return replace(kept.row, terms=())
        return None

    def clear(self, call: HistoryClear) -> int:
        count = len(self._rows(call.key))
        self.histories.pop(call.key, None)
        return count

    def _rows(self, key: bytes) -> deque[Kept]:
        history = self.histories.get(key)
        if history is None:
            return deque()
        history.expire(self._now())
        return history.rows


def _page(found: list[Kept], cursor: bytes | None) -> Page:
    return Page([replace(kept.row, detail=b"") for kept in found], cursor)


def _matches(row: Row, call: HistoryFind) -> bool:
    if call.since is not None and row.time < call.since:
        return False
    if call.until is not None and row.time >= call.until:
        return False
    return all(term in row.terms for term in call.terms)
