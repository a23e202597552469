"""Series: in memory and on disk, in the order of time, and while the store is in trouble."""

from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.counters import SCAN_SECONDS
from mailfilter.report.series import SLOW_SECONDS, SeriesRecorder
from mailfilter.report.series_read import TOP, Series, quantile, read_series
from mailfilter.report.series_steps import MAX_SYMBOLS, RANGES
from mailfilter.store.base import Call, HashAll, HashPut, Store
from mailfilter.store.errors import StoreError, TimedOut, TooLarge, Unavailable
from mailfilter.store.memory import MemoryStore
from tests.store.case import StoreCase
from tests.store.test_embedded import EmbeddedCase

from .case_series import NOON, Process, SeriesCases

R = TypeVar("R")

HOUR, DAY = RANGES["hour"], RANGES["day"]


class MemorySeriesTests(SeriesCases, StoreCase):
    async def make_store(self) -> Store:
        store = MemoryStore(Clock())
        store.open()
        return store


class EmbeddedSeriesTests(SeriesCases, EmbeddedCase):
    async def second(self) -> Store:
        store = self.open_store(self.path)
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        return store

    async def test_expiry(self) -> None:
        """A block that the range has left behind goes from the store, and not before."""
        process = Process(self.store)
        await process.stop()
        stored = HashAll(HOUR.key(HOUR.block(NOON)))
        await self.passes(HOUR.span + HOUR.block_seconds - 1)
        self.assertTrue(await self.do(stored))
        await self.passes(HOUR.step + 2)
        self.assertFalse(await self.do(stored))


