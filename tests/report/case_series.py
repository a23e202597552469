"""Series in any store: what several processes write is what is read."""

from dataclasses import replace
from typing import Any, cast

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from mailfilter.report.counters import Counters
from mailfilter.report.series import TICK_SECONDS, SeriesRecorder
from mailfilter.report.series_read import Series, read_series
from mailfilter.report.series_steps import RANGES
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, SymbolResult, Verdict
from mailfilter.store.base import Store
from mailfilter.testing.fake_scanner import NO_ACTION

ENVELOPE = Envelope(listener="http")
NOON = 1_790_000_000.0 // 86400 * 86400 + 43200.0
"""Unix time at which the tests begin."""


def verdict(*symbols: str, **fields: Any) -> Verdict:
    found = tuple(SymbolResult(name, 1.0, 1.0) for name in symbols)
    return replace(NO_ACTION, symbols=found, **fields)


class Process:
    """What a process has: its counters, and what stores them; time passes for it as we say."""

    def __init__(self, store: Store, at: float = NOON) -> None:
        self.clock = Clock()
        self.began = at
        self.counters = Counters()
        self.counted: list[str] = []
        self.recorder = SeriesRecorder(
            store, self.counters, self.clock, self.counted.append, self.now
        )
        self.recorder.start()

    def now(self) -> float:
        return self.began + self.clock.seconds()

    def scan(self, count: int, *symbols: str, **fields: Any) -> None:
        for _ in range(count):
            self.counters.count_scan(ENVELOPE, verdict(*symbols, **fields))

    def passes(self, seconds: float) -> None:
        self.clock.pump([TICK_SECONDS] * int(seconds / TICK_SECONDS))

    async def stop(self) -> None:
        await self.recorder.stop(30.0)


class SeriesCases:
    """Taken in by a test case of a store (`tests.store.case.StoreCase`)."""

    async def second(self: Any) -> Store:
        """The same store, as another process has it; in memory there is only one."""
        return cast(Store, self.store)

    async def read(self: Any, name: str, at: float = NOON + 1) -> Series:
        return await read_series(self.store, RANGES[name], at)

    async def test_one(self: Any) -> None:
        """Every range knows of a scan, in its last step, and of no other step."""
        process = Process(self.store)
        process.scan(3, "A", action=Action.REJECT, elapsed=0.02)
        process.scan(1, elapsed=0.5)
        process.passes(20)
        await process.stop()
        for name, span in RANGES.items():
            found = await self.read(name, NOON + 20)
            self.assertEqual((found.step, len(found.p50)), (span.step, span.points))
            self.assertEqual(
                found.start + span.step * (span.points - 1), int(NOON) - (int(NOON) % span.step)
            )
            self.assertEqual(found.actions["reject"][-2:], [None, 3])
            self.assertEqual(found.actions["no action"][-1], 1)
            self.assertEqual(found.actions["greylist"][-1], 0)
            self.assertEqual(dict(found.symbols), {"A": [None] * (span.points - 1) + [3]})
            self.assertAlmostEqual(found.average[-1] or 0, 0.14)
            self.assertLess(found.p50[-1] or 0, 0.025)
            self.assertGreater(found.p95[-1] or 0, 0.25)

    async def test_several(self: Any) -> None:
        """Processes that write at once, and one that ends and begins anew, lose nothing."""
        stores = [self.store, await self.second(), await self.second()]
        for _life in range(3):
            processes = [Process(store) for store in stores]
            for _ in range(5):
                for process in processes:
                    process.scan(2, "A", "B")
                    process.passes(20)
            await gatherResults([Deferred.fromCoroutine(one.stop()) for one in processes])
        for name in RANGES:
            found = await self.read(name, NOON + 100)
            self.assertEqual(sum(n or 0 for n in found.actions["no action"]), 3 * 3 * 5 * 2, name)
            self.assertEqual(sum(n or 0 for n in found.symbols["B"]), 90)
        found = await self.read("hour", NOON + 100)
        self.assertEqual(found.actions["no action"][-3:], [None, 54, 36])

    async def test_left_behind(self: Any) -> None:
        """What was longer ago than the range is not read."""
        process = Process(self.store)
        process.scan(1)
        await process.stop()
        self.assertEqual((await self.read("hour")).actions["no action"][-1], 1)
        later = await self.read("hour", NOON + RANGES["hour"].span)
        self.assertEqual(set(later.actions["no action"]), {None})
