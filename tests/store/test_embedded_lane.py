"""The threads of the embedded store: order, deadlines, what is not begun, and the end."""

import gc
import sqlite3
from threading import Event
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs
from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, Get, HashPut, LogAppend, Put, key
from mailfilter.store.errors import StoreError, TimedOut, TooLarge, Unavailable
from mailfilter.store.sqlite import desk, lane
from mailfilter.store.sqlite.handlers import HANDLERS
from mailfilter.store.sqlite.lane import Lane, Pending
from mailfilter.store.sqlite.upkeep import Sweep, Swept

from .case import A, B, C
from .trouble import TroubleCase

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

    async def test_work_raises(self) -> None:
        """Work that raises answers with an error of the store; the thread goes on."""
        self.lane._work = lambda batch: [][1] if batch else None
        error = await self.assertFailure(self.submit("bad"), StoreError)
        self.assertIn("IndexError", str(error))
        self.lane._work = self.gate.work
        self.gate.opened.set()
        self.assertEqual(await self.submit("good"), "good")


class ThreadTests(TroubleCase):
    """The store with handlers that fail, wait, or are never done."""

    def handle(self, kind: type[Any], handler: Any) -> None:
        """Let calls of a kind be carried out by something else."""
        present = vars(desk)["HANDLERS"]
        self.patch(desk, "HANDLERS", {**present, kind: handler})

    async def test_one_of_a_batch_fails(self) -> None:
        """A call that fails does not take the others with it, nor leave half of itself."""
        original = HANDLERS[LogAppend]

        def fails(db: sqlite3.Connection, now: int, call: LogAppend) -> int:
            done: int = original(db, now, call)
            if call.entries[0] == b"bad":
                raise ZeroDivisionError("half way")
            return done

        self.handle(LogAppend, fails)
        self.start()
        results = await self.outcomes(
            Count({A: 1}),
            LogAppend(A, [b"good"]),
            LogAppend(A, [b"bad"]),
            Count({A: 1}),
            LogAppend(A, [b"bad"]),
            LogAppend(A, [b"good"]),
            Count({A: 1}),
        )
        self.assertEqual(results, [[1], 1, StoreError, [2], StoreError, 2, [3]])
        self.assertEqual(await self.do(Count({A: 0})), [3])

    async def test_too_large_in_a_batch(self) -> None:
        """So it is with what the store refuses; that is no trouble of the store's."""
        self.start()
        fields = [b"%d" % number for number in range(1000)]
        await self.do(HashPut(A, dict.fromkeys(fields, b"")))
        results = await self.outcomes(Put({A: b"1"}), HashPut(A, {b"more": b""}), Put({B: b"2"}))
        self.assertEqual(results, [None, TooLarge, None])
        self.assertEqual(await self.do(Get([A, B])), [b"1", b"2"])
        self.assertEqual((self.counts, self.alarms), ([], []))

    async def test_programming_errors(self) -> None:
        """What SQLite refuses of one call is the fault of that call."""
        self.handle(LogAppend, lambda db, now, call: db.execute("SELECT * FROM value", (1, 2)))
        self.handle(HashPut, lambda db, now, call: db.execute("INSERT INTO swept VALUES (1, NULL)"))
        self.start()
        results = await self.outcomes(
            Put({A: b"1"}), LogAppend(A, [b"x"]), HashPut(A, {b"x": b"y"}), Put({B: b"2"})
        )
        self.assertEqual(results, [None, StoreError, StoreError, None])

    async def test_own_writes(self) -> None:
        """Who has the answer to a write sees it, by whatever lane."""
        self.start()
        other = self.start(self.path)
        for number in range(50):
            await self.do(Put({A: b"%d" % number}))
            self.assertEqual(await self.value(A), b"%d" % number)
            self.assertEqual(await other.do(Get([A])), [b"%d" % number])

    async def test_cancelled_call(self) -> None:
        """To cancel a call is no trouble of the store's."""
        self.start()
        await self.do(Put({A: b"1"}))
        call = Deferred.fromCoroutine(self.store.do(Get([A])))
        call.cancel()
        await self.assertFailure(call, CancelledError)
        self.assertEqual(await self.value(A), b"1")
        self.assertEqual(self.counts, [])

    async def test_after_the_end(self) -> None:
        """Calls after the end fail at once, in all lanes; to end twice does no harm."""
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        for call in (Put({A: b"1"}), Get([A])):
            await self.fails(Unavailable, call)
        await self.fails_stats()
        await self.store.close()

    async def test_end_of_a_long_sweep(self) -> None:
        """A sweep that has more to do stops at the end, which is no trouble."""
        self.handle(Sweep, lambda db, now, call: Swept(has_more=True, evicted=0))
        self.start()
        await self.do(Put({A: b"1"}))
        await self.store.close()
        for _ in range(5):
            await self.pause()
        self.assertEqual((self.counts, self.alarms), ([], []))

    async def fails_stats(self) -> None:
        """Figures are no more to be had."""
        try:
            await self.store.stats()
        except Unavailable:
            return
        self.fail("figures of a store that is closed")

    async def test_end_finishes(self) -> None:
        """What was asked before the end is done."""
        self.start()
        names = [key("test", str(number)) for number in range(500)]
        for name in names:
            call = Deferred.fromCoroutine(self.store.do(Put({name: b"1"})))
            call.addErrback(lambda failure: fail(failure))
        await self.store.close()
        self.start()
        self.assertEqual(await self.do(Get(names)), [b"1"] * 500)


class StuckTests(TroubleCase):
    """A thread that does not come back."""

    seconds = 0.2

    async def test_end_of_stuck(self) -> None:
        """The end does not wait for it longer than a call may take, and says so."""
        gate = Gate()
        self.addCleanup(gate.opened.set)
        self.patch(desk, "HANDLERS", {**HANDLERS, Count: lambda *_: gate.work([])})
        self.start()
        results = await self.outcomes(Count({A: 1}), Put({B: b"behind it"}))
        self.assertEqual(results, [TimedOut, TimedOut])
        self.assertIn("store/timeout", self.counts)
        with capturedLogs() as logs:
            await self.store.close()
            # Again, which must not take it for ended.
            await self.store.close()
            gc.collect()
        self.assertEqual([event["log_level"] for event in logs], [LogLevel.warn] * 2)
        self.assertIn("busy", str(logs))
        await self.fails(Unavailable, Put({C: b"1"}))
        gate.opened.set()
        self.start()
        self.assertIsNone(await self.patient(B))

    async def patient(self, name: Any) -> bytes | None:
        """A value, however busy the machine is."""
        for _ in range(100):
            try:
                return await self.value(name)
            except TimedOut:
                await self.pause()
        raise AssertionError
