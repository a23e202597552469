"""What every store must do; a test case of a store takes these in and says how to make one.

The cases for values, counters and buckets are here, those for sets and hashes in `case_groups.py`,
for notices in `case_notices.py`, for the rest and for all together in `case_more.py`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mailfilter.store.base import (
    Bucket,
    Call,
    Count,
    Delete,
    Get,
    Key,
    Put,
    PutIfAbsent,
    Store,
    Take,
    key,
)
from mailfilter.store.calls.bounds import MAX_ITEMS, MAX_NUMBER, MAX_VALUE
from mailfilter.store.errors import TooLarge

R = TypeVar("R")

A, B, C = key("test", "a"), key("test", "b"), key("test", "c")
HOSTILE = (
    b"",
    b"\0",
    b"\r\n*1\r\n$8\r\nFLUSHALL\r\n",
    b"'; DROP TABLE value; --",
    b":" * 100,
    b"\xff\xfe\x80",
    "\u202egnp.\U0001f600".encode(),
    b"x" * 2**20,
)
"""What mail may bring where a key or a value is made of it."""


class StoreCase(TestCase):
    """How the store under test is made and how time passes for it."""

    store: Store
    short = 2.0
    """Seconds until expiry in these tests; `passes` lets more than that go by."""

    async def make_store(self) -> Store:
        """An empty store, opened; what it leaves is removed at the end of the test."""
        raise NotImplementedError

    async def passes(self, seconds: float) -> None:
        """So much time goes by for the store."""
        raise NotImplementedError

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something to become true."""
        for _ in range(int(seconds / 0.01)):
            if condition():
                return
            await self.pause()
        self.fail("it did not become true")

    async def pause(self) -> None:
        """Let the reactor turn for a little."""
        await deferLater(reactor, 0.01)

    async def do(self, call: Call[R]) -> R:
        """Carry out a call."""
        return await self.store.do(call)

    async def all_of(self, *calls: Call[R]) -> list[R]:
        """Carry out calls at the same time."""
        results = await DeferredList(
            [Deferred.fromCoroutine(self.store.do(call)) for call in calls],
            fireOnOneErrback=True,
            consumeErrors=True,
        )
        return [value for _, value in results]

    async def value(self, key: Key) -> bytes | None:
        """What is under a key."""
        return (await self.do(Get([key])))[0]

    def setUp(self) -> Any:
        """Make the store."""
        return Deferred.fromCoroutine(self._set_up())

    async def _set_up(self) -> None:
        self.store = await self.make_store()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.store.close()))


class ValueCases:
    """Values."""

    async def test_absent(self: Any) -> None:
        """Nothing is there at first."""
        self.assertEqual(await self.do(Get([A, B])), [None, None])

    async def test_put_and_get(self: Any) -> None:
        """What was put is got, in the order that was asked for."""
        await self.do(Put({A: b"1", B: b"2"}))
        self.assertEqual(await self.do(Get([B, C, A, B])), [b"2", None, b"1", b"2"])

    async def test_put_replaces(self: Any) -> None:
        """The last value counts, with its own expiry."""
        await self.do(Put({A: b"1"}, self.short))
        await self.do(Put({A: b"2"}))
        await self.passes(self.short * 1.2)
        self.assertEqual(await self.value(A), b"2")

    async def test_expiry(self: Any) -> None:
        """A value goes when its time has come, not before."""
        await self.do(Put({A: b"1"}, self.short))
        await self.do(Put({B: b"1"}, self.short * 100))
        self.assertEqual(await self.value(A), b"1")
        await self.passes(self.short * 1.2)
        self.assertEqual(await self.do(Get([A, B])), [None, b"1"])

    async def test_put_if_absent(self: Any) -> None:
        """The first one is told so, all others get its value."""
        self.assertIsNone(await self.do(PutIfAbsent(A, b"1")))
        self.assertEqual(await self.do(PutIfAbsent(A, b"2")), b"1")
        self.assertEqual(await self.value(A), b"1")

    async def test_put_if_absent_keeps_expiry(self: Any) -> None:
        """Coming second does not make it last longer; what has expired is absent."""
        await self.do(PutIfAbsent(A, b"1", self.short))
        await self.do(PutIfAbsent(A, b"2", self.short * 100))
        await self.passes(self.short * 1.2)
        self.assertIsNone(await self.do(PutIfAbsent(A, b"3")))

    async def test_put_if_absent_at_once(self: Any) -> None:
        """Of many at the same time one is first."""
        answers = await self.all_of(*(PutIfAbsent(A, b"%d" % n) for n in range(20)))
        self.assertEqual(answers.count(None), 1)
        winner = b"%d" % answers.index(None)
        self.assertEqual(set(answers) - {None}, {winner})

    async def test_delete(self: Any) -> None:
        """What is deleted is gone, and counted if it was there."""
        await self.do(Put({A: b"1", B: b"2"}))
        self.assertEqual(await self.do(Delete([A, C])), 1)
        self.assertEqual(await self.do(Get([A, B])), [None, b"2"])

    async def test_hostile_octets(self: Any) -> None:
        """Keys and values may be made of anything."""
        for octets in HOSTILE:
            name = key("test", octets)
            await self.do(Put({name: octets}))
            self.assertEqual(await self.value(name), octets)

    async def test_bounds(self: Any) -> None:
        """What is too large is refused when the call is made."""
        self.assertRaises(TooLarge, Put, {A: b"x" * (MAX_VALUE + 1)})
        self.assertRaises(TooLarge, Put, {A: b"x"}, -1.0)
        self.assertRaises(TooLarge, Put, {A: b"x"}, float("nan"))
        self.assertRaises(TooLarge, Put, {A: b"x"}, float("inf"))
        self.assertRaises(TooLarge, Get, [])
        self.assertRaises(TooLarge, Get, [A] * (MAX_ITEMS + 1))

    async def test_many(self: Any) -> None:
        """As many as a call may have."""
        names = [key("test", str(n)) for n in range(MAX_ITEMS)]
        await self.do(Put({name: name for name in names}))
        self.assertEqual(await self.do(Get(names)), names)


