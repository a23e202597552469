"""What the scanner does around the checks: whom it believes, notes, and the last word on edits."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config, Profile, Scan
from mailfilter.mail import Message
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.unscanned import Unscanned
from mailfilter.scan.verdict import Action, AddHeader, Edit, RemoveHeader, Verdict

from .case import ENVELOPE, RAW, ScanCase, finding

EDIT = AddHeader("X-Last", "word")


class FinishTests(SynchronousTestCase):
    def scan(self, config: Config | None = None, error: Exception | None = None) -> Verdict:
        config = config or Config()
        self.told: list[tuple[Envelope, bytes, Verdict]] = []

        def finish(envelope: Envelope, message: Message, verdict: Verdict) -> Sequence[Edit]:
            if error is not None:
                raise error
            self.told.append((envelope, message.raw, verdict))
            return (EDIT,)

        plan = build_plan(config, [finding("a", AddHeader("X-First", "word"))])
        scanner = Scanner(plan, config.scan, Clock(), finish=finish)
        return self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))

    def test_edits_are_appended(self) -> None:
        verdict = self.scan()
        self.assertEqual(verdict.edits, (AddHeader("X-First", "word"), EDIT))
        ((envelope, raw, seen),) = self.told
        self.assertEqual((envelope, raw), (ENVELOPE, RAW))
        self.assertEqual(replace(seen, edits=verdict.edits), verdict)

    def test_trouble_costs_no_verdict(self) -> None:
        self.assertEqual(self.scan(error=ValueError("x")).edits, (AddHeader("X-First", "word"),))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_what_is_skipped(self) -> None:
        """It may have to be rid of what others wrote in our name."""
        skip = Config(profiles={"a": Profile(listeners=(ENVELOPE.listener,), skip=True)})
        self.assertEqual(self.scan(skip).edits, (EDIT,))
        self.assertTrue(self.told[0][2].is_skipped)


class UnscannedTests(ScanCase):
    """Messages of which there is no scan."""

    def unscanned(self, config: Config, envelope: Envelope, head: bytes = RAW[:-6]) -> Verdict:
        def finish(envelope: Envelope, message: Message, verdict: Verdict) -> Sequence[Edit]:
            self.message = message
            return (EDIT,)

        seen: list[tuple[Envelope, Verdict]] = []
        observer = lambda *told: seen.append(told)  # noqa: E731
        scanner = Scanner(build_plan(config, []), config.scan, self.clock, [observer], finish)
        given = Unscanned("size", Action.SOFT_REJECT, "451 4.3.4 too large", head, 10**9)
        verdict = scanner.unscanned(envelope, given)
        ((self.envelope, told),) = seen
        self.assertEqual(told, verdict)
        return verdict

    def test_verdict(self) -> None:
        verdict = self.unscanned(Config(scan=Scan(trace_header="X-Trace")), ENVELOPE)
        self.assertEqual(verdict.edits, (RemoveHeader("X-Trace"), EDIT))
        self.assertEqual(verdict.action, Action.SOFT_REJECT)
        self.assertEqual(verdict.smtp_message, "451 4.3.4 too large")
        self.assertEqual((verdict.unscanned, verdict.is_skipped), ("size", False))
        self.assertEqual((verdict.message_id, verdict.size), ("1@example.org", 10**9))
        self.assertEqual(verdict.trace[-1].text, "soft reject: not scanned, size")
        self.assertEqual(self.message.subject, "hello")

    def test_what_is_remembered(self) -> None:
        verdict = self.unscanned(Config(), replace(ENVELOPE, notes=("put right",)))
        self.assertEqual(verdict.summary.subject, "hello")
        self.assertEqual(verdict.trace[0].text, "put right")

    def test_trust(self) -> None:
        self.unscanned(Config(), replace(ENVELOPE, user="joe", is_trusted=False))
        self.assertIsNone(self.envelope.user)

    def test_no_header(self) -> None:
        self.assertEqual(self.unscanned(Config(), ENVELOPE, b"").edits, (EDIT,))


class EnvelopeTests(ScanCase):
    def test_notes_are_traced(self) -> None:
        verdict = self.scan(envelope=replace(ENVELOPE, notes=("put right",)))
        first = verdict.trace[0]
        self.assertEqual((first.source, first.text), ("message", "put right"))

    def test_trust(self) -> None:
        config = Config(profiles={"ours": Profile(networks=("10.0.0.0/8",))})
        envelope = replace(ENVELOPE, client_ip=ip_address("10.1.2.3"))
        self.assertEqual(self.scan(config=config, envelope=envelope).profile, "ours")
        stranger = replace(envelope, is_trusted=False)
        self.assertIsNone(self.scan(config=config, envelope=stranger).profile)
