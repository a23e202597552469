"""The embedded store where calls fail, wait, or are never done, and its end."""

import gc
import sqlite3
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.logger import LogLevel, capturedLogs

from mailfilter.store.base import Count, Get, HashPut, LogAppend, Put, key
from mailfilter.store.errors import StoreError, TimedOut, TooLarge, Unavailable
from mailfilter.store.sqlite import desk
from mailfilter.store.sqlite.handlers import HANDLERS
from mailfilter.store.sqlite.upkeep import Sweep, Swept

from .case import A, B, C
from .test_embedded_lane import Gate
from .trouble import TroubleCase


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
