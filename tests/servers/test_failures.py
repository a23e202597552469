"""Tracebacks: one of each kind a minute, and how many there were."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.run import FAILURE_LOG_INTERVAL
from mailfilter.servers.failures import NO_ANSWER, NO_SCAN, Failures

from .milter_server import logged


class FailureTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.failures = Failures("scan", self.clock)

    def fail_with(self, text: str, times: int = 1) -> list[str]:
        """What is logged of it."""
        with logged() as lines:
            for _ in range(times):
                try:
                    raise ZeroDivisionError
                except ZeroDivisionError:
                    self.failures.log(text)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), len(lines))
        return [line.partition("\n")[0] for line in lines]

    def test_each_text_has_its_turn(self) -> None:
        self.assertEqual(self.fail_with(NO_SCAN), [f"scan: {NO_SCAN}"])
        self.assertEqual(self.fail_with(NO_ANSWER), [f"scan: {NO_ANSWER}"])
        self.assertEqual(self.fail_with(NO_SCAN), [])

    def test_how_many_were_not_said(self) -> None:
        self.fail_with(NO_SCAN, 6)
        self.clock.advance(FAILURE_LOG_INTERVAL)
        (line,) = self.fail_with(NO_SCAN, 2)
        self.assertEqual(line, f"scan: {NO_SCAN} (5 more times since it was last said)")
        self.clock.advance(FAILURE_LOG_INTERVAL)
        (line,) = self.fail_with(NO_SCAN)
        self.assertEqual(line, f"scan: {NO_SCAN} (1 more times since it was last said)")
        self.clock.advance(FAILURE_LOG_INTERVAL)
        self.assertEqual(self.fail_with(NO_SCAN), [f"scan: {NO_SCAN}"])
