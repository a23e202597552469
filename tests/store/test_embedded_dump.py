"""Dumps of the embedded store that take many parts, also while it is written to."""

from collections.abc import AsyncIterator
from typing import Any

from mailfilter.store.base import (
    Call,
    Count,
    Dump,
    HashPut,
    HistoryAdd,
    Limits,
    LogAcknowledge,
    LogAppend,
    LogLook,
    LogRead,
    Put,
    SetAdd,
    Snapshot,
    SnapshotPut,
    key,
)
from mailfilter.store.sqlite.dump import PART

from .case import A
from .case_more import row
from .trouble import TroubleCase

NUMBER = PART * 2 + 7
LIMITS = Limits(10_000, 10**6, 10**9)


def name(number: int) -> Any:
    """A key."""
    return key("test", str(number))


class DumpTests(TroubleCase):
    """Each thing is in exactly one part."""

    async def parts(self) -> AsyncIterator[Any]:
        """The parts of a dump."""
        cursor = None
        for _ in range(1000):
            part = await self.do(Dump(cursor))
            yield part.calls
            if part.cursor is None:
                return
            self.assertNotEqual(part.cursor, cursor)
            cursor = part.cursor
        self.fail("there is no end to it")

    async def dump(self) -> list[Call[Any]]:
        """All the calls of a dump."""
        return [call async for calls in self.parts() for call in calls]

    async def fill(self) -> None:
        """More than two parts of everything."""
        self.start()
        for number in range(NUMBER):
            await self.all_of(
                Put({name(number): b"%d" % number}, None if number % 2 else 1000),
                Count({name(number): number + 1}),
                SetAdd(name(number), [b"%d" % number, b"x"], 10),
                HashPut(name(number), {b"f": b"%d" % number}),
                HistoryAdd(name(number % 3), [row(number)], LIMITS),
                LogAppend(name(number), [b"%d" % number]),
                LogAppend(A, [b"%d" % number]),
                LogAcknowledge(A, b"%d" % number, number),
                SnapshotPut(name(number), Snapshot(1, b"%d" % number)),
            )

    async def test_all_tables(self) -> None:
        """Nothing is missing, nothing is there twice."""
        await self.fill()
        calls = await self.dump()
        keys = {name(number) for number in range(NUMBER)}
        values = [call for call in calls if isinstance(call, Put)]
        self.assertEqual(len(values), NUMBER)
        self.assertEqual({one for call in values for one in call.values}, keys)
        self.assertEqual(sum(call.seconds is None for call in values), NUMBER // 2)
        counters = [call for call in calls if isinstance(call, Count)]
        found = {one: amount for call in counters for one, amount in call.amounts.items()}
        self.assertEqual(found, {name(number): number + 1 for number in range(NUMBER)})
        self.assertEqual(len(counters), NUMBER)
        for kind in (SetAdd, HashPut, SnapshotPut):
            some = [call.key for call in calls if isinstance(call, kind)]
            self.assertEqual((len(some), set(some)), (NUMBER, keys))
        rows = [one.row_id for call in calls if isinstance(call, HistoryAdd) for one in call.rows]
        self.assertEqual(rows, [b"%d" % number for number in range(NUMBER)])
        readers = [call.reader for call in calls if isinstance(call, LogAcknowledge)]
        self.assertEqual(len(set(readers)), NUMBER)

    async def test_copy(self) -> None:
        """Carried out elsewhere the calls make the same."""
        await self.fill()
        calls = await self.dump()
        self.start(self.path + ".copy")
        for call in calls:
            await self.do(call)
        again = await self.dump()
        self.assertEqual(len(again), len(calls))
        self.assertEqual(len(await self.do(LogRead(A, 0))), NUMBER)
        self.assertEqual((await self.do(LogLook(A))).readers[b"77"], 77)

    async def test_few_calls(self) -> None:
        """Rows and entries come many at a time, in calls that are not too large."""
        self.start()
        for number in range(30):
            await self.do(HistoryAdd(A, [row(number, size=2**20 - 100)], LIMITS))
            await self.do(LogAppend(A, [b"%d" % number, b"x" * 2**20]))
            await self.do(LogAppend(name(1), [b"%d" % number] * 50))
        calls = await self.dump()
        adds = [call.rows for call in calls if isinstance(call, HistoryAdd)]
        self.assertEqual(len(adds), 4)
        self.assertEqual([one.row_id for rows in adds for one in rows][-1], b"29")
        appends = [call.entries for call in calls if isinstance(call, LogAppend)]
        self.assertEqual(len([one for one in appends if len(one) < 20]), 5)
        self.assertEqual(sorted(map(len, appends))[-2:], [500, 1000])

    async def test_octets(self) -> None:
        """Large things make small parts."""
        self.start()
        for number in range(20):
            await self.do(Put({name(number): b"x" * 2**20}))
        sizes = [len(calls) async for calls in self.parts() if calls]
        self.assertEqual(sum(sizes), 20)
        self.assertLess(max(sizes), 8)

    async def test_expired(self) -> None:
        """What has expired is left out."""
        self.start()
        await self.do(Put({name(1): b"1"}, 10))
        await self.do(Put({name(2): b"1"}, 20))
        self.passes_now(15)
        call: Any
        (call,) = await self.dump()
        self.assertEqual((list(call.values), call.seconds), ([name(2)], 5.0))

    async def test_while_writing(self) -> None:
        """What is there all the time is in the dump once, whatever else comes and goes."""
        await self.fill()
        calls: list[Call[Any]] = []
        number = NUMBER
        async for some in self.parts():
            calls.extend(some)
            for _ in range(20):
                number += 1
                await self.all_of(
                    Put({name(number): b"new"}),
                    SetAdd(name(number), [b"new"], 10),
                    HistoryAdd(name(0), [row(number)], LIMITS),
                    LogAppend(A, [b"new"]),
                )
        keys = [one for call in calls if isinstance(call, Put) for one in call.values]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertLessEqual({name(one) for one in range(NUMBER)}, set(keys))
        rows = [one.row_id for call in calls if isinstance(call, HistoryAdd) for one in call.rows]
        self.assertEqual(rows[:NUMBER], [b"%d" % one for one in range(NUMBER)])
        self.assertEqual(len(rows), len(set(rows)))
        entries = [
            one
            for call in calls
            if isinstance(call, LogAppend) and call.key == A
            for one in call.entries
        ]
        self.assertEqual(entries[:NUMBER], [b"%d" % one for one in range(NUMBER)])
