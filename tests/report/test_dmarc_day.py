"""Days of aggregate reports: in memory and on disk, bounded, gone in time, never doubled."""

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import (
    DAY,
    DayBook,
    begin_of,
    day_of,
    read_day,
    read_domains,
)
from mailfilter.store.base import Call, HashAdd, Store
from mailfilter.store.errors import TimedOut
from mailfilter.store.memory import MemoryStore
from tests.store.case import StoreCase
from tests.store.test_embedded import EmbeddedCase

from .case_dmarc import NOON, TODAY, DmarcCases, make_batch

R = TypeVar("R")


class MemoryDmarcTests(DmarcCases, StoreCase):
    async def make_store(self) -> Store:
        store = MemoryStore(Clock())
        store.open()
        return store


class EmbeddedDmarcTests(DmarcCases, EmbeddedCase):
    async def second(self) -> Store:
        store = self.open_store(self.path)
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        return store


class FlakyStore(MemoryStore):
    """Says of additions that nobody knows whether they were made."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.open()
        self.fails_before = self.fails_after = False

    async def do(self, call: Call[R]) -> R:
        if isinstance(call, HashAdd) and self.fails_before:
            raise TimedOut("before")
        answer = await super().do(call)
        if isinstance(call, HashAdd) and self.fails_after:
            raise TimedOut("after")
        return answer


class DayTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = FlakyStore(self.clock)
        self.book = DayBook(self.store, DmarcReports(keep=2.0 * DAY))

    def messages(self) -> int:
        done = Deferred.fromCoroutine(read_day(self.store, TODAY, "example.com"))
        found = self.successResultOf(done)
        return found.messages if found else 0

    def test_days(self) -> None:
        self.assertEqual(day_of(begin_of("2026-11-28")), "2026-11-28")
        self.assertEqual(day_of(begin_of("2026-11-28") - 1), "2026-11-27")
        self.assertEqual(begin_of("1970-01-02"), DAY)
        for text in ("", "28.11.2026", "2026-13-01", "2026-02-30", "2026-9-5", "2026-09-5"):
            self.assertRaises(ValueError, begin_of, text)

    def test_doubt(self) -> None:
        """A call that timed out is looked for before it is made again."""
        for before in (True, False):
            self.store.fails_before, self.store.fails_after = before, not before
            batch = make_batch({1: 2, 2: 3})
            was = self.messages()
            self.failureResultOf(Deferred.fromCoroutine(self.book.add(batch, NOON)), TimedOut)
            self.store.fails_before = self.store.fails_after = False
            done = Deferred.fromCoroutine(self.book.add(batch, NOON))
            self.assertEqual(self.successResultOf(done), 0)
            self.assertEqual(self.messages() - was, 5)
            self.assertEqual(batch.rows, {})

    def test_kept(self) -> None:
        """Until so long after the end of the day."""
        self.successResultOf(Deferred.fromCoroutine(self.book.add(make_batch({1: 1}), NOON)))
        self.clock.advance(2.5 * DAY - 2)
        self.assertEqual(self.messages(), 1)
        self.clock.advance(4)
        self.assertEqual(self.messages(), 0)
        done = Deferred.fromCoroutine(read_domains(self.store, TODAY))
        self.assertEqual(self.successResultOf(done), [])
