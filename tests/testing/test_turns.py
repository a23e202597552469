"""Coroutines driven turn by turn."""

from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.testing.turns import Turns

TIMES = (0.0, 1.0, 2.0, 7.0, 8.0, 9.0)
"""What is told before and after each of three turns, of which the second is the longest."""


class TurnsTests(SynchronousTestCase):
    """What they measure, and what they do not drive."""

    def setUp(self) -> None:
        """A measure that is known."""
        times: Iterator[float] = iter(TIMES)
        self.turns = Turns(lambda: next(times))

    def test_measured(self) -> None:
        """Each pause ends a turn; timers that are not due stay."""
        self.turns.callLater(60.0, self.fail)

        async def work() -> str:
            await deferLater(self.turns, 0.0)
            await deferLater(self.turns, 0.0)
            return "done"

        self.assertEqual(self.turns.run(work()), "done")
        self.assertEqual((self.turns.count, self.turns.longest), (3, 5.0))
        self.assertEqual(len(self.turns.getDelayedCalls()), 1)

    def test_raises(self) -> None:
        """What the coroutine raises is raised."""

        async def work() -> None:
            raise KeyError("x")

        self.assertRaises(KeyError, self.turns.run, work())

    def test_waits_for_more(self) -> None:
        """Nobody answers what is no pause."""

        async def work() -> None:
            await Deferred()

        self.assertRaises(AssertionError, self.turns.run, work())
