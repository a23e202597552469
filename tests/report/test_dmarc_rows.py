"""Collecting rows of aggregate reports: off the scan's path, bounded, while the store is away."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import DmarcReports
from mailfilter.report import dmarc_rows
from mailfilter.report.dmarc_day import DAY, DomainDay, begin_of, read_day, read_domains
from mailfilter.report.dmarc_rows import (
    FLUSH_SECONDS,
    MESSAGES_A_TURN,
    QUIET_SECONDS,
    RETRY_SECONDS,
    DmarcRows,
)
from mailfilter.scan.envelope import Envelope, Recipient
from mailfilter.scan.networks import Networks
from mailfilter.scan.verdict import AuthResult
from mailfilter.store.base import Call
from mailfilter.store.errors import Unavailable
from mailfilter.store.memory import MemoryStore
from mailfilter.testing.fake_scanner import NO_ACTION

from .dmarc_case import dkim_result, dmarc_result, spf_result

R = TypeVar("R")

TODAY, TOMORROW = "2026-11-28", "2026-11-29"
ENVELOPE = Envelope(listener="milter", client_ip=ip_address("192.0.2.9"), sender="bob@example.com")


class Away(MemoryStore):
    """A store that may be away, and counts calls."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.open()
        self.is_away = False
        self.calls = 0

    async def do(self, call: Call[R]) -> R:
        self.calls += 1
        if self.is_away:
            raise Unavailable("away")
        return await super().do(call)


class RowsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Away(self.clock)
        self.counted: list[str] = []
        self.began = begin_of(TODAY) + DAY / 2.0
        self.rows = self.make()

    def make(self, **settings: Any) -> DmarcRows:
        return DmarcRows(
            self.store,
            DmarcReports(address="reports@example.org", skip_domains=("skip.example",), **settings),
            Networks(("10.0.0.0/8",)),
            self.clock,
            self.counted.append,
            lambda: self.began + self.clock.seconds(),
        )

    def scan(self, *results: AuthResult, envelope: Envelope = ENVELOPE, **changes: Any) -> None:
        self.rows(envelope, replace(NO_ACTION, auth_results=results, **changes))

    def scan_good(self, count: int = 1, author: str = "example.com") -> None:
        for _ in range(count):
            self.scan(spf_result(), dkim_result(), dmarc_result(author=author))

    def flush(self) -> None:
        self.clock.advance(FLUSH_SECONDS)
        self.clock.pump([0.0] * 200)

    def read(self, domain: str = "example.com", day: str = TODAY) -> DomainDay:
        done = Deferred.fromCoroutine(read_day(self.store, day, domain))
        found = self.successResultOf(done)
        assert found is not None
        return found

    def domains(self, day: str = TODAY) -> list[str]:
        return self.successResultOf(Deferred.fromCoroutine(read_domains(self.store, day)))

    def test_counted(self) -> None:
        """Those that are alike have one row, and one call."""
        self.scan_good(60)
        self.assertEqual(self.store.calls, 0)
        self.flush()
        self.assertLess(self.store.calls, 8)
        found = self.read()
        self.assertEqual([count for _row, count in found.rows], [60])
        self.assertEqual(found.accepted, 60)
        self.assertEqual((self.rows.waiting, self.counted), (0, []))

    def test_nothing_to_count(self) -> None:
        self.scan(spf_result())
        self.scan(dmarc_result("none", rua=""))
        self.scan(dmarc_result(), is_skipped=True)
        self.assertEqual((self.rows.waiting, self.clock.getDelayedCalls()), (0, []))

    def test_skipped_domains(self) -> None:
        """Those of the configuration, and our own."""
        for domain in ("skip.example", "a.skip.example", "example.org", "mail.example.org"):
            self.scan_good(author=domain)
        self.scan_good(author="noskip.example")
        self.flush()
        self.assertEqual(self.domains(), ["noskip.example"])
        self.assertEqual(self.counted, [])

    def test_reports_of_others(self) -> None:
        """What is for the mailbox of reports alone is not reported: that would never end."""
        ours, other = Recipient("Reports@example.org"), Recipient("bob@example.org")
        for recipients in ((ours,), (ours, other), (other,)):
            self.scan(dmarc_result(), envelope=replace(ENVELOPE, recipients=recipients))
        self.flush()
        self.assertEqual(self.read().messages, 2)

    def test_last_policy(self) -> None:
        """That of the last message is told."""
        for p in ("none", "reject"):
            self.scan(dmarc_result(p=p))
        self.flush()
        self.assertEqual(self.read().policy.p, "reject")

    def test_turns(self) -> None:
        """Rows are made a few in a turn of the reactor."""
        turns: list[float] = []

        def note(clock: Clock, seconds: float) -> "Deferred[None]":
            turns.append(seconds)
            return deferLater(clock, seconds)

        self.patch(dmarc_rows, "deferLater", note)
        self.scan_good(2 * MESSAGES_A_TURN + 1)
        self.flush()
        self.assertEqual((turns, self.read().messages), ([0.0, 0.0], 2 * MESSAGES_A_TURN + 1))

    def test_day(self) -> None:
        """That in which the message came, however late it is stored."""
        self.began = begin_of(TOMORROW) - 2.0
        self.scan_good()
        self.flush()
        self.scan_good()
        self.flush()
        self.assertEqual((self.read().messages, self.read(day=TOMORROW).messages), (1, 1))

    def test_relay(self) -> None:
        """A relay of ours is nobody's client."""
        relayed = replace(ENVELOPE, client_ip=ip_address("10.1.2.3"))
        self.scan(dmarc_result(), envelope=relayed)
        self.scan(spf_result(ip="198.51.100.7"), dmarc_result(), envelope=relayed)
        self.flush()
        self.assertEqual([row.source_ip for row, _count in self.read().rows], ["198.51.100.7"])

    def test_store_away(self) -> None:
        """What waits is stored once it is back, and nothing twice."""
        self.store.is_away = True
        self.scan_good(3)
        self.flush()
        self.scan_good(2)
        self.clock.advance(RETRY_SECONDS)
        self.assertEqual(self.rows.waiting, 2)
        self.store.is_away = False
        self.clock.advance(RETRY_SECONDS)
        self.assertEqual((self.read().messages, self.rows.waiting), (5, 0))
        self.assertEqual(self.counted, [])

    def test_bounds(self) -> None:
        """What waits takes no more than its share of memory; the rest is counted."""
        self.patch(dmarc_rows, "MAX_WAITING", 10)
        self.patch(dmarc_rows, "MAX_ROWS", 4)
        for number in range(12):
            self.scan(spf_result(ip=f"192.0.2.{number}"), dmarc_result())
        self.assertEqual(self.counted, ["dmarc/dropped"] * 2)
        self.flush()
        self.assertEqual(self.counted, ["dmarc/dropped"] * 8)
        self.assertEqual(self.read().messages, 4)

    def test_told(self) -> None:
        """That messages are dropped, at most every ten minutes, and at the end."""
        told: list[int] = []
        self.patch(dmarc_rows.log, "warn", lambda _text, count: told.append(count))
        self.rows = self.make(max_domains=1)
        self.scan_good()
        for _ in range(3):
            self.scan_good(author="example.net")
            self.flush()
        self.assertEqual(told, [1])
        self.clock.advance(QUIET_SECONDS)
        self.scan_good(author="example.net")
        self.flush()
        self.assertEqual(told, [1, 3])
        self.scan_good(author="example.net")
        self.successResultOf(Deferred.fromCoroutine(self.rows.stop(1.0)))
        self.assertEqual(told, [1, 3, 1])

    def test_broken_message(self) -> None:
        """It costs itself, and is logged; of many at once the first."""

        def break_one(*_arguments: object) -> None:
            raise RuntimeError("broken")

        self.scan_good(2)
        self.patch(dmarc_rows, "told", break_one)
        self.flush()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual((self.counted, self.rows.waiting), (["dmarc/dropped"] * 2, 0))

    def test_stop(self) -> None:
        """What waits is stored first; after the end nothing is counted."""
        self.scan_good(2)
        self.successResultOf(Deferred.fromCoroutine(self.rows.stop(2.0)))
        self.scan_good()
        self.assertEqual((self.read().messages, self.rows.waiting), (2, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_away(self) -> None:
        self.store.is_away = True
        self.scan_good(2)
        stopped = Deferred.fromCoroutine(self.rows.stop(2.5))
        self.clock.pump([1.0] * 4)
        self.successResultOf(stopped)
        self.assertEqual(self.counted, ["dmarc/dropped"] * 2)
        self.assertEqual(self.clock.getDelayedCalls(), [])
