"""A filter that has been busy for a year, for pages that show it: figures as it would have stored.

`python -m tests.live.web_past STATE_DIR` writes them into the store of a filter that does not run.
"""

import math
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.task import react

from mailfilter.config.model import StoreSettings
from mailfilter.report.counters import SCAN_SECONDS
from mailfilter.report.series_steps import RANGES, Range, Step
from mailfilter.store import make_store
from mailfilter.store.base import HashPut

FIELD = b"invented"
DAY = 86400
QUIET_SECONDS = 120
"""Before now: what is scanned in the test itself has steps of its own."""
ACTIONS: Mapping[str, float] = {
    "no action": 0.71,
    "greylist": 0.05,
    "add header": 0.12,
    "rewrite subject": 0.02,
    "reject": 0.1,
}
SYMBOLS: Mapping[str, float] = {
    "MIME_GOOD": 0.64,
    "TO_DN_ALL": 0.41,
    "RCVD_COUNT_ZERO": 0.22,
    "FROM_NEQ_ENVFROM": 0.19,
    "SUBJ_ALL_CAPS": 0.06,
    "MISSING_DATE": 0.04,
}


def write(directory: str) -> None:
    """Fill the store in this state directory, in a reactor of its own. Does not return."""

    async def fill(reactor: Any) -> None:
        store = make_store(reactor, StoreSettings(), directory, print, lambda _name: None)
        store.open()
        for call in _blocks(time.time() - QUIET_SECONDS):
            await store.do(call)
        await store.close()

    Path(directory).mkdir(mode=0o700, exist_ok=True)
    react(fill)


def _blocks(now: float) -> Iterator[HashPut]:
    dice = random.Random(8)
    for span in RANGES.values():
        start = span.block(now - span.span)
        for block in range(start, int(now), span.block_seconds):
            steps = {
                index: _step(dice, block + index * span.step, span, now)
                for index in range(span.of_block)
                if block + index * span.step < now
            }
            expiry = float(span.span + span.block_seconds)
            yield HashPut(span.key(block), {FIELD: msgspec.msgpack.encode(steps)}, expiry)


def _step(dice: random.Random, at: int, span: Range, now: float) -> Step:
    seconds = min(span.step, now - at)
    count = _rate(at) * seconds * dice.uniform(0.8, 1.2)
    is_wave = (at // DAY) % 9 == 2 or (at // 600) % 37 == 5
    parts = {**ACTIONS, "reject": 0.35} if is_wave else ACTIONS
    actions = {name: _about(dice, count * part) for name, part in parts.items()}
    scans = sum(actions.values())
    median = 0.012 * dice.uniform(0.85, 1.3) * (1.6 if is_wave else 1.0)
    times = [_below(bound, median) for bound in SCAN_SECONDS]
    counts = [round(scans * (a - b)) for a, b in zip(times, [0.0, *times], strict=False)]
    symbols = {name: _about(dice, scans * part) for name, part in SYMBOLS.items()}
    return Step(actions, [*counts, 0], scans * median * 1.3, symbols)


def _rate(at: float) -> float:
    """Messages a second: more in the day than in the night, fewer at the end of the week."""
    day = 0.55 - 0.45 * math.cos(2 * math.pi * (at % DAY) / DAY)
    return 1.4 * day * (0.45 if (at // DAY + 4) % 7 in (0, 6) else 1.0)


def _below(seconds: float, median: float) -> float:
    """The part of scans that take less: times of scans are spread log-normally."""
    return 0.5 * (1 + math.erf(math.log(seconds / median) / (0.8 * math.sqrt(2))))


def _about(dice: random.Random, count: float) -> int:
    return max(0, round(dice.gauss(count, math.sqrt(max(count, 0.01)))))


if __name__ == "__main__":
    write(sys.argv[1])
