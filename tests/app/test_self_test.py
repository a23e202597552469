"""Checks are tried before mail is given to them."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.self_test import Outcome, self_test
from mailfilter.checks import BUILT_IN
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Scan
from mailfilter.scan.check import Check, Findings, Hit
from mailfilter.scan.plan import build_plan
from mailfilter.scan.task import Task
from tests.scan.case import doing, finding
from tests.servers.milter_server import logged


class Failing(Check):
    """Waits for nothing, and fails."""

    name = "failing"

    async def run(self, task: Task) -> Findings:
        raise ConnectionError("no store")


class Endless(Check):
    name = "endless"

    async def run(self, task: Task) -> Findings:
        await Deferred()
        return ()


class Stubborn(Endless):
    """Does not end when it is told to."""

    name = "stubborn"

    async def run(self, task: Task) -> Findings:
        try:
            await Deferred()
        finally:
            await Deferred()
        return ()


def broken(task: Task) -> Findings:
    raise KeyError("broken")


class SelfTests(SynchronousTestCase):
    def begin(self, *checks: type[Check]) -> Deferred[Outcome]:
        self.clock = Clock()
        config = Config(scan=Scan(timeout=8.0, check_timeout=4.0))
        loaded = Loaded(config, {}, None, "/")
        plan = build_plan(config, checks)
        return Deferred.fromCoroutine(self_test(loaded, plan, self.clock))

    def outcome(self, *checks: type[Check], seconds: Sequence[float] = ()) -> Outcome:
        done = self.begin(*checks)
        self.clock.pump([*seconds, 0])
        return self.successResultOf(done)

    def test_nothing(self) -> None:
        self.assertEqual(self.outcome(), Outcome((), ()))

    def test_built_in(self) -> None:
        """Ours find nothing wrong, and nobody sees a log line of it."""
        with logged() as lines:
            self.assertEqual(self.outcome(*BUILT_IN), Outcome((), ()))
        self.assertEqual(lines, [])

    def test_plain(self) -> None:
        """It fails for all mail: an error; others are tried as well."""
        outcome = self.outcome(
            doing("one", broken), finding("two", Hit("A"), A=1.0), doing("three", broken)
        )
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)
        self.assertEqual(len(outcome.errors), 2)
        self.assertTrue(outcome.errors[0].startswith("check one: "), outcome)
        self.assertIn("KeyError", outcome.errors[0])
        self.assertTrue(outcome.errors[1].startswith("check three: "), outcome)
        self.assertEqual(outcome.warnings, ())

    def test_waiting(self) -> None:
        """What it waits for may be there when mail comes: a warning."""
        outcome = self.outcome(Failing)
        self.assertEqual(len(self.flushLoggedErrors(ConnectionError)), 1)
        self.assertEqual(outcome.errors, ())
        (text,) = outcome.warnings
        self.assertTrue(text.startswith("check failing: "), text)
        self.assertIn("ConnectionError", text)

    def test_both(self) -> None:
        outcome = self.outcome(Failing, doing("one", broken))
        self.assertEqual(len(self.flushLoggedErrors(ConnectionError, KeyError)), 2)
        self.assertEqual((len(outcome.errors), len(outcome.warnings)), (1, 1))

    def test_time(self) -> None:
        """There is an end to waiting."""
        done = self.begin(Endless)
        self.clock.advance(3.9)
        self.assertNoResult(done)
        self.clock.advance(0.1)
        outcome = self.successResultOf(done)
        self.assertEqual(outcome.errors, ())
        (text,) = outcome.warnings
        self.assertTrue(text.startswith("check endless: "), text)

    def test_time_of_all(self) -> None:
        outcome = self.outcome(Endless, Stubborn, seconds=[4.0, 4.0])
        self.assertEqual((outcome.errors, len(outcome.warnings)), ((), 2))