class CounterCases:
    """Counters."""

    async def test_count(self: Any) -> None:
        """Amounts add up, each counter by itself."""
        self.assertEqual(await self.do(Count({A: 2, B: -3})), [2, -3])
        self.assertEqual(await self.do(Count({B: 1, A: 40})), [-2, 42])

    async def test_read(self: Any) -> None:
        """Adding nothing reads, and begins nothing."""
        self.assertEqual(await self.do(Count({A: 0}, self.short)), [0])
        await self.do(Count({A: 5}))
        await self.passes(self.short * 1.2)
        self.assertEqual(await self.do(Count({A: 0})), [5])

    async def test_window(self: Any) -> None:
        """A counter ends so long after its beginning, however often it was added to."""
        await self.do(Count({A: 1}, self.short))
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(Count({A: 1}, self.short)), [2])
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.do(Count({A: 1}, self.short)), [1])

    async def test_ends(self: Any) -> None:
        """Numbers stop at their ends, exactly."""
        await self.do(Count({A: MAX_NUMBER - 1, B: 1 - MAX_NUMBER}))
        self.assertEqual(await self.do(Count({A: 1, B: -1})), [MAX_NUMBER, -MAX_NUMBER])
        self.assertEqual(await self.do(Count({A: 7, B: -7})), [MAX_NUMBER, -MAX_NUMBER])
        self.assertEqual(await self.do(Count({A: -1, B: 1})), [MAX_NUMBER - 1, 1 - MAX_NUMBER])

    async def test_at_once(self: Any) -> None:
        """Nothing is lost when many add at the same time."""
        answers = await self.all_of(*(Count({A: 1}) for _ in range(50)))
        self.assertEqual(sorted(number for (number,) in answers), list(range(1, 51)))

    async def test_own_keys(self: Any) -> None:
        """A counter and a value of the same key are different things."""
        await self.do(Put({A: b"text"}))
        self.assertEqual(await self.do(Count({A: 1})), [1])
        self.assertEqual(await self.value(A), b"text")


class BucketCases:
    """Token buckets."""

    async def take(self: Any, *buckets: Bucket) -> list[float]:
        """Take."""
        answer: list[float] = await self.do(Take(buckets))
        return answer

    async def test_burst(self: Any) -> None:
        """A bucket is full at first; once it is empty one has to wait."""
        bucket = Bucket(A, rate=0.01, burst=3)
        for _ in range(3):
            self.assertEqual(await self.take(bucket), [0.0])
        (wait,) = await self.take(bucket)
        self.assertLess(abs(wait - 100), 5)

    async def test_refill(self: Any) -> None:
        """It fills at its rate, up to the burst."""
        bucket = Bucket(A, rate=4 / self.short, burst=2, amount=2)
        self.assertEqual(await self.take(bucket), [0.0])
        self.assertGreater((await self.take(bucket))[0], 0)
        await self.passes(self.short)
        self.assertEqual(await self.take(bucket), [0.0])
        self.assertGreater((await self.take(bucket))[0], 0)

    async def test_all_or_none(self: Any) -> None:
        """If one has too few, nothing is taken from the others."""
        plenty, scarce = Bucket(A, rate=0.01, burst=5), Bucket(B, rate=0.01, burst=1)
        self.assertEqual(await self.take(plenty, scarce), [0.0, 0.0])
        waits = await self.take(plenty, scarce)
        self.assertEqual(waits[0], 0.0)
        self.assertGreater(waits[1], 0)
        self.assertEqual(await self.take(Bucket(A, 0.01, 5, amount=4)), [0.0])

    async def test_never(self: Any) -> None:
        """More than the burst never comes."""
        self.assertEqual(await self.take(Bucket(A, 1, 5, amount=6)), [float("inf")])

    async def test_look(self: Any) -> None:
        """Nothing is taken by an amount of 0."""
        self.assertEqual(await self.take(Bucket(A, 0.01, 1, amount=0)), [0.0])
        self.assertEqual(await self.take(Bucket(A, 0.01, 1)), [0.0])

    async def test_takes_at_once(self: Any) -> None:
        """No more are granted than there are tokens."""
        answers = await self.all_of(*(Take([Bucket(A, 0.001, 7)]) for _ in range(30)))
        self.assertEqual(sum(wait == 0.0 for (wait,) in answers), 7)

    async def test_fractions(self: Any) -> None:
        """Amounts need not be whole."""
        self.assertEqual(await self.take(Bucket(A, 0.001, 1, amount=0.75)), [0.0])
        (wait,) = await self.take(Bucket(A, 0.001, 1, amount=0.5))
        self.assertLess(abs(wait - 250), 5)

    async def test_bucket_bounds(self: Any) -> None:
        """What makes no sense is refused."""
        for rate, burst, amount in ((0, 1, 1), (1, 0, 1), (1, 1, -1), (1, float("nan"), 1)):
            self.assertRaises(TooLarge, Take, [Bucket(A, rate, burst, amount)])
        self.assertRaises(TooLarge, Take, [Bucket(A, 1, 1), Bucket(A, 1, 1)])
