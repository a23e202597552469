"""Counts of scans: one of each verdict, in classes of time, and sums over processes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.counters import (
    CHECK_SECONDS,
    LAST_SCANS,
    MAX_NAMES,
    SCAN_SECONDS,
    Counters,
    Sizes,
)
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import OUT_OF_TIME, Action, CheckRun, SymbolResult
from mailfilter.testing.fake_scanner import NO_ACTION
from tests.config.case import EXAMPLES

ENVELOPE = Envelope(listener="http")
COUNTS = st.lists(st.integers(0, 9), min_size=3, max_size=3).map(tuple)
SIZES = st.builds(Sizes, st.just((1.0, 2.0)), COUNTS, st.integers(0, 99).map(float))


class CounterTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.counters = Counters()

    def count(self, **fields: object) -> None:
        self.counters.count_scan(ENVELOPE, replace(NO_ACTION, **fields))  # type: ignore[arg-type]

    def test_nothing(self) -> None:
        self.assertEqual(self.counters.values, {})
        sizes = self.counters.histograms()["scan_seconds"]
        self.assertEqual((sum(sizes.counts), sizes.total), (0, 0.0))
        self.assertEqual(len(sizes.counts), len(SCAN_SECONDS) + 1)

    def test_values(self) -> None:
        one, two = SymbolResult("A", 1.0, 1.0), SymbolResult("B", 0.0, 0.0)
        self.count(size=10, symbols=(one, two))
        self.count(size=5, symbols=(one,), action=Action.REJECT)
        self.assertEqual(
            self.counters.snapshot(),
            {
                "scans": 2,
                "spam": 1,
                "ham": 1,
                "octets": 15,
                "action/no action": 1,
                "action/reject": 1,
                "symbol/A": 2,
                "symbol_spam/A": 1,
                "symbol_ham/A": 1,
                "symbol/B": 1,
                "symbol_ham/B": 1,
            },
        )
        self.assertEqual(self.counters.symbols(), {"A": 2, "B": 1})

    def test_many_symbols(self) -> None:
        """Names that a check makes up do not fill memory, and those that are known go on."""
        known = SymbolResult("KNOWN", 1.0, 1.0)
        made_up = tuple(SymbolResult(f"S{number}", 1.0, 1.0) for number in range(MAX_NAMES))
        self.count(symbols=(known, *made_up))
        self.count(symbols=(known, SymbolResult("LATE", 1.0, 1.0)))
        counted = self.counters.symbols()
        self.assertEqual((counted["KNOWN"], counted["LATE"], len(counted)), (2, 0, MAX_NAMES))

    def test_not_scanned(self) -> None:
        """Such a message is no scan, and took none of its time."""
        self.count(unscanned="size", size=10)
        self.count(unscanned="size", action=Action.REJECT)
        self.count(unscanned="deadline")
        expected = {"unscanned/size": 2, "unscanned/deadline": 1}
        self.assertEqual(self.counters.values, expected)
        self.assertEqual(sum(self.counters.histograms()["scan_seconds"].counts), 0)

    def test_times(self) -> None:
        """A bound belongs to its class; what is above all has one of its own."""
        for elapsed in (0.0, 0.001, 0.0011, 10.0, 10.1, 600.0):
            self.count(elapsed=elapsed)
        sizes = self.counters.histograms()["scan_seconds"]
        self.assertEqual(sizes.counts[:3], (2, 1, 0))
        self.assertEqual(sizes.counts[-2:], (1, 2))
        self.assertAlmostEqual(sizes.total, 620.1021)

    def test_runs(self) -> None:
        """Of each check its time; of a stage from its first beginning to its last end."""
        runs = (
            CheckRun("a", "pre", 0.0, 0.002),
            CheckRun("quick", "main", 0.5, 0.0001),
            CheckRun("slow", "main", 0.25, 2.0),
        )
        self.count(runs=runs)
        self.count(runs=runs[:1])
        found = self.counters.histograms()
        self.assertEqual(
            set(found),
            {
                "scan_seconds",
                *("check_seconds/a", "check_seconds/quick", "check_seconds/slow"),
                *("stage_seconds/pre", "stage_seconds/main"),
            },
        )
        self.assertAlmostEqual(found["check_seconds/a"].total, 0.004)
        self.assertAlmostEqual(found["stage_seconds/main"].total, 2.0)
        self.assertEqual(found["check_seconds/quick"].counts, (1, *[0] * len(CHECK_SECONDS)))
        self.assertEqual(sum(found["stage_seconds/pre"].counts), 2)

    def test_trouble(self) -> None:
        """A check without an answer is counted, and took time; one that did not run is not."""
        self.count(
            runs=(
                CheckRun("off", "", trouble="not run: a profile disables it"),
                CheckRun("late", "main", 0.0, 8.0, trouble=OUT_OF_TIME),
                CheckRun("broken", "main", 0.0, 8.0, trouble="no answer: KeyError"),
            )
        )
        counted = {name: n for name, n in self.counters.values.items() if "check" in name}
        self.assertEqual(counted, {"check_timeout/late": 1, "check_failed/broken": 1})
        names = {"scan_seconds", "stage_seconds/main", "check_seconds/late", "check_seconds/broken"}
        self.assertEqual(set(self.counters.histograms()), names)

    def test_last(self) -> None:
        """What the last scans took, the newest last."""
        for seconds in range(LAST_SCANS + 3):
            self.count(elapsed=float(seconds))
        self.assertEqual(len(self.counters.last_seconds), LAST_SCANS)
        self.assertEqual(self.counters.last_seconds[-1], LAST_SCANS + 2.0)

    def test_snapshot(self) -> None:
        before = self.counters.histograms()
        self.count()
        self.assertEqual(sum(before["scan_seconds"].counts), 0)


class SizesTests(SynchronousTestCase):
    @EXAMPLES
    @given(SIZES, SIZES, SIZES)
    def test_plus(self, one: Sizes, two: Sizes, three: Sizes) -> None:
        """A sum, in whatever order."""
        self.assertEqual(one.plus(two), two.plus(one))
        self.assertEqual(one.plus(two).plus(three), one.plus(two.plus(three)))
        total = one.plus(two)
        self.assertEqual(sum(total.counts), sum(one.counts) + sum(two.counts))
        self.assertEqual(total.total, one.total + two.total)

    def test_other_bounds(self) -> None:
        one = Sizes((1.0,), (1, 2), 3.0)
        self.assertRaises(ValueError, one.plus, Sizes((2.0,), (1, 2), 3.0))
