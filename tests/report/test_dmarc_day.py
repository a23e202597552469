"""Days of aggregate reports: in memory and on disk, bounded, gone in time, never doubled."""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import DmarcReports
from mailfilter.report import dmarc_day as module
from mailfilter.report.dmarc_day import (
    DAY,
    ROWS_A_CALL,
    Batch,
    Counted,
    DayBook,
    DomainDay,
    begin_of,
    close_day,
    day_of,
    read_day,
    read_domains,
)
from mailfilter.report.dmarc_row import encoded
from mailfilter.store.base import Call, HashAdd, HashGet, HashPut, Store
from mailfilter.store.errors import StoreError, TimedOut, Unavailable
from mailfilter.store.memory import MemoryStore
from tests.store.case import StoreCase
from tests.store.test_embedded import EmbeddedCase

from .case_dmarc import NOON, TODAY, DmarcCases, make_batch, make_row

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
    """Fails calls, by kind and in turn: before they are carried out, after that, or not."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.open()
        self.turns: dict[type, list[str]] = {}
        self.error: Callable[[str], StoreError] = TimedOut

    async def do(self, call: Call[R]) -> R:
        turns = self.turns.get(type(call))
        turn = turns.pop(0) if turns else ""
        if turn == "before":
            raise self.error(turn)
        answer = await super().do(call)
        if turn == "after":
            raise self.error(turn)
        return answer


class DayTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = FlakyStore(self.clock)
        self.book = DayBook(self.store, DmarcReports(keep=2.0 * DAY))

    def read(self, domain: str = "example.com") -> DomainDay | None:
        return self.successResultOf(Deferred.fromCoroutine(read_day(self.store, TODAY, domain)))

    def messages(self) -> int:
        found = self.read()
        return found.messages if found else 0

    def add(self, batch: Batch, book: DayBook | None = None) -> int:
        return self.successResultOf(Deferred.fromCoroutine((book or self.book).add(batch, NOON)))

    def fail_to_add(self, batch: Batch) -> None:
        self.failureResultOf(Deferred.fromCoroutine(self.book.add(batch, NOON)), StoreError)

    def test_days(self) -> None:
        self.assertEqual(day_of(begin_of("2026-11-28")), "2026-11-28")
        self.assertEqual(day_of(begin_of("2026-11-28") - 1), "2026-11-27")
        self.assertEqual(begin_of("1970-01-02"), DAY)
        for text in ("", "28.11.2026", "2026-13-01", "2026-02-30", "2026-9-5", "2026-09-5"):
            self.assertRaises(ValueError, begin_of, text)

    def test_doubt(self) -> None:
        """A call of which nobody knows is looked for before it is made again."""
        for error in (TimedOut, Unavailable):
            for turn in ("before", "after"):
                self.store.error = error
                self.store.turns[HashAdd] = [turn]
                batch = make_batch({1: 2, 2: 3})
                was = self.messages()
                self.fail_to_add(batch)
                self.assertEqual(self.add(batch), 0)
                self.assertEqual(self.messages() - was, 5)
                self.assertEqual(batch.rows, {})

    def test_doubt_beside_others(self) -> None:
        """What others have added to the same rows is not taken for ours."""
        numbers = iter((1, 2))
        self.patch(module, "randrange", lambda _end: next(numbers))
        self.book, other = (DayBook(self.store, DmarcReports()) for _ in range(2))
        for turn in ("before", "after"):
            was = self.messages()
            batch = make_batch({1: 2, 2: 3})
            self.store.turns[HashAdd] = [turn]
            self.fail_to_add(batch)
            self.add(make_batch({1: 7, 2: 8}), other)
            self.add(batch)
            self.assertEqual(self.messages() - was, 20)

    def test_doubt_ends(self) -> None:
        """Once it is settled, whatever fails next."""
        batch = make_batch(dict.fromkeys(range(ROWS_A_CALL + 10), 1))
        self.store.turns[HashAdd] = ["before"]
        self.fail_to_add(batch)
        self.store.turns[HashGet] = ["", "", "before"]
        self.fail_to_add(batch)
        self.assertEqual(self.messages(), ROWS_A_CALL)
        self.add(batch)
        self.assertEqual(self.messages(), ROWS_A_CALL + 10)

    def test_lost_while_the_store_fails(self) -> None:
        """What there is no room for is counted in the end, and told."""
        self.book = DayBook(self.store, DmarcReports(max_rows=1))
        batch = make_batch({1: 1, 2: 5})
        self.store.turns[HashAdd] = ["", "before"]
        self.fail_to_add(batch)
        self.assertEqual(self.add(batch), 5)
        found = self.read()
        assert found is not None
        self.assertEqual((found.messages, found.lost), (1, 5))

    def test_lost_before_the_store_fails(self) -> None:
        """What was lost until then is told by the call that goes well."""
        self.book = DayBook(self.store, DmarcReports(max_rows=1))
        batch = make_batch(dict.fromkeys(range(ROWS_A_CALL + 10), 1))
        self.store.turns[HashAdd] = ["", "", "before"]
        self.fail_to_add(batch)
        self.assertEqual(batch.lost, ROWS_A_CALL - 1)
        self.assertEqual(self.add(batch), ROWS_A_CALL + 9)
        self.assertEqual(batch.lost, 0)

    def test_fewer_rows(self) -> None:
        """The configuration allows fewer than there are by now."""
        self.add(make_batch(dict.fromkeys(range(5), 1)))
        book = DayBook(self.store, DmarcReports(max_rows=2))
        self.assertEqual(self.add(make_batch(dict.fromkeys(range(10, 16), 1)), book), 6)
        self.assertEqual(self.messages(), 5)

    def forged(self, number: int, **changes: str) -> bytes:
        fields = {"dkim": "fail", "spf_domain": f"n{number}.example", **changes}
        return encoded(make_row(1, **fields))

    def test_forged_rows(self) -> None:
        """What forgers make up takes no room from the domain's own hosts, and is put together."""
        self.book = DayBook(self.store, DmarcReports(max_rows=12))
        rows = {self.forged(number): Counted(1, 1) for number in range(20)}
        self.assertEqual(self.add(Batch(TODAY, make_batch({}).policy, rows)), 0)
        found = self.read()
        assert found is not None
        self.assertEqual((found.messages, len(found.rows), found.accepted), (20, 7, 20))
        ((row, count),) = [item for item in found.rows if not item[0].spf_domain]
        self.assertEqual((row.source_ip, count), ("192.0.0.1", 14))
        hosts = {self.forged(0, source_ip=f"192.0.2.{number}"): Counted(1) for number in range(9)}
        self.assertEqual(self.add(Batch(TODAY, make_batch({}).policy, hosts)), 7)
        self.assertEqual(self.add(make_batch({2: 1, 3: 1, 4: 1, 5: 1})), 1)

    def test_domains_of_one(self) -> None:
        """Names below one domain take no room from others."""
        self.patch(module, "DOMAINS_OF_ONE", 2)
        names = ("a.example.com", "b.example.com", "c.example.com", "example.net")
        lost = [self.add(make_batch({1: 1}, name)) for name in names]
        self.assertEqual(lost, [0, 0, 1, 0])

    def test_domain_counts_once(self) -> None:
        """However often it takes to say what its policy is."""
        self.book = DayBook(self.store, DmarcReports(max_domains=2))
        batch = make_batch({1: 1})
        self.store.turns[HashPut] = ["before"]
        self.fail_to_add(batch)
        self.assertEqual(self.add(batch), 0)
        self.assertEqual(self.add(make_batch({1: 1}, "example.net")), 0)
        self.assertEqual(self.add(make_batch({1: 1}, "example.org")), 1)

    def test_closed(self) -> None:
        """A report went out: what comes later is not told, and counted."""
        self.add(make_batch({1: 1}))
        closing = close_day(self.store, TODAY, "example.com", DAY)
        self.successResultOf(Deferred.fromCoroutine(closing))
        self.assertEqual(self.add(make_batch({1: 2, 2: 3})), 5)
        self.assertEqual(self.add(make_batch({1: 1}, "example.net")), 0)
        found = self.read()
        assert found is not None
        self.assertEqual((found.messages, found.lost), (1, 5))

    def test_kept(self) -> None:
        """Until so long after the end of the day."""
        self.successResultOf(Deferred.fromCoroutine(self.book.add(make_batch({1: 1}), NOON)))
        self.clock.advance(2.5 * DAY - 2)
        self.assertEqual(self.messages(), 1)
        self.clock.advance(4)
        self.assertEqual(self.messages(), 0)
        done = Deferred.fromCoroutine(read_domains(self.store, TODAY))
        self.assertEqual(self.successResultOf(done), [])
