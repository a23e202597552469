"""The helpers that third parties test their checks with."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.gtube import PATTERN_TAIL, Gtube
from mailfilter.scan.check import Check, Findings, Hit
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action
from mailfilter.testing.checks import run_check, scan_message, symbols_of


class Waiting(Check):
    name = "waiting"
    answer: Deferred[Findings]

    async def run(self, task: Task) -> Findings:
        return await self.answer


class KitTests(SynchronousTestCase):
    def setUp(self) -> None:
        Waiting.answer = Deferred()

    def test_check_that_waits(self) -> None:
        Waiting.answer.callback([Hit("A", options=("x",))])
        self.assertEqual(symbols_of(run_check(Waiting, b"")), {"A": ("x",)})

    def test_check_that_fails(self) -> None:
        Waiting.answer.errback(ZeroDivisionError())
        self.assertRaises(ZeroDivisionError, run_check, Waiting, b"")

    def test_check_that_gets_no_answer(self) -> None:
        error = self.assertRaises(AssertionError, run_check, Waiting, b"")
        self.assertIn("check waiting waits", str(error))

    def test_scan(self) -> None:
        raw = b"Subject: x\r\n\r\nX" + PATTERN_TAIL.encode() + b"\r\n"
        verdict = self.successResultOf(scan_message(raw, [Gtube]))
        self.assertIs(verdict.action, Action.REJECT)

    def test_time(self) -> None:
        clock = Clock()
        result = scan_message(b"Subject: x\r\n\r\n", [Waiting], clock=clock)
        self.assertNoResult(result)
        clock.advance(10)
        self.assertEqual(
            [item.name for item in self.successResultOf(result).symbols], ["WAITING_FAIL"]
        )
