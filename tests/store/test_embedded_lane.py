"""A thread of the embedded store: order, deadlines, what is not begun, and the end."""

from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from twisted.internet import reactor as _reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from mailfilter.store.errors import StoreError, TimedOut, Unavailable
from mailfilter.store.sqlite import lane
from mailfilter.store.sqlite.lane import Lane, Pending

reactor: Any = _reactor


class Gate:
    """A way to hold up the thread of a lane, and what it has been given to do."""

    def __init__(self) -> None:
        self.opened = Event()
        self.entered = Event()
        self.done: list[Any] = []
        self.batches: list[int] = []

    def work(self, batch: list[Pending]) -> None:
        """What a lane calls."""
        self.entered.set()
        if not self.opened.wait(30):
            raise AssertionError("nobody has opened the gate")
        if batch:
            self.batches.append(len(batch))
        for pending in batch:
            if not pending.is_dropped:
                self.done.append(pending.call)
                pending.result = pending.call


class FakeReactor(Clock):
    """Time by hand, with the way back from threads by the real reactor."""

    def callFromThread(self, function: Any, *arguments: Any) -> None:
        """As a reactor has it."""
        reactor.callFromThread(function, *arguments)


class LaneTests(TestCase):
    """A lane alone, whose work the test holds up; calls are numbers here."""

    def setUp(self) -> None:
        self.gate = Gate()
        self.clock = FakeReactor()
        self.lane = Lane(self.clock, "test", self.gate.work, 10.0)
        self.addCleanup(self.lane.end)
        self.addCleanup(self.gate.opened.set)

    def submit(self, number: Any) -> Deferred[Any]:
        """Queue a call."""
        return self.lane.submit(number)

    def hold(self) -> Deferred[Any]:
        """A call that the thread is busy with."""
        first = self.submit("first")
        self.assertTrue(self.gate.entered.wait(30))
        return first

    async def test_order(self) -> None:
        """Calls are carried out in their order, and answered in it."""
        answered: list[int] = []
        self.hold()
        waiting = [self.submit(number).addCallback(answered.append) for number in range(1000)]
        self.gate.opened.set()
        for one in waiting:
            await one
        self.assertEqual(answered, list(range(1000)))
        self.assertEqual(self.gate.done, ["first", *range(1000)])

    async def test_batches(self) -> None:
        """What waits is taken together, up to a bound."""
        self.hold()
        waiting = [self.submit(number) for number in range(lane.MAX_BATCH + 10)]
        self.gate.opened.set()
        for one in waiting:
            await one
        self.assertEqual(self.gate.batches, [1, lane.MAX_BATCH, 10])

    async def test_one_by_one(self) -> None:
        """Where a batch is one call, none waits for the answer to another that came with it."""
        gates = [Event(), Event()]

        def work(batch: list[Pending]) -> None:
            for pending in batch:
                if isinstance(pending.call, int):
                    gates[pending.call].wait(30)
                    pending.result = pending.call

        slow = Lane(self.clock, "slow", work, 10.0, max_batch=1)
        self.addCleanup(slow.end)
        for gate in gates:
            self.addCleanup(gate.set)
        calls: Any = (0, 0, 1)
        held, quick, long = (slow.submit(call) for call in calls)
        gates[0].set()
        self.assertEqual(await held, 0)
        self.assertEqual(await quick, 0)
        self.assertNoResult(long)
        gates[1].set()
        self.assertEqual(await long, 1)

    async def test_octets(self) -> None:
        """Calls that wait are bounded by the octets of their values, but one may have any."""
        call: Any = "large"
        held = self.lane.submit(call, lane.MAX_OCTETS + 1)
        self.assertTrue(self.gate.entered.wait(30))
        self.failureResultOf(self.lane.submit(call, 1), Unavailable)
        read = self.submit("read")
        self.gate.opened.set()
        await held
        await read
        self.gate.opened.clear()
        some = [self.lane.submit(call, lane.MAX_OCTETS // 4) for _ in range(4)]
        self.failureResultOf(self.lane.submit(call, 1), Unavailable)
        self.gate.opened.set()
        for one in some:
            await one
        self.assertEqual(await self.lane.submit(call, 1), "large")

    async def test_cancelled(self) -> None:
        """What is cancelled while it waits is not begun."""
        self.hold()
        first, second, third = (self.submit(number) for number in range(3))
        second.cancel()
        await self.assertFailure(second, CancelledError)
        self.gate.opened.set()
        await first
        await third
        self.assertEqual(self.gate.done, ["first", 0, 2])

    async def test_timed_out(self) -> None:
        """What was given up is not begun later; what came after has its own time."""
        busy = self.hold()
        early = self.submit("early")
        self.clock.advance(6)
        late = self.submit("late")
        self.clock.advance(5)
        self.assertIn("10 s", str(self.failureResultOf(busy, TimedOut).value))
        self.failureResultOf(early, TimedOut)
        self.assertNoResult(late)
        self.gate.opened.set()
        self.assertEqual(await late, "late")
        self.assertEqual(self.gate.done, ["late"])

    async def test_timers(self) -> None:
        """Deadlines are met whatever was answered or cancelled in between."""
        busy = self.hold()
        calls = []
        for number in range(10):
            self.clock.advance(0.5)
            calls.append(self.submit(number))
        calls[3].cancel()
        await self.assertFailure(calls[3], CancelledError)
        self.clock.advance(5.01)
        self.failureResultOf(busy, TimedOut)
        for number, call in enumerate(calls):
            self.clock.advance(0.5)
            if number != 3:
                self.failureResultOf(call, TimedOut)
        self.gate.opened.set()
        last = self.submit("last")
        self.assertEqual(await last, "last")
        await self.lane.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_too_many(self) -> None:
        """More than a bound are refused at once, also when nobody waits for those any more."""
        self.patch(lane, "MAX_WAITING", 10)
        waiting = [self.hold(), *(self.submit(number) for number in range(9))]
        self.failureResultOf(self.submit("more"), Unavailable)
        self.clock.advance(11)
        for one in waiting:
            self.failureResultOf(one, TimedOut)
        self.failureResultOf(self.submit("more"), Unavailable)
        self.gate.opened.set()
        while self.lane._waiting:
            await self.turn()
        self.assertEqual(await self.submit("again"), "again")

    async def turn(self) -> None:
        """Let the reactor turn."""
        turned: Deferred[None] = Deferred()
        reactor.callLater(0.001, turned.callback, None)
        await turned

    async def test_end_finishes(self) -> None:
        """The end comes after what waits; later calls are refused."""
        self.hold()
        waiting = [self.submit(number) for number in range(5)]
        ended = self.lane.end()
        self.failureResultOf(self.submit("late"), Unavailable)
        self.assertNoResult(ended)
        self.gate.opened.set()
        await ended
        self.assertEqual([self.successResultOf(one) for one in waiting], list(range(5)))

    async def test_end_unused(self) -> None:
        """A lane without a thread ends at once, and twice."""
        self.successResultOf(self.lane.end())
        self.failureResultOf(self.submit("late"), Unavailable)

    async def test_no_thread(self) -> None:
        """While no thread can be had, calls fail at once; then they go on."""
        error = RuntimeError("can't start new thread")
        with (
            patch.object(Thread, "start", side_effect=error),
            self.assertRaises(Unavailable) as caught,
        ):
            await self.submit(1)
        self.assertIn("no thread for the store: can't start", str(caught.exception))
        self.gate.opened.set()
        self.assertEqual(await self.submit(2), 2)

    async def test_work_raises(self) -> None:
        """Work that raises answers with an error of the store; the thread goes on."""
        self.lane._work = lambda batch: [][1] if batch else None
        error = await self.assertFailure(self.submit("bad"), StoreError)
        self.assertIn("IndexError", str(error))
        self.lane._work = self.gate.work
        self.gate.opened.set()
        self.assertEqual(await self.submit("good"), "good")
