"""The history page by page, for those who come back for the next."""

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import HistorySettings
from mailfilter.report import history_search
from mailfilter.report.history import Recorder
from mailfilter.report.history_search import Found, Wanted, find_page
from mailfilter.scan.verdict import Action
from mailfilter.store.memory import MemoryStore

from .history_case import ENVELOPE, VERDICT


class PageTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.store.open()
        self.addCleanup(self.store.close)

    def remember(self, *numbers: int, **changes: Any) -> None:
        recorder = Recorder(self.store, HistorySettings(), self.clock, wall_clock=lambda: 1000.0)
        for number in numbers:
            recorder(ENVELOPE, replace(VERDICT, trace_id=f"{number:012}", **changes))
        stopped = Deferred.fromCoroutine(recorder.stop(1.0))
        self.clock.advance(0)
        self.successResultOf(stopped)

    def page(self, wanted: Wanted, cursor: str | None = None) -> tuple[list[int], str | None]:
        found = self.successResultOf(Deferred.fromCoroutine(find_page(self.store, wanted, cursor)))
        return [int(row.row_id) for row in found.rows], found.cursor

    def test_nothing(self) -> None:
        """Nothing was ever stored."""
        self.assertEqual(self.page(Wanted()), ([], Found().cursor))

    def test_pages(self) -> None:
        """One after the other, until there is no more, each row once."""
        self.remember(*range(1, 8))
        wanted = Wanted(limit=3)
        seen: list[int] = []
        cursor: str | None = None
        for _ in range(5):
            numbers, cursor = self.page(wanted, cursor)
            self.assertLessEqual(len(numbers), 3)
            seen += numbers
            if cursor is None:
                break
        self.assertIsNone(cursor)
        self.assertEqual(seen, [7, 6, 5, 4, 3, 2, 1])

    def test_filtered(self) -> None:
        self.remember(1, 2)
        self.remember(3, action=Action.REJECT)
        self.assertEqual(self.page(Wanted([("action", "reject")]))[0], [3])
        self.assertEqual(self.page(Wanted([("symbol", "one"), ("action", "reject")]))[0], [3])
        self.assertEqual(self.page(Wanted(until=1000.0))[0], [])

    def test_twice(self) -> None:
        """What the store has twice is told once, and the page is filled up."""
        self.remember(1, 2, 2, 2)
        self.assertEqual(self.page(Wanted(limit=2))[0], [2, 1])

    def test_calls_are_bounded(self) -> None:
        """Whoever waits gets what there is, and may ask again."""
        self.patch(history_search, "PAGE_CALLS", 2)
        self.remember(1, 2, 2, 2)
        numbers, cursor = self.page(Wanted(limit=2))
        self.assertEqual(numbers, [2])
        self.assertEqual(self.page(Wanted(limit=2), cursor)[0], [1])

    def test_limit(self) -> None:
        """Nobody gets more than a page."""
        self.patch(history_search, "PAGE_ROWS", 2)
        self.remember(1, 2, 3)
        self.assertEqual(self.page(Wanted(limit=50))[0], [3, 2])
        self.assertEqual(self.page(Wanted())[0], [3, 2])
