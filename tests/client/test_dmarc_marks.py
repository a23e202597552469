"""Marks of reports that were sent: none is sent twice, none is lost without a word."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.dmarc_marks import MAX_ATTEMPTS, SENDING_SECONDS, Marks, Standing
from mailfilter.store.base import Put, key
from mailfilter.store.memory import MemoryStore

T = TypeVar("T")

WHAT = ("2026-11-28", "example.com", "a@example.com")
NOW = 1795953600.0


class MarksTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.store.open()
        self.marks = Marks(self.store, 1000.0)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def read(self, now: float = NOW, *, resend: bool = False) -> Standing:
        return self.do(self.marks.read(*WHAT, now, resend=resend))

    def begin(self, attempt: int = 1) -> bool:
        return self.do(self.marks.begin(*WHAT, attempt, NOW))

    def test_sent(self) -> None:
        self.assertEqual(self.read(), Standing("now", 1))
        self.assertTrue(self.begin())
        self.do(self.marks.end(*WHAT, 1, NOW, "sent", "250 ok"))
        self.assertEqual(self.read(), Standing("sent", 2, NOW, "250 ok"))
        self.assertEqual(self.read(resend=True).due, "sent")

    def test_one_of_several(self) -> None:
        """Of commands at the same time one sends."""
        self.assertEqual([self.begin(), self.begin()], [True, False])
        self.assertEqual(self.read().due, "under way")

    def test_failed(self) -> None:
        """The next command tries again, and again only one."""
        self.begin()
        self.do(self.marks.end(*WHAT, 1, NOW, "failed", "refused"))
        self.assertEqual(self.read(), Standing("now", 2, NOW, "refused"))
        self.assertEqual([self.begin(2), self.begin(2)], [True, False])

    def test_died(self) -> None:
        """It may have been sent: it is not sent again by itself."""
        self.begin()
        later = NOW + SENDING_SECONDS
        self.assertEqual(self.read(later - 1).due, "under way")
        self.assertEqual(self.read(later - 1, resend=True).due, "under way")
        self.assertEqual(self.read(later).due, "doubtful")
        self.assertEqual(self.read(later, resend=True), Standing("now", 2, NOW, ""))

    def test_unanswered(self) -> None:
        """Known at once to be doubtful."""
        self.begin()
        self.do(self.marks.end(*WHAT, 1, NOW, "sending", "lost"))
        self.assertEqual(self.read(), Standing("doubtful", 2, NOW, "lost"))

    def test_too_often(self) -> None:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self.assertEqual(self.read().due, "now")
            self.begin(attempt)
            self.do(self.marks.end(*WHAT, attempt, NOW, "failed", ""))
        self.assertEqual(self.read().due, "too often")

    def test_strange(self) -> None:
        self.do(self.store.do(Put({key("dmarc_sent", *WHAT, "1"): b"x"})))
        self.assertEqual(self.read().due, "doubtful")

    def test_expiry(self) -> None:
        self.begin()
        self.clock.advance(1001)
        self.assertEqual(self.read().due, "now")
