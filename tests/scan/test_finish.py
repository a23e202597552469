"""What the scanner does around the checks: whom it believes, notes, and the last word on edits."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config, Profile
from mailfilter.mail import Message
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import AddHeader, Edit, Verdict

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

    def test_not_of_what_is_skipped(self) -> None:
        skip = Config(profiles={"a": Profile(listeners=(ENVELOPE.listener,), skip=True)})
        self.assertEqual(self.scan(skip).edits, ())
        self.assertEqual(self.told, [])


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
