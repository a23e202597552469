"""Fields that are made when all else about a message is decided."""

from collections.abc import Callable, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config
from mailfilter.mail import Message
from mailfilter.scan.check import Force, Stage
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.leaving import HEAVY_BODY, Leaving
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    Edit,
    LastFields,
    RemoveHeader,
    ReplaceBody,
    Verdict,
)

from .case import ENVELOPE, RAW, ScanCase, finding

REMOVAL = RemoveHeader("Subject")


def signing(name: str) -> Callable[[Leaving], Sequence[AddHeader]]:
    """Makes a field with the names of those that it finds."""
    return lambda leaving: [
        AddHeader(name, " ".join(field.name.decode() for field in leaving.message.fields))
    ]


def broken(leaving: Leaving) -> Sequence[AddHeader]:
    raise ValueError("no signature")


class LastFieldTests(ScanCase):
    def signed(self, *wanted: LastFields, action: Action = Action.NO_ACTION) -> Verdict:
        first = finding("first", AddHeader("X-First", "word"), Force(action))
        last = finding("last", *wanted, stage_=Stage.POST)
        return self.scan(first, last)

    def test_above_all_others(self) -> None:
        verdict = self.signed(LastFields(signing("A")), LastFields(signing("B")))
        self.assertEqual(
            verdict.edits,
            (
                AddHeader("B", "a subject message-id x-first"),
                AddHeader("A", "subject message-id x-first"),
                AddHeader("X-First", "word"),
            ),
        )

    def test_mail_that_goes_nowhere(self) -> None:
        for action in Action:
            edits = self.signed(LastFields(signing("A")), action=action).edits
            gone = action in (Action.REJECT, Action.SOFT_REJECT, Action.DISCARD)
            self.assertEqual(len(edits), 1 if gone else 2, action)

    def test_trouble_costs_itself(self) -> None:
        verdict = self.signed(LastFields(broken), LastFields(signing("B")))
        self.assertEqual([edit.name for edit in adds(verdict.edits)], ["B", "X-First"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_what_is_no_function(self) -> None:
        verdict = self.signed(LastFields("text"))  # type: ignore[arg-type]
        self.assertIn("LAST_FAIL", [symbol.name for symbol in verdict.symbols])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)


def adds(edits: Sequence[Edit]) -> list[AddHeader]:
    return [edit for edit in edits if isinstance(edit, AddHeader)]


class ScannerTests(SynchronousTestCase):
    """What the scanner is given for it."""

    def scanner(self, *wanted: LastFields | ReplaceBody) -> Scanner:
        def finish(envelope: Envelope, message: Message, verdict: Verdict) -> Sequence[Edit]:
            return (REMOVAL,)

        async def aside(make: Callable[[], Sequence[AddHeader]]) -> Sequence[AddHeader]:
            await self.thread
            return make()

        self.thread: Deferred[None] = Deferred()
        config = Config()
        plan = build_plan(config, [finding("last", *wanted, stage_=Stage.POST)])
        return Scanner(plan, config.scan, Clock(), finish=finish, aside=aside)

    def test_after_all_other_edits(self) -> None:
        scanner = self.scanner(LastFields(signing("A")))
        verdict = self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))
        self.assertEqual(verdict.edits, (AddHeader("A", "message-id"), REMOVAL))

    def test_slow_ones_in_a_thread(self) -> None:
        scanner = self.scanner(LastFields(signing("A"), is_slow=True))
        scan = Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW))
        self.assertNoResult(scan)
        self.thread.callback(None)
        self.assertEqual(len(self.successResultOf(scan).edits), 2)

    def test_large_bodies_in_a_thread(self) -> None:
        """Those that no check could hash before."""
        body = ReplaceBody(b"x" * (HEAVY_BODY + 1))
        scanner = self.scanner(LastFields(signing("A")), body)
        scan = Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW))
        self.assertNoResult(scan)
        self.thread.callback(None)
        self.assertEqual(len(self.successResultOf(scan).edits), 3)

    def test_cancelled_meanwhile(self) -> None:
        scanner = self.scanner(LastFields(signing("A"), is_slow=True))
        scan = Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW))
        scan.cancel()
        self.failureResultOf(scan, CancelledError)
