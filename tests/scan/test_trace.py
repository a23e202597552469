"""What the trace says of each check, of caps, and of the message; where the trace id is shown."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred

from mailfilter.config.model import Config, Group, Profile, Scan
from mailfilter.mail.message import Message
from mailfilter.scan.check import Check, Findings, Force, Hit, Note, Stage
from mailfilter.scan.summary import MAX_ADDRESSES, MAX_CHARS
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action, AddHeader, CheckRun, RemoveHeader, Summary, Verdict

from .case import ENVELOPE, RAW, ScanCase, doing, finding, waiting

WORDS = b"""\
From: Alice <alice@example.net>
To: bob@example.org, Undisclosed recipients:;
Cc: <carol@example.org>
Subject: =?utf-8?q?caf=C3=A9?=

x
"""


class IdentityTests(ScanCase):
    """Who the other side is by its certificate, or its key."""

    def said(self, source: str = "tls", **told: Any) -> list[str]:
        verdict = self.scan(envelope=replace(ENVELOPE, **told))
        return [entry.text for entry in verdict.trace if entry.source == source]

    def test_identity(self) -> None:
        self.assertEqual(self.said(), [])
        self.assertEqual(self.said(identity="mx1"), ["came with the certificate of mx1"])
        self.assertEqual(
            self.said(identity="mx1", is_trusted=False),
            ["came with the certificate of mx1, which is not trusted"],
        )
        self.assertEqual(
            self.said("httpcrypt", identity="mx1", by_key=True), ["came with the key of mx1"]
        )


class RunTests(ScanCase):
    """How the checks fared."""

    def runs(self, verdict: Verdict) -> list[tuple[object, ...]]:
        return [(run.check, run.at, run.took, run.symbols, run.trouble) for run in verdict.runs]

    def test_direct(self) -> None:
        """Each check has its line, in order, with its time; also one that finds nothing."""

        def work(task: Task) -> Findings:
            self.clock.advance(0.02)
            return [Hit("A"), Hit("B")]

        verdict = self.scan(doing("a", work), finding("b"))
        self.assertEqual(
            self.runs(verdict), [("a", 0.0, 0.02, ("A", "B"), None), ("b", 0.02, 0.0, (), None)]
        )
        self.assertEqual([run.stage for run in verdict.runs], ["main", "main"])

    def test_generator(self) -> None:
        """The time of a generator is that of its work."""

        def work(task: Task) -> Findings:
            self.clock.advance(0.25)
            yield Hit("A")

        self.assertEqual(self.scan(doing("a", work)).runs[0].took, 0.25)

    def test_waiting(self) -> None:
        """A check that waits: from its beginning to its answer; whose answers it reads."""
        first: Deferred[Findings] = Deferred()
        second: Deferred[Findings] = Deferred()
        scan = self.start([waiting("a", first), waiting("b", second, "a")])
        self.clock.advance(1.0)
        first.callback([Hit("A")])
        self.clock.advance(0.5)
        second.callback([])
        verdict = self.successResultOf(scan)
        self.assertEqual(
            verdict.runs,
            (
                CheckRun("a", "main", 0.0, 1.0, ("A",)),
                CheckRun("b", "main", 1.0, 0.5, (), ("a",)),
            ),
        )

    def test_trouble(self) -> None:
        """Checks without an answer: time, exceptions."""

        def fail(task: Task) -> Findings:
            raise KeyError("secret of the mail")

        config = Config(scan=Scan(check_timeout=2.0, timeout=3.0))
        scan = self.start([doing("a", fail), waiting("b", Deferred())], config)
        self.clock.advance(2.0)
        verdict = self.successResultOf(scan)
        self.flushLoggedErrors(KeyError)
        self.assertEqual(
            self.runs(verdict),
            [
                ("a", 0.0, 0.0, ("A_FAIL",), "no answer: KeyError"),
                ("b", 0.0, 2.0, ("B_FAIL",), "no answer: time is spent"),
            ],
        )

    def test_late(self) -> None:
        """Checks whose turn came too late."""
        config = Config(scan=Scan(timeout=1.0))

        def slow(task: Task) -> Findings:
            self.clock.advance(1.5)
            return ()

        checks: list[type[Check]] = [doing("a", slow), finding("b")]
        scan = self.start(checks, config)
        self.clock.advance(0)
        verdict = self.successResultOf(scan)
        self.assertEqual(self.runs(verdict)[1][4], "no answer: time is spent")

    def test_disabled(self) -> None:
        """Checks that a profile disables are named."""
        config = Config(profiles={"p": Profile(listeners=("test",), disable=("a",))})
        verdict = self.scan(finding("a", Hit("A")), finding("b"), config=config)
        self.assertEqual(
            [(run.check, run.stage, run.trouble) for run in verdict.runs],
            [("a", "", "not run: a profile disables it"), ("b", "main", None)],
        )

    def test_notes(self) -> None:
        """What a check wrote is marked, for it may quote the message."""
        verdict = self.scan(finding("a", Note("mail"), Hit("A"), A=1.0))
        marked = [(item.text, item.quotes) for item in verdict.trace]
        self.assertIn(("mail", True), marked)
        self.assertEqual([text for text, quotes in marked if quotes], ["mail"])

    def test_caps(self) -> None:
        """What a group has lost to its cap."""
        config = Config(groups={"test": Group(max_score=4.0)})
        verdict = self.scan(finding("a", Hit("A"), Hit("B"), A=3.0, B=3.5), config=config)
        texts = [(item.source, item.text) for item in verdict.trace]
        self.assertIn(("groups", "test: 6.5 cut to 4"), texts)
        verdict = self.scan(finding("a", Hit("A"), A=4.0), config=config)
        self.assertNotIn("groups", [item.source for item in verdict.trace])


class SummaryTests(ScanCase):
    """What is remembered of the message."""

    def test_summary(self) -> None:
        """Addresses and subject, decoded."""
        self.assertEqual(
            self.scan(raw=WORDS).summary,
            Summary(("alice@example.net",), ("bob@example.org", "carol@example.org"), "caf\u00e9"),
        )

    def test_nothing(self) -> None:
        """A message without any of it."""
        self.assertEqual(self.scan(raw=b"X: y\n\nz\n").summary, Summary())
        self.assertEqual(self.scan(raw=b"").summary, Summary())

    def test_skipped(self) -> None:
        """Of what is not scanned nothing is remembered."""
        envelope = replace(ENVELOPE, flags=frozenset({"skip"}))
        self.assertEqual(self.scan(raw=WORDS, envelope=envelope).summary, Summary())

    def test_bounds(self) -> None:
        """Hostile sizes."""
        many = b", ".join(b"%d@example.org" % number for number in range(5000))
        long = b"x" * 5000
        raw = b"From: %b@example.org\nTo: %b\nSubject: %b\n\n" % (long, many, long)
        summary = self.scan(raw=raw).summary
        self.assertEqual(len(summary.recipients), MAX_ADDRESSES)
        self.assertEqual(len(summary.senders[0]), MAX_CHARS)
        self.assertEqual(len(summary.subject or ""), MAX_CHARS)

    def test_failure(self) -> None:
        """What cannot be read costs its own field, not the verdict."""

        def fail(message: Message) -> Any:
            raise RuntimeError

        with patch.object(Message, "from_", property(fail)):
            verdict = self.scan(raw=WORDS)
        self.assertEqual((verdict.action, verdict.summary.senders), (Action.NO_ACTION, ()))
        self.assertEqual(verdict.summary.subject, "caf\u00e9")


class ShownTests(ScanCase):
    """The trace id for others to see."""

    def test_off(self) -> None:
        """By default nowhere."""
        verdict = self.scan(finding("a", Force(Action.REJECT)))
        self.assertEqual((verdict.edits, verdict.shows_trace), ((), False))

    def test_header(self) -> None:
        """In a header, below what checks add; those that senders have put there go."""
        config = Config(scan=Scan(trace_header="X-Trace"))
        verdict = self.scan(finding("a", AddHeader("X-A", "b")), config=config)
        trace = AddHeader("X-Trace", verdict.trace_id)
        self.assertEqual(verdict.edits, (RemoveHeader("X-Trace"), AddHeader("X-A", "b"), trace))

    def test_reply(self) -> None:
        """In the reply."""
        config = Config(scan=Scan(trace_in_reply=True))
        self.assertTrue(self.scan(finding("a", stage_=Stage.PRE), config=config).shows_trace)

    def test_skipped(self) -> None:
        """Not where nothing is to be found by it."""
        config = Config(scan=Scan(trace_header="X-Trace", trace_in_reply=True))
        envelope = replace(ENVELOPE, flags=frozenset({"skip"}))
        verdict = self.scan(config=config, envelope=envelope, raw=RAW)
        self.assertEqual(verdict.edits, (RemoveHeader("X-Trace"),))
        self.assertFalse(verdict.shows_trace)
