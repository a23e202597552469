"""What the embedded store removes, it removes in steps that others need not wait long for."""

from typing import Any

from mailfilter.store.base import (
    Count,
    Dump,
    Get,
    HashAll,
    HashPut,
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    Limits,
    LogAcknowledge,
    LogAppend,
    LogLook,
    LogRead,
    LogTrim,
    Publish,
    Put,
    SetAdd,
    SetHas,
    SetMembers,
    Snapshot,
    SnapshotPut,
    key,
)
from mailfilter.store.sqlite.budget import STEP_ITEMS, STEP_OCTETS
from mailfilter.store.sqlite.upkeep import Sweep

from .case import A, B
from .case_more import row
from .trouble import TroubleCase, query

MANY = STEP_ITEMS * 6
ROOMY = Limits(10**6, 10**6, 10**9)
LARGE = b"x" * 2**20


class StepsTests(TroubleCase):
    """Nothing is found that has gone, whether it is removed already or not."""

    async def _set_up(self) -> None:
        await super()._set_up()
        self.start()

    def count(self, table: str) -> int:
        """Rows of a table, in the file."""
        number: int = query(self.path, f"SELECT count(*) FROM {table}")[0][0]
        return number

    async def sweep(self, table: str, most: int) -> int:
        """Sweep until nothing is left to remove; how many steps it took, none too large."""
        self.passes_now(30)
        for step in range(1000):
            before = self.count(table)
            swept = await self.do(Sweep(self.store.clock))
            self.assertLessEqual(before - self.count(table), most)
            if not swept.has_more:
                return step
        raise AssertionError("there is no end to it")

    async def add(self, number: int, size: int = 0, limits: Limits = ROOMY) -> None:
        """Rows."""
        for start in range(0, number, 500):
            rows = [row(start + n, b"t", size=size) for n in range(500)]
            await self.do(HistoryAdd(A, rows, limits))

    async def test_lowered_limit(self) -> None:
        """Rows beyond a limit that was lowered go with the next calls and sweeps."""
        await self.add(MANY)
        await self.do(HistoryAdd(A, [row(1)], Limits(10, 10**6, 10**9)))
        self.assertGreaterEqual(self.count("row"), MANY - STEP_ITEMS - 1)
        self.assertLess(self.count("row"), MANY - STEP_ITEMS // 2)
        self.assertGreater(await self.sweep("row", STEP_ITEMS), 3)
        self.assertEqual(self.count("row"), 10)
        await self.do(HistoryAdd(A, [row(2)], Limits(10, 10**6, 10**9)))
        self.assertEqual(self.count("row"), 10)

    async def test_lowered_octets(self) -> None:
        """So do those beyond its octets, of which large ones go few at a time."""
        for number in range(20):
            await self.do(HistoryAdd(A, [row(number, size=2**20 - 100)], ROOMY))
        await self.do(HistoryAdd(A, [row(20)], Limits(10**6, 10**6, 10**6)))
        self.assertGreater(self.count("row"), 12)
        await self.sweep("row", STEP_OCTETS // 2**20 + 1)
        self.assertEqual(self.count("row"), 1)

    async def test_too_old(self) -> None:
        """Rows that nobody adds to any more go by their age."""
        await self.add(MANY)
        await self.do(HistoryAdd(A, [row(1)], Limits(10**6, 100, 10**9)))
        self.passes_now(101)
        self.assertEqual((await self.do(HistoryFind(A))).rows, [])
        self.assertGreater(await self.sweep("row", STEP_ITEMS), 3)
        self.assertEqual(self.count("row"), 0)

    async def test_clear(self) -> None:
        """A large history is found no more at once; the next of its name is another."""
        await self.add(MANY)
        self.assertEqual(await self.do(HistoryClear(A)), MANY)
        self.assertGreaterEqual(self.count("row"), MANY - STEP_ITEMS)
        self.assertEqual((await self.do(HistoryFind(A))).rows, [])
        self.assertEqual(await self.do(HistoryClear(A)), 0)
        await self.do(HistoryAdd(A, [row(1)], ROOMY))
        self.assertEqual(len((await self.do(HistoryFind(A))).rows), 1)
        await self.sweep("row", STEP_ITEMS)
        self.assertEqual((self.count("row"), self.count("history")), (1, 1))
        self.assertEqual(len((await self.do(HistoryFind(A))).rows), 1)

    async def test_clear_nothing(self) -> None:
        """A history whose rows have all gone by age leaves nothing when it is cleared."""
        for _ in range(3):
            await self.add(5, limits=Limits(10, 10, 10**6))
            self.passes_now(11)
            await self.sweep("row", STEP_ITEMS)
            self.assertEqual(await self.do(HistoryClear(A)), 0)
        await self.sweep("row", STEP_ITEMS)
        self.assertEqual(self.count("history"), 0)

    async def test_cleared_is_empty(self) -> None:
        """What was cleared and is not removed yet does not count."""
        await self.add(MANY)
        await self.do(HistoryClear(A))
        self.assertGreater(self.count("row"), 0)
        self.assertTrue((await self.store.stats()).is_empty)

    async def test_clear_after_age(self) -> None:
        """Rows that are too old do not count, though they are there."""
        await self.do(HistoryAdd(A, [row(1), row(2)], Limits(10, 100, 10**6)))
        self.passes_now(60)
        await self.do(HistoryAdd(A, [row(3)], Limits(10, 100, 10**6)))
        self.passes_now(60)
        self.assertEqual(await self.do(HistoryClear(A)), 1)
        self.assertEqual((self.count("row"), self.count("history")), (0, 0))

    async def test_set(self) -> None:
        """A large set that has expired is found no more, nor dumped; the next one is another."""
        for start in range(0, MANY, 1000):
            members = [b"%d" % (start + n) for n in range(1000)]
            await self.do(SetAdd(A, members, MANY, 50))
        self.passes_now(51)
        self.assertEqual(await self.do(SetAdd(A, [b"1"], MANY)), [True])
        self.assertGreaterEqual(self.count("member"), MANY - STEP_ITEMS)
        self.assertEqual(await self.do(SetHas(A, [b"1", b"2", b"3000"])), [True, False, False])
        await self.sweep("member", STEP_ITEMS * 5)
        self.assertEqual((self.count("member"), self.count("container")), (1, 1))

    async def test_lowered_cap(self) -> None:
        """Members beyond a cap that was lowered go with the next calls."""
        for start in range(0, MANY, 1000):
            await self.do(SetAdd(A, [b"%d" % (start + n) for n in range(1000)], MANY))
        for _ in range(10):
            await self.do(SetAdd(A, [b"last"], 5))
        self.assertEqual(self.count("member"), 5)
        self.assertEqual((await self.do(SetMembers(A)))[0], b"last")

    async def test_hash(self) -> None:
        """A hash of large fields goes a few fields at a time."""
        for part in range(4):
            await self.do(HashPut(A, {b"%d.%d" % (part, n): LARGE for n in range(6)}, 50))
        self.passes_now(51)
        self.assertEqual(await self.do(HashAll(A)), {})
        await self.do(HashPut(A, {b"x": b"1"}))
        await self.sweep("field", STEP_OCTETS // 2**20)
        self.assertEqual((self.count("field"), self.count("container")), (1, 1))
        self.assertEqual(await self.do(HashAll(A)), {b"x": b"1"})

    async def test_values(self) -> None:
        """Large values go a few at a time, small ones many."""
        names = [key("large", str(n)) for n in range(24)]
        for start in range(0, 24, 6):
            await self.do(Put(dict.fromkeys(names[start : start + 6], LARGE), 50))
        for part in range(3):
            small = [key("small", f"{part} {n}") for n in range(1000)]
            await self.do(Put(dict.fromkeys(small, b""), 200))
            await self.do(Count(dict.fromkeys(small, 1), 200))
        self.passes_now(51)
        self.assertEqual(await self.do(Get(names[:5])), [None] * 5)
        self.assertGreater(await self.sweep("value", STEP_OCTETS // 2**20), 4)
        self.assertEqual(self.count("value"), 3000)
        self.passes_now(150)
        self.assertLess(await self.sweep("value", STEP_ITEMS), 5)
        self.assertEqual((self.count("value"), self.count("counter")), (0, 0))

    async def test_log(self) -> None:
        """What was trimmed off a long log is neither read nor dumped, though some is there."""
        for _ in range(6):
            await self.do(LogAppend(A, [b"x"] * 1000))
        await self.do(LogAppend(A, [b"last"]))
        await self.do(LogAcknowledge(A, b"r", MANY))
        await self.do(SnapshotPut(A, Snapshot(MANY, b"")))
        self.assertEqual(await self.do(LogTrim(A)), MANY)
        self.assertGreaterEqual(self.count("entry"), MANY - STEP_ITEMS)
        self.assertEqual(await self.do(LogTrim(A)), 0)
        self.assertEqual((await self.do(LogLook(A))).first, MANY + 1)
        self.assertEqual([entry.data for entry in await self.do(LogRead(A, 0))], [b"last"])
        self.assertEqual(await self.dumped(), [b"last"])
        await self.sweep("entry", STEP_ITEMS)
        self.assertEqual(self.count("entry"), 1)
        self.assertEqual([entry.data for entry in await self.do(LogRead(A, 0))], [b"last"])

    async def dumped(self) -> list[bytes]:
        """The entries of all logs in a dump."""
        entries: list[bytes] = []
        cursor: Any = b""
        while cursor is not None:
            part = await self.do(Dump(cursor or None))
            for call in part.calls:
                entries += call.entries if isinstance(call, LogAppend) else ()
            cursor = part.cursor
        return entries

    async def test_notices(self) -> None:
        """Notices go by their numbers, as many at a time."""
        for _ in range(STEP_ITEMS * 2 // 100):
            await self.all_of(*(Publish(b"t") for _ in range(100)))
        self.passes_now(50)
        await self.do(Publish(b"t", b"later"))
        self.passes_now(20)
        await self.do(Put({B: b"1"}))
        self.assertGreater(await self.sweep("notice", STEP_ITEMS), 1)
        self.assertEqual(self.count("notice"), 0 if self.uptime.seconds() > 5110 else 1)