class FlakyStore(MemoryStore):
    """Fails as it is told, before or after it has done what it should."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.open()
        self.before: Exception | None = None
        self.after: Exception | None = None
        self.wait: Deferred[None] | None = None
        self.puts = 0

    async def do(self, call: Call[R]) -> R:
        if isinstance(call, HashPut):
            self.puts += 1
            if self.wait is not None:
                await self.wait
            if self.before is not None:
                raise self.before
        answer = await super().do(call)
        if isinstance(call, HashPut) and self.after is not None:
            raise self.after
        return answer


class RecorderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = FlakyStore()
        self.process = Process(self.store)

    def read(self, name: str = "hour") -> Series:
        done = Deferred.fromCoroutine(read_series(self.store, RANGES[name], self.process.now()))
        return self.successResultOf(done)

    def scans(self, name: str = "hour") -> list[int | None]:
        return list(self.read(name).actions["no action"])

    def stop(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.process.stop()))

    def test_steps(self) -> None:
        """A scan counts in the step in which its tick began; quiet steps are known."""
        self.process.scan(1)
        self.process.passes(60)
        self.process.passes(60)
        self.process.scan(5)
        self.process.passes(20)
        self.assertEqual(self.scans()[-4:], [None, 1, 0, 5])
        self.assertIsNone(self.read().average[-2])

    def test_before_the_start(self) -> None:
        """What was counted before is nobody's."""
        before, self.process = self.process, Process(self.store)
        before.scan(5)
        recorder = SeriesRecorder(self.store, before.counters, before.clock, wall_clock=before.now)
        recorder.start()
        before.scan(2)
        self.successResultOf(Deferred.fromCoroutine(recorder.stop(1.0)))
        self.assertEqual(self.scans()[-1], 2)

    def test_many_blocks(self) -> None:
        """Over hours each scan is counted once, and blocks that are over are let go of."""
        for _ in range(3 * 60):
            self.process.scan(1, "A")
            self.process.passes(60)
        self.assertEqual(sum(n or 0 for n in self.scans("hour")), 59)
        self.stop()
        self.assertEqual(sum(n or 0 for n in self.scans("day")), 180)
        self.assertEqual(sum(n or 0 for n in self.scans("year")), 180)
        self.assertLessEqual(len(self.process.recorder._blocks), 2 * len(RANGES))

    def test_not_too_often(self) -> None:
        """Long steps are not written at each tick."""
        self.process.passes(10)
        self.assertEqual(self.store.puts, len(RANGES))
        self.process.passes(10)
        self.assertEqual(self.store.puts, len(RANGES) + 1)
        self.process.passes(SLOW_SECONDS)
        self.assertEqual(self.store.puts, 2 * len(RANGES) + 6)

    def test_away(self) -> None:
        """What is counted meanwhile comes later, and one call at a tick finds out."""
        self.store.before = Unavailable("gone")
        self.process.scan(2)
        self.process.passes(1200)
        self.assertEqual(self.store.puts, 120)
        self.process.scan(3)
        self.store.before = None
        self.process.passes(60)
        self.assertEqual(self.scans()[-23:], [None, 2, *[0] * 19, 3, None])
        self.assertEqual(self.process.counted, [])

    def test_away_for_long(self) -> None:
        """What the range has left behind is dropped and counted; memory is bounded."""
        self.store.before = Unavailable("gone")
        self.process.passes(3 * HOUR.span)
        blocks = [block for block in self.process.recorder._blocks.values() if block.span is HOUR]
        self.assertLessEqual(len(blocks), HOUR.points // HOUR.of_block + 2)
        self.assertIn("series/dropped", self.process.counted)

    def test_doubt(self) -> None:
        """A write that was carried out and not answered is made again, and counts once."""
        self.store.after = TimedOut("no answer")
        self.process.scan(2)
        self.process.passes(20)
        self.store.after = None
        self.process.passes(20)
        self.assertEqual(self.scans()[-1], 2)

    def test_slow(self) -> None:
        """Writes do not overtake each other; what is counted meanwhile is written after."""
        self.store.wait = Deferred()
        self.process.scan(1)
        self.process.passes(30)
        self.assertEqual(self.store.puts, 1)
        self.process.scan(1)
        waiting, self.store.wait = self.store.wait, None
        waiting.callback(None)
        self.process.passes(20)
        self.assertEqual(self.scans()[-1], 2)

    def test_no_room(self) -> None:
        """A block with too many processes is given up, others go on."""
        self.store.before = TooLarge("1001 fields")
        self.process.scan(1)
        self.process.passes(10)
        self.assertEqual(self.process.counted, ["series/dropped"] * len(RANGES))
        self.assertEqual(self.process.recorder.waiting, 0)

    def test_stop(self) -> None:
        """The last scans are written; a store that hangs holds nobody up."""
        self.process.passes(10)
        self.process.scan(4)
        self.stop()
        self.assertEqual(self.scans("year")[-1], 4)
        self.assertFalse(self.process.clock.getDelayedCalls())
        self.stop()
        other = Process(self.store)
        self.store.wait = Deferred()
        ending = Deferred.fromCoroutine(other.stop())
        self.assertNoResult(ending)
        other.clock.advance(31)
        self.successResultOf(ending)

    def test_clock_set_back(self) -> None:
        """What was written before is not written over."""
        self.process.scan(2)
        self.process.passes(1200)
        self.process.scan(3)
        self.process.began -= 1200
        self.process.passes(10)
        self.stop()
        self.process.began += 1200
        self.assertEqual(sum(n or 0 for n in self.scans()), 5)

    def test_many_symbols(self) -> None:
        """Of many the most frequent are kept and told."""
        often = [f"OFTEN{number}" for number in range(TOP)]
        for number in range(MAX_SYMBOLS * 3):
            self.process.scan(1, f"RARE{number}")
        self.process.scan(2, *often)
        self.process.passes(10)
        self.assertEqual(set(self.read().symbols), set(often))

    def test_damage(self) -> None:
        """What cannot be read is left out."""
        self.process.scan(1)
        self.process.passes(10)
        key = HOUR.key(HOUR.block(NOON))
        garbage = {
            b"a": b"\xff",
            b"b": b"",
            b"c": b"\x81\xa1x\x01",
            b"d": b"\x81\xce\xff\xff\xff\xff\x90",
        }
        self.successResultOf(Deferred.fromCoroutine(self.store.do(HashPut(key, garbage))))
        self.assertEqual(self.scans()[-1], 1)

    def test_reading_fails(self) -> None:
        """An answer beyond bounds is not known, other trouble is the reader's."""
        self.process.scan(1)
        self.process.passes(10)
        errors: list[tuple[StoreError, bool]] = [(TooLarge("x"), True), (Unavailable("x"), False)]
        for error, is_answered in errors:
            self.patch(self.store, "do", _raiser(error))
            done = Deferred.fromCoroutine(read_series(self.store, DAY, NOON))
            if is_answered:
                self.assertEqual(set(self.successResultOf(done).p50), {None})
            else:
                self.failureResultOf(done, Unavailable)


def _raiser(error: Exception) -> Any:
    async def do(call: Call[Any]) -> Any:
        assert isinstance(call, HashAll)
        raise error

    return do


class QuantileTests(SynchronousTestCase):
    def test_quantiles(self) -> None:
        classes = len(SCAN_SECONDS) + 1
        one = [0] * classes
        self.assertIsNone(quantile(one, 0.5))
        self.assertIsNone(quantile([], 0.5))
        one[1] = 10
        self.assertAlmostEqual(quantile(one, 0.5) or 0, 0.00175)
        self.assertAlmostEqual(quantile(one, 1.0) or 0, 0.0025)
        one[-1] = 10
        self.assertEqual(quantile(one, 0.95), SCAN_SECONDS[-1])
        self.assertAlmostEqual(quantile([4], 0.5) or 0, 0.0005)

    def test_hostile(self) -> None:
        """More classes than there are, as another version may have."""
        self.assertEqual(quantile([0] * 40 + [1], 0.5), SCAN_SECONDS[-1])
