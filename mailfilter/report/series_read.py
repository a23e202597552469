"""What all processes have stored of a range of time, added up (see `series`)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TypeVar

import msgspec

from ..scan.verdict import Action
from ..store.base import HashAll, Store
from ..store.errors import TooLarge
from .counters import SCAN_SECONDS
from .series_steps import Range, Step, Steps

T = TypeVar("T")

TOP = 10
"""Symbols that are told."""

_decode: Callable[[bytes], Steps] = msgspec.msgpack.Decoder(Steps).decode


@dataclass(frozen=True, slots=True)
class Series:
    """A range, step by step; `None` is a step of which nothing is known."""

    step: int
    """Seconds."""
    start: int
    """Unix time at which the first step begins."""
    actions: Mapping[str, Sequence[int | None]]
    """All actions -> scans in each step."""
    p50: Sequence[float | None]
    p95: Sequence[float | None]
    average: Sequence[float | None]
    """Of the seconds that scans took; `None` also where there were no scans."""
    symbols: Mapping[str, Sequence[int | None]]
    """The most frequent symbols, the first the most frequent -> scans in each step."""


async def read_series(store: Store, span: Range, now: float) -> Series:
    """Read a range up to a Unix time. Raises StoreError."""
    last = int(now // span.step) * span.step
    start = last - (span.points - 1) * span.step
    points: list[Step | None] = [None] * span.points
    for block in range(span.block(start), last + 1, span.block_seconds):
        for steps in await _read_block(store, span, block):
            for index, step in steps.items():
                at = (block - start) // span.step + index
                if 0 <= at < span.points:
                    points[at] = _sum(points[at], step)
    return _series(span, start, points)


async def _read_block(store: Store, span: Range, block: int) -> list[Steps]:
    """What each process knows of a block; what cannot be read is left out."""
    try:
        fields = await store.do(HashAll(span.key(block)))
    except TooLarge:
        return []
    found = []
    for value in fields.values():
        try:
            found.append(_decode(value))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return found


def _sum(known: Step | None, step: Step) -> Step:
    if known is None:
        return step
    known.add(step)
    return known


def _series(span: Range, start: int, points: Sequence[Step | None]) -> Series:
    totals: Counter[str] = Counter()
    for point in points:
        if point is not None:
            totals.update(point.symbols)
    return Series(
        step=span.step,
        start=start,
        actions={
            action.value: _each(points, partial(_action_count, action.value)) for action in Action
        },
        p50=_each(points, lambda step: quantile(step.times, 0.5)),
        p95=_each(points, lambda step: quantile(step.times, 0.95)),
        average=_each(points, _average),
        symbols={
            name: _each(points, partial(_symbol_count, name)) for name, _ in totals.most_common(TOP)
        },
    )


def _each(points: Sequence[Step | None], tell: Callable[[Step], T]) -> list[T | None]:
    return [None if point is None else tell(point) for point in points]


def _action_count(action: str, step: Step) -> int:
    return step.actions.get(action, 0)


def _symbol_count(symbol: str, step: Step) -> int:
    return step.symbols.get(symbol, 0)


def _average(step: Step) -> float | None:
    count = sum(step.times)
    return step.seconds / count if count else None


def quantile(counts: Sequence[int], part: float) -> float | None:
    """The scan time (seconds) that so great a part of scans does not exceed, by their classes.

    Within a class scans count as spread evenly; above the last bound there is nothing but that
    bound to tell. `None` if there are none.
    """
    wanted = sum(counts) * part
    if not wanted:
        return None
    bounds = (0.0, *SCAN_SECONDS, SCAN_SECONDS[-1])
    reached = 0
    for index, total in enumerate(accumulate(counts[: len(bounds) - 1])):
        if total >= wanted:
            low, high = bounds[index], bounds[index + 1]
            return low + (high - low) * (wanted - reached) / (total - reached)
        reached = total
    return bounds[-1]
