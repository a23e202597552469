"""A bad check costs its own symbol, never the scan, nor its time (row 41 of bad-input.md)."""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred

from mailfilter.config.model import Config, Scan
from mailfilter.scan.check import Check, Finding, Findings, Force, Hit, Note
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeSender,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Verdict,
)

from .case import ENVELOPE, RAW, ScanCase, doing, finding, waiting


class IsolationTests(ScanCase):
    good = finding("good", Hit("GOOD"), GOOD=1.0)

    def failing(self, verdict: Verdict) -> dict[str, tuple[str, ...]]:
        return {item.name: item.options for item in verdict.symbols if item.name != "GOOD"}

    def assert_fails(self, check: type[Check], reason: str, errors: type[BaseException]) -> None:
        verdict = self.scan(check, self.good)
        self.assertEqual(self.failing(verdict), {"BAD_FAIL": (reason,)})
        self.assertEqual(verdict.score, 1.0)
        self.assertEqual(len(self.flushLoggedErrors(errors)), 1)

    def test_raises(self) -> None:
        def work(task: Task) -> Findings:
            raise ZeroDivisionError

        self.assert_fails(doing("bad", work), "ZeroDivisionError", ZeroDivisionError)

    def test_no_exceptions(self) -> None:
        """What is not even an Exception, at once and after a wait, costs no more."""
        for kind in (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, BaseException):

            def work(task: Task, kind: type[BaseException] = kind) -> Findings:
                raise kind

            self.assert_fails(doing("bad", work), kind.__name__, kind)
            answer: Deferred[Findings] = Deferred()
            result = self.start([waiting("bad", answer), self.good])
            answer.errback(kind())
            failing = self.failing(self.successResultOf(result))
            # Python turns a StopIteration that leaves a coroutine into a RuntimeError.
            names = {kind.__name__, "RuntimeError"} if kind is StopIteration else {kind.__name__}
            self.assertIn(failing["BAD_FAIL"][0], names)
            self.flushLoggedErrors(kind, RuntimeError)

    def test_recursion(self) -> None:
        def work(task: Task) -> Findings:
            return work(task)

        self.assert_fails(doing("bad", work), "RecursionError", RecursionError)

    def test_generator_that_raises(self) -> None:
        def work(task: Task) -> Iterator[Finding]:
            yield Hit("HALF")
            raise KeyError("x")

        self.assert_fails(doing("bad", work), "KeyError", KeyError)

    def test_no_finding(self) -> None:
        bad = doing("bad", lambda task: cast(Findings, ["A"]))
        self.assert_fails(bad, "TypeError", TypeError)
        self.assert_fails(doing("bad", lambda task: cast(Findings, 7)), "TypeError", TypeError)

    def test_numbers_that_are_none(self) -> None:
        for weight in (math.nan, math.inf, 1e308):
            self.assert_fails(finding("bad", Hit("A", weight)), "ValueError", ValueError)

    def test_names_that_are_none(self) -> None:
        for name in ("", "A B", "A\r\nB", "x" * 129, "\u00c4"):
            self.assert_fails(finding("bad", Hit(name)), "ValueError", ValueError)

    def test_findings_of_wrong_types(self) -> None:
        """No protocol gets to see a value that is not what its field says."""
        bad: Any = object()
        table: list[tuple[Finding, type[Exception]]] = [
            (Force("bogus"), ValueError),  # type: ignore[arg-type]
            (Force(Action.REJECT, message=bad), TypeError),
            (Force(Action.REJECT, score=math.nan), ValueError),
            (Force(Action.REJECT, score=bad), TypeError),
            (Note(bad), TypeError),
            (AddHeader(bad, "x"), TypeError),
            (AddHeader("X-A", bad), TypeError),
            (AddHeader("X-A", "x", bad), TypeError),
            (RemoveHeader("X-A", bad), TypeError),
            (ChangeSender("a@b", (bad,)), TypeError),
            (AddRecipient(bad), TypeError),
            (RemoveRecipient(bad), TypeError),
            (ReplaceBody(bad), TypeError),
            (Hit(bad), ValueError),
            (Hit("A", 1j), ValueError),  # type: ignore[arg-type]
            (Hit("A", Decimal(1)), ValueError),  # type: ignore[arg-type]
            (AddHeader("X-A", "a", True), TypeError),
        ]
        for item, error in table:
            verdict = self.scan(finding("bad", Hit("HALF"), item), self.good)
            self.assertEqual(self.names(verdict), ["BAD_FAIL", "GOOD"], item)
            self.assertEqual((verdict.action, verdict.edits), (Action.NO_ACTION, ()))
            self.assertEqual(len(self.flushLoggedErrors(error)), 1)

    def test_action_as_text(self) -> None:
        """An action given as text is that action, on every protocol."""
        force = Force("reject")  # type: ignore[arg-type]
        self.assertIs(self.scan(finding("a", force)).action, Action.REJECT)

    def test_signature_that_does_not_fit(self) -> None:
        class Wrong(Check):
            name = "bad"

            async def run(self) -> Findings:  # type: ignore[override]
                return ()

        self.assert_fails(Wrong, "TypeError", TypeError)

    def test_too_much_of_everything(self) -> None:
        def work(task: Task) -> Iterator[Finding]:
            for index in range(10**6):
                yield Hit(f"S{index}", options=("x" * 1000,) * 100)
                yield AddHeader("X-A", "b")

        verdict = self.scan(doing("bad", work))
        self.assertLess(len(verdict.symbols) + len(verdict.edits), 1000)
        self.assertLess(sum(len("".join(item.options)) for item in verdict.symbols), 300_000)

    def test_many_options_of_one_symbol(self) -> None:
        """Options are counted once each: many hits of one symbol take no room from others."""
        hits = [Hit("MANY", options=(f"{index:0900d}",)) for index in range(30)]
        verdict = self.scan(finding("a", *hits, Hit("LAST", options=("later",))))
        self.assertEqual([len(item.options) for item in verdict.symbols], [30, 1])

    def test_hits_are_not_for_writing(self) -> None:
        def work(task: Task) -> Findings:
            task.hits.update(X=5)  # type: ignore[attr-defined]
            return ()

        self.assert_fails(doing("bad", work), "AttributeError", AttributeError)

    def test_endless_generator(self) -> None:
        def work(task: Task) -> Iterator[Finding]:
            while True:
                yield Hit("A")

        self.assertEqual(self.names(self.scan(doing("bad", work))), ["A"])

    def test_huge_options(self) -> None:
        options = tuple("x" * 100_000 for _ in range(5000))
        config = Config(scan=Scan(max_options=7))
        (symbol,) = self.scan(finding("bad", Hit("A", options=options)), config=config).symbols
        self.assertEqual([len(text) for text in symbol.options], [1024] * 7)

    def test_long_work(self) -> None:
        """After a long synchronous check the reactor gets its turn, and the trace says why."""

        def work(task: Task) -> Findings:
            self.clock.advance(0.1)
            return ()

        result = self.start([doing("slow", work), self.good])
        self.assertNoResult(result)
        self.clock.advance(0)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["GOOD"])
        self.assertIn("took 0.100 s without a pause", [item.text for item in verdict.trace])

    def test_raises_while_waiting(self) -> None:
        answer: Deferred[Findings] = Deferred()
        result = self.start([waiting("bad", answer), self.good])
        self.assertNoResult(result)
        answer.errback(OSError("gone"))
        self.assertEqual(self.failing(self.successResultOf(result)), {"BAD_FAIL": ("OSError",)})
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_never_answers(self) -> None:
        """The check's own time ends before the scan's."""
        result = self.start([waiting("bad", Deferred()), self.good])
        self.clock.advance(3.9)
        self.assertNoResult(result)
        self.clock.advance(0.2)
        verdict = self.successResultOf(result)
        self.assertEqual(self.failing(verdict), {"BAD_FAIL": ("time is spent",)})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_ignores_its_cancellation(self) -> None:
        class Deaf(Check):
            name = "bad"

            async def run(self, task: Task) -> Findings:
                while True:
                    try:
                        await Deferred[None]()
                    except CancelledError:
                        continue

        result = self.start([Deaf, self.good])
        self.clock.advance(4)
        self.assertEqual(
            self.failing(self.successResultOf(result)), {"BAD_FAIL": ("time is spent",)}
        )

    def test_answers_too_late(self) -> None:
        answer: Deferred[Findings] = Deferred(lambda _: None)
        result = self.start([waiting("bad", answer), self.good])
        self.clock.advance(4)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["GOOD", "BAD_FAIL"])

    def test_together(self) -> None:
        """Checks that wait do so side by side, and others do not wait for them."""
        first: Deferred[Findings] = Deferred()
        second: Deferred[Findings] = Deferred()
        result = self.start([waiting("a", first), waiting("b", second), self.good])
        second.callback([Hit("B")])
        first.callback([Hit("A")])
        self.assertEqual(self.names(self.successResultOf(result)), ["GOOD", "B", "A"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_after(self) -> None:
        answer: Deferred[Findings] = Deferred()

        class Reader(Check):
            name = "reader"
            after = ("a",)

            def run(self, task: Task) -> Findings:
                return [Hit("READ", options=tuple(task.hits))]

        result = self.start([Reader, waiting("a", answer)])
        answer.callback([Hit("A")])
        self.assertEqual(self.successResultOf(result).symbols[-1].options, ("A",))

    def test_deadline_of_the_scan(self) -> None:
        """Checks whose turn comes after the deadline are named, not run."""
        config = Config(scan=Scan(timeout=3.0))
        later = finding("later", Hit("LATER"))
        later.after = ("slow",)
        result = self.start([waiting("slow", Deferred()), later], config)
        self.clock.advance(3.0)
        verdict = self.successResultOf(result)
        self.assertEqual(self.names(verdict), ["SLOW_FAIL", "LATER_FAIL"])

    def test_one_traceback_a_minute(self) -> None:
        def work(task: Task) -> Findings:
            raise ZeroDivisionError

        config = Config()
        scanner = Scanner(build_plan(config, [doing("bad", work)]), config.scan, self.clock)
        for expected in (1, 0, 1):
            self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), expected)
            self.clock.advance(0 if expected else 61)

    def test_observer_that_raises(self) -> None:
        def observer(envelope: Envelope, verdict: Verdict) -> None:
            raise ZeroDivisionError

        config = Config()
        scanner = Scanner(build_plan(config, []), config.scan, self.clock, [observer])
        self.successResultOf(Deferred.fromCoroutine(scanner.scan(ENVELOPE, RAW)))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_client_gone(self) -> None:
        """Cancelling a scan ends its checks and tells no observer."""
        cancelled: list[object] = []
        answer: Deferred[Findings] = Deferred(cancelled.append)
        result = self.start([waiting("a", answer)])
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.assertEqual((len(cancelled), self.seen), (1, []))
        self.assertEqual(self.clock.getDelayedCalls(), [])
