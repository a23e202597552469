"""Reports that are due are sent once: over failures, deaths, other commands and dry runs."""

import gzip
from email import message_from_bytes, policy
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.drive import Answers, Asks
from mailfilter.client.dmarc_marks import SENDING_SECONDS
from mailfilter.client.dmarc_run import (
    MAX_FAILURES,
    GaveUp,
    Outcome,
    Sending,
    is_over,
    remembered_days,
)
from mailfilter.client.sending import SendError, Unanswered
from mailfilter.codec.dns_answer import DnsTimeout
from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import (
    DAY,
    LEAST_SECONDS,
    Batch,
    Counted,
    DayBook,
    begin_of,
    read_day,
)
from mailfilter.report.dmarc_row import PublishedPolicy, encoded
from mailfilter.scan.lookups import Lookups
from mailfilter.store.base import Call, Put, PutIfAbsent
from mailfilter.store.errors import TimedOut
from mailfilter.store.memory import MemoryStore
from mailfilter.testing.fake_dns import FakeDns
from tests.report.case_dmarc import TODAY, make_row

TOMORROW = begin_of(TODAY) + DAY + 3600.0


class Frozen(MemoryStore):
    """Counts writes, and may fail to remember what was sent."""

    fails_to: type | None = None
    writes = 0

    async def do(self, call: Call[Any]) -> Any:
        self.writes += call.is_write
        if self.fails_to is not None and isinstance(call, self.fails_to):
            raise TimedOut("no answer")
        return await super().do(call)


class RunTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = Frozen(self.clock)
        self.store.open()
        self.dns = FakeDns()
        self.now = TOMORROW
        self.sent: list[tuple[str, bytes]] = []
        self.errors: list[Exception | None] = []
        """In turn; None where all goes well."""

    def add(
        self, domain: str = "example.com", rua: str = "mailto:a@example.com", accepted: int = 1
    ) -> None:
        rows = {encoded(make_row(1)): Counted(3, accepted), encoded(make_row(2)): Counted(4)}
        batch = Batch(TODAY, PublishedPolicy(domain, rua), rows)
        book = DayBook(self.store, DmarcReports())
        self.successResultOf(Deferred.fromCoroutine(book.add(batch, self.now - DAY)))

    async def send(self, sender: str, recipient: str, message: bytes) -> str:
        self.assertEqual(sender, "reports@example.org")
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.sent.append((recipient, message))
        return "250 ok"

    async def ask_all(self, asks: Asks) -> Answers:
        return await Lookups(self.dns).for_check("dmarc").ask_all(asks)

    def start(
        self, outcomes: list[Outcome], domains: tuple[str, ...] = (), **named: Any
    ) -> "Deferred[None]":
        flags = {name: named.pop(name) for name in ("is_dry", "resend") if name in named}
        fields = {"organization": "Example", "address": "reports@example.org", **named}
        settings = DmarcReports(**fields)
        sending = Sending(
            self.store,
            settings,
            self.ask_all,
            self.send,
            outcomes.append,
            lambda: self.now,
            **flags,
        )
        return Deferred.fromCoroutine(sending.days([TODAY], domains))

    def run_one(self, *domains: str, **named: Any) -> list[tuple[str, str]]:
        """Run a command; the address and state of each outcome."""
        self.outcomes: list[Outcome] = []
        self.successResultOf(self.start(self.outcomes, domains, **named))
        return [(item.address or item.domain, item.state) for item in self.outcomes]

    def test_sent_once(self) -> None:
        self.add()
        self.assertEqual(self.run_one(), [("a@example.com", "sent")])
        self.assertEqual(self.outcomes[0].messages, 7)
        self.assertEqual(self.run_one(), [("a@example.com", "sent before")])
        self.assertEqual(self.run_one(resend=True), [("a@example.com", "sent before")])
        ((recipient, raw),) = self.sent
        self.assertEqual(recipient, "a@example.com")
        message = message_from_bytes(raw, policy=policy.default)
        attached = next(iter(message.iter_attachments())).get_content()
        self.assertIn(b"<count>4</count>", gzip.decompress(attached))

    def test_late(self) -> None:
        """What comes into the store after the report is counted as not told."""
        self.add()
        self.run_one(is_dry=True)
        self.add()
        self.run_one()
        self.add()
        self.run_one()
        self.assertEqual((self.outcomes[0].state, self.outcomes[0].messages), ("sent before", 14))
        done = Deferred.fromCoroutine(read_day(self.store, TODAY, "example.com"))
        found = self.successResultOf(done)
        self.assertEqual(found and found.lost, 7)

    def test_dry(self) -> None:
        """Nothing is sent or marked, however often."""
        self.add()
        before = self.store.writes
        for _ in range(2):
            self.assertEqual(self.run_one(is_dry=True), [("a@example.com", "would send")])
        self.assertEqual((self.sent, self.store.writes), ([], before))
        self.assertEqual(self.run_one(), [("a@example.com", "sent")])

    def test_failed(self) -> None:
        """The next command tries again; what went well is not repeated."""
        self.add(rua="mailto:a@example.com,mailto:b@example.com")
        self.errors = [SendError("450 later")]
        expected = [("a@example.com", "failed"), ("b@example.com", "sent")]
        self.assertEqual(self.run_one(), expected)
        expected = [("a@example.com", "sent"), ("b@example.com", "sent before")]
        self.assertEqual(self.run_one(), expected)
        self.assertEqual([to for to, _message in self.sent], ["b@example.com", "a@example.com"])

    def test_unanswered(self) -> None:
        """What may have been sent is sent again only by those who want that."""
        self.add()
        self.errors = [Unanswered("lost")]
        for _ in range(2):
            self.assertEqual(self.run_one(), [("a@example.com", "doubtful")])
        self.assertIn("lost", self.outcomes[0].text)
        self.assertEqual(self.run_one(resend=True), [("a@example.com", "sent")])
        self.assertEqual(self.run_one(), [("a@example.com", "sent before")])

    def test_killed(self) -> None:
        """A command that died on its way, as far as others can tell."""
        self.add()
        self.errors = [RuntimeError("killed")]
        self.failureResultOf(self.start([]), RuntimeError)
        self.assertEqual(self.run_one(), [("a@example.com", "under way")])
        self.now += SENDING_SECONDS
        self.assertEqual(self.run_one(), [("a@example.com", "doubtful")])
        self.assertEqual(self.run_one(resend=True), [("a@example.com", "sent")])

    def test_unmarked(self) -> None:
        """The store fails when a report was sent: it is not sent again."""
        self.add()
        self.store.fails_to = Put
        self.failureResultOf(self.start([]), TimedOut)
        self.store.fails_to = None
        self.now += SENDING_SECONDS
        self.assertEqual(self.run_one(), [("a@example.com", "doubtful")])
        self.assertEqual(len(self.sent), 1)

    def test_unmarked_before(self) -> None:
        """The store fails before: nothing is sent."""
        self.add()
        self.store.fails_to = PutIfAbsent
        self.failureResultOf(self.start([]), TimedOut)
        self.assertEqual(self.sent, [])

    def test_interrupted(self) -> None:
        """The report on its way is tried again, and no other is begun."""
        self.add()
        self.add("example.net", "mailto:a@example.net")
        error = SendError("interrupted")
        error.is_interrupted = True
        self.errors = [error]
        self.failureResultOf(self.start([]), CancelledError)
        self.assertEqual(self.sent, [])
        self.assertEqual({state for _where, state in self.run_one()}, {"sent"})

    def test_mta_away(self) -> None:
        """Nothing more is tried after a while; all of it is sent later."""
        for number in range(MAX_FAILURES + 5):
            self.add(f"d{number}.example", f"mailto:a@d{number}.example")
        self.errors = [*[SendError("refused")] * (MAX_FAILURES + 5)]
        outcomes: list[Outcome] = []
        self.failureResultOf(self.start(outcomes), GaveUp)
        self.assertEqual(len(outcomes), MAX_FAILURES)
        self.errors = []
        self.assertEqual({state for _where, state in self.run_one()}, {"sent"})
        self.assertEqual(len(self.sent), MAX_FAILURES + 5)

    def test_mta_comes_back(self) -> None:
        """Failures count if they are in a row."""
        count = 2 * MAX_FAILURES
        for number in range(count):
            self.add(f"d{number:02}.example", f"mailto:a@d{number:02}.example")
        away: list[Exception | None] = [SendError("away")] * (MAX_FAILURES - 1)
        self.errors = [*away, None, *away]
        states = [state for _where, state in self.run_one()]
        self.assertEqual((len(states), states.count("sent")), (count, 2))

    def test_addresses_that_are_refused(self) -> None:
        """They keep nobody else from getting reports: whoever likes can ask for some."""
        count = MAX_FAILURES + 5
        for number in range(count):
            self.add(f"d{number:02}.example", f"mailto:a@d{number:02}.example")
        refused = SendError("550 no such user")
        refused.is_refused = True
        self.errors = [*[refused] * (count - 1)]
        states = [state for _where, state in self.run_one()]
        self.assertEqual(states, ["failed"] * (count - 1) + ["sent"])

    def test_external(self) -> None:
        """Others get reports only if they say so; what is not known is asked again."""
        self.add(rua="mailto:a@example.net,mailto:b@example.org")
        self.dns.add('example.com._report._dmarc.example.org TXT "v=DMARC1"')
        self.dns.fail("example.com._report._dmarc.example.net", DnsTimeout)
        expected = [("a@example.net", "failed"), ("b@example.org", "sent")]
        self.assertEqual(self.run_one(), expected)
        self.dns = FakeDns('example.com._report._dmarc.example.org TXT "v=DMARC1"')
        expected = [("a@example.net", "refused"), ("b@example.org", "sent before")]
        self.assertEqual(self.run_one(), expected)

    def test_skipped(self) -> None:
        self.add("spam.example", "mailto:a@spam.example", accepted=0)
        self.add("skip.example", "mailto:a@skip.example")
        self.add("bad.example", "mailto:nobody")
        self.assertEqual(
            self.run_one(skip_domains=("skip.example",)),
            [("bad.example", "skipped"), ("skip.example", "skipped"), ("spam.example", "skipped")],
        )
        self.assertEqual(self.run_one("spam.example"), [("spam.example", "skipped")])
        found = self.run_one("spam.example", report_spam_only=True)
        self.assertEqual(found, [("a@spam.example", "sent")])

    def test_unusable_addresses(self) -> None:
        """They are told beside those that get the report."""
        self.add(rua="https://example.com/,mailto:a@example.com,mailto:b@[192.0.2.1]")
        expected = [("example.com", "refused")] * 2 + [("a@example.com", "sent")]
        self.assertEqual(self.run_one(), expected)
        self.assertIn("mailto: only", self.outcomes[0].text)

    def test_too_large(self) -> None:
        self.add(rua="mailto:a@example.com!1k,mailto:b@example.com!1m")
        expected = [("a@example.com", "too large"), ("b@example.com", "sent")]
        self.assertEqual(self.run_one(), expected)

    def test_copies(self) -> None:
        """They show whom the report is for, and are marked on their own."""
        self.add()
        self.errors = [SendError("450 later")]
        bcc = ("archive@example.org",)
        expected = [("a@example.com", "failed"), ("archive@example.org", "sent")]
        self.assertEqual(self.run_one(bcc=bcc), expected)
        expected = [("a@example.com", "sent"), ("archive@example.org", "sent before")]
        self.assertEqual(self.run_one(bcc=bcc), expected)
        self.assertTrue(all(b"\nTo: a@example.com\n" in raw for _to, raw in self.sent))

    def test_copies_of_nothing(self) -> None:
        """There are none of a report that nobody wants."""
        self.add(rua="mailto:a@example.net")
        found = self.run_one(bcc=("archive@example.org",))
        self.assertEqual(found, [("a@example.net", "refused")])

    def test_marks_outlive_days(self) -> None:
        """What is remembered of a day to its end is not sent once more before it."""
        keep = 2.0 * DAY
        self.add()
        self.run_one(keep=keep)
        sent = self.now
        # The last moment at which anything of the day may still be in the store.
        self.now = begin_of(TODAY) + DAY + keep + LEAST_SECONDS
        self.clock.advance(self.now - sent)
        self.add()
        self.assertEqual(self.run_one(keep=keep), [("a@example.com", "sent before")])


class DayTests(SynchronousTestCase):
    def test_days(self) -> None:
        days = remembered_days(TOMORROW, DmarcReports(keep=3.0 * DAY))
        self.assertEqual(days, [f"2026-11-{number}" for number in range(25, 30)])

    def test_over(self) -> None:
        end = begin_of(TODAY) + DAY
        self.assertEqual([is_over(TODAY, end + 599), is_over(TODAY, end + 600)], [False, True])
