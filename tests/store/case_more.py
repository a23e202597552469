"""What every store must do with histories, logs and dumps; all cases together."""

from typing import Any

from mailfilter.store.base import (
    Bucket,
    Count,
    Dump,
    Entry,
    Get,
    HashAll,
    HashGet,
    HashPut,
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    HistoryGet,
    Limits,
    LogAcknowledge,
    LogAppend,
    LogBegin,
    LogForget,
    LogLook,
    LogRead,
    LogState,
    LogTrim,
    Put,
    Row,
    SetAdd,
    SetMembers,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
    Take,
)
from mailfilter.store.calls.bounds import MAX_CALL, MAX_ITEMS, MAX_VALUE
from mailfilter.store.errors import TooLarge

from .case import (
    HOSTILE,
    A,
    B,
    BucketCases,
    C,
    CounterCases,
    ValueCases,
)
from .case_bounds import BoundCases
from .case_groups import HashCases, SetCases
from .case_notices import NoticeCases

ROOMY = Limits(1000, 3600, 10**8)


def row(number: int, *terms: bytes, size: int = 0) -> Row:
    """A row whose id, body and detail tell which it is."""
    name = b"%d" % number
    return Row(name, 1000.0 + number, terms, b"body " + name, b"detail " + name + b"x" * size)


class HistoryCases:
    """Histories."""

    async def add(self: Any, *rows: Row, limits: Limits = ROOMY) -> None:
        """Append rows."""
        await self.do(HistoryAdd(A, rows, limits))

    async def find(self: Any, *terms: bytes, **options: Any) -> list[int]:
        """The numbers of all rows that are found, page by page."""
        found: list[Row] = []
        before = None
        for _ in range(100):
            page = await self.do(HistoryFind(A, terms, before=before, **options))
            found += page.rows
            before = page.cursor
            if before is None:
                return [int(item.row_id) for item in found]
        raise AssertionError("there is no end to these pages")

    async def test_newest_first(self: Any) -> None:
        """Rows come back as they were, without details, the newest first."""
        await self.add(row(1, b"x", b"y"), row(2))
        await self.add(row(3))
        self.assertEqual(await self.find(), [3, 2, 1])
        page = await self.do(HistoryFind(A))
        self.assertEqual(page.rows[-1], Row(b"1", 1001.0, page.rows[-1].terms, b"body 1"))
        self.assertEqual(list(page.rows[-1].terms), [b"x", b"y"])
        self.assertEqual((await self.do(HistoryFind(B))).rows, [])

    async def test_get_row(self: Any) -> None:
        """One row, with its detail."""
        await self.add(row(1, b"x"), row(2))
        found = await self.do(HistoryGet(A, b"1"))
        self.assertEqual(found, Row(b"1", 1001.0, (), b"body 1", b"detail 1"))
        self.assertIsNone(await self.do(HistoryGet(A, b"3")))
        self.assertIsNone(await self.do(HistoryGet(B, b"1")))

    async def test_same_id(self: Any) -> None:
        """The newer of two is found by the id; both are rows."""
        await self.add(row(1), Row(b"1", 5.0, (), b"newer"))
        self.assertEqual((await self.do(HistoryGet(A, b"1"))).body, b"newer")
        self.assertEqual(await self.find(), [1, 1])

    async def test_limit_of_rows(self: Any) -> None:
        """The oldest go, and are found no more in any way."""
        for number in range(1, 8):
            await self.add(row(number), limits=Limits(3, 3600, 10**8))
        self.assertEqual(await self.find(), [7, 6, 5])
        self.assertIsNone(await self.do(HistoryGet(A, b"4")))

    async def test_limit_of_octets(self: Any) -> None:
        """Octets are bounded, too; the newest row stays in any case."""
        limits = Limits(100, 3600, 10_000)
        for number in range(1, 6):
            await self.add(row(number, size=4000), limits=limits)
        self.assertEqual(await self.find(), [5, 4])
        await self.add(row(6, size=50_000), limits=limits)
        self.assertEqual(await self.find(), [6])
        await self.add(row(7), limits=limits)
        self.assertEqual(await self.find(), [7])

    async def test_limit_of_age(self: Any) -> None:
        """Rows go by the time since they came, whatever time they bear."""
        limits = Limits(100, self.short, 10**8)
        await self.add(row(1), row(2), limits=limits)
        await self.passes(self.short * 0.6)
        await self.add(row(3), limits=limits)
        self.assertEqual(await self.find(), [3, 2, 1])
        await self.passes(self.short * 0.6)
        self.assertEqual(await self.find(), [3])
        self.assertIsNone(await self.do(HistoryGet(A, b"1")))
        await self.add(row(4), limits=limits)
        self.assertEqual(await self.find(), [4, 3])

    async def test_filters(self: Any) -> None:
        """All terms must be there, as a whole; times are from and before."""
        await self.add(row(1, b"spam", b"a"), row(2, b"ham", b"a"), row(3, b"spam"), row(4, b"sp"))
        self.assertEqual(await self.find(b"spam"), [3, 1])
        self.assertEqual(await self.find(b"a", b"spam"), [1])
        self.assertEqual(await self.find(b"sp"), [4])
        self.assertEqual(await self.find(b"none"), [])
        self.assertEqual(await self.find(since=1002.0), [4, 3, 2])
        self.assertEqual(await self.find(until=1002.0), [1])
        self.assertEqual(await self.find(b"spam", since=1002.0, until=1004.0), [3])

    async def test_paging(self: Any) -> None:
        """Pages follow each other without gap or repetition, also while rows are added."""
        await self.add(*(row(n, b"odd" if n % 2 else b"even") for n in range(1, 101)))
        for limit in (1, 7, 50, 100):
            self.assertEqual(await self.find(b"odd", limit=limit), list(range(99, 0, -2)))
        first = await self.do(HistoryFind(A, limit=3))
        await self.add(row(101))
        second = await self.do(HistoryFind(A, limit=3, before=first.cursor))
        self.assertEqual([int(item.row_id) for item in second.rows], [97, 96, 95])

    async def test_many_rows(self: Any) -> None:
        """A filter that matches little of much."""
        for start in range(0, 5000, MAX_ITEMS):
            rows = [row(n, b"rare" if n % 1000 == 7 else b"") for n in range(start, start + 1000)]
            await self.add(*rows, limits=Limits(5000, 3600, 10**8))
        self.assertEqual(await self.find(b"rare"), [4007, 3007, 2007, 1007, 7])

    async def test_clear(self: Any) -> None:
        """All rows go; others do not; the next row is the only one."""
        await self.add(row(1), row(2))
        await self.do(HistoryAdd(B, [row(5)], ROOMY))
        self.assertEqual(await self.do(HistoryClear(A)), 2)
        self.assertEqual(await self.find(), [])
        self.assertIsNone(await self.do(HistoryGet(A, b"1")))
        await self.add(row(3))
        self.assertEqual(await self.find(), [3])
        self.assertEqual(len((await self.do(HistoryFind(B))).rows), 1)

    async def test_hostile_rows(self: Any) -> None:
        """Rows may hold any octets; terms have bounds."""
        for number, octets in enumerate(HOSTILE):
            await self.add(Row(b"%d" % number, 0.0, (), octets, octets))
            found = await self.do(HistoryGet(A, b"%d" % number))
            self.assertEqual((found.body, found.detail), (octets, octets))
        self.assertRaises(ValueError, HistoryFind, A, [b"a\0b"])
        self.assertRaises(TooLarge, HistoryFind, A, [b"x" * 65])
        big = Row(b"1", 0.0, (), b"x" * (MAX_VALUE + 1))
        self.assertRaises(TooLarge, HistoryAdd, A, [big], ROOMY)


class LogCases:
    """Logs."""

    async def test_append_and_read(self: Any) -> None:
        """Entries have positions without gaps."""
        self.assertEqual(await self.do(LogAppend(A, [b"one", b"two"])), 2)
        self.assertEqual(await self.do(LogAppend(A, [b"three"])), 3)
        self.assertEqual(await self.do(LogRead(A, 1)), [Entry(2, b"two"), Entry(3, b"three")])
        self.assertEqual(await self.do(LogRead(A, 0, 1)), [Entry(1, b"one")])
        self.assertEqual(await self.do(LogRead(A, 3)), [])
        self.assertEqual(await self.do(LogRead(B, 0)), [])
        self.assertEqual(await self.do(LogLook(B)), LogState(1, 0, 0, {}))

    async def test_appends_at_once(self: Any) -> None:
        """Each entry is there once, each answer is its position."""
        answers = await self.all_of(*(LogAppend(A, [b"%d" % n, b"."]) for n in range(30)))
        self.assertEqual(sorted(answers), list(range(2, 61, 2)))
        entries = {entry.position: entry.data for entry in await self.do(LogRead(A, 0))}
        self.assertEqual(sorted(entries), list(range(1, 61)))
        for number, position in enumerate(answers):
            self.assertEqual(entries[position - 1], b"%d" % number)

    async def test_readers(self: Any) -> None:
        """Readers remember how far they are; never back, never beyond the end."""
        await self.do(LogAppend(A, [b"."] * 10))
        self.assertEqual(await self.do(LogAcknowledge(A, b"r", 0)), 0)
        self.assertEqual(await self.do(LogAcknowledge(A, b"r", 7)), 7)
        self.assertEqual(await self.do(LogAcknowledge(A, b"r", 3)), 7)
        self.assertEqual(await self.do(LogAcknowledge(A, b"s", 99)), 10)
        state = await self.do(LogLook(A))
        self.assertEqual(state, LogState(1, 10, 0, {b"r": 7, b"s": 10}))
        self.assertTrue(await self.do(LogForget(A, b"r")))
        self.assertFalse(await self.do(LogForget(A, b"r")))
        self.assertEqual((await self.do(LogLook(A))).readers, {b"s": 10})

    async def test_trim(self: Any) -> None:
        """Only what the snapshot stands for and all readers have passed goes."""
        await self.do(LogAppend(A, [b"%d" % n for n in range(1, 11)]))
        await self.do(LogAcknowledge(A, b"r", 6))
        self.assertEqual(await self.do(LogTrim(A)), 0)
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(8, b"state"))))
        self.assertEqual(await self.do(LogTrim(A)), 6)
        self.assertEqual(await self.do(LogTrim(A)), 0)
        self.assertEqual(await self.do(LogLook(A)), LogState(7, 10, 8, {b"r": 6}))
        self.assertEqual((await self.do(LogRead(A, 0)))[0], Entry(7, b"7"))
        await self.do(LogAcknowledge(A, b"r", 10))
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(10, b"state"))))
        self.assertEqual(await self.do(LogTrim(A)), 4)
        self.assertEqual(await self.do(LogLook(A)), LogState(11, 10, 10, {b"r": 10}))
        self.assertEqual(await self.do(LogAppend(A, [b"next"])), 11)
        self.assertEqual(await self.do(LogRead(A, 0)), [Entry(11, b"next")])

    async def test_snapshots(self: Any) -> None:
        """The newest counts; an older one does not take its place."""
        self.assertIsNone(await self.do(SnapshotGet(A)))
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(5, b"five"))))
        self.assertFalse(await self.do(SnapshotPut(A, Snapshot(4, b"four"))))
        self.assertEqual(await self.do(SnapshotGet(A)), Snapshot(5, b"five"))
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(5, b""))))
        self.assertEqual(await self.do(SnapshotGet(A)), Snapshot(5, b""))

    async def test_large_snapshot(self: Any) -> None:
        """Larger than one call may be otherwise."""
        data = bytes(range(256)) * (2**12) * 17
        await self.do(SnapshotPut(A, Snapshot(1, data)))
        found = await self.do(SnapshotGet(A))
        self.assertTrue(found == Snapshot(1, data))
        await self.do(SnapshotPut(A, Snapshot(2, data[:100])))
        self.assertEqual(await self.do(SnapshotGet(A)), Snapshot(2, data[:100]))

    async def test_large_entries(self: Any) -> None:
        """What is read is bounded, and can be read on."""
        for _ in range(3):
            await self.do(LogAppend(A, [b"x" * MAX_VALUE] * 4))
        count, after = 0, 0
        while entries := await self.do(LogRead(A, after)):
            self.assertLessEqual(sum(len(entry.data) for entry in entries), MAX_CALL)
            count += len(entries)
            after = entries[-1].position
        self.assertEqual(count, 12)

    async def test_begin(self: Any) -> None:
        """A log can begin elsewhere, once."""
        self.assertTrue(await self.do(LogBegin(A, 41)))
        self.assertEqual(await self.do(LogLook(A)), LogState(42, 41, 0, {}))
        self.assertEqual(await self.do(LogAppend(A, [b"x"])), 42)
        self.assertFalse(await self.do(LogBegin(A, 50)))
        self.assertEqual(await self.do(LogRead(A, 0)), [Entry(42, b"x")])


class DumpCases:
    """Dumps."""

    async def test_dump(self: Any) -> None:
        """The calls of a dump make another store the same."""
        life = 4 * self.short
        await self.do(Put({A: b"value"}, life))
        await self.do(Put({B: b"for ever"}))
        await self.do(Count({A: -7}))
        await self.do(Take([Bucket(A, 1, 1)]))
        members = [b"%d" % n for n in range(2500)]
        for start in range(0, 2500, 500):
            await self.do(SetAdd(C, members[start : start + 500], 2500))
        await self.do(HashPut(A, {b"x": b"1", b"y": b"\0"}))
        for n in range(3):
            await self.do(HashPut(B, {b"%d.%d" % (n, m): b"x" * 2**20 for m in range(4)}))
        await self.do(HistoryAdd(A, [row(1, b"t"), row(2)], ROOMY))
        await self.do(LogAppend(A, [b"1", b"2", b"3"]))
        await self.do(LogAcknowledge(A, b"r", 2))
        await self.do(SnapshotPut(A, Snapshot(2, b"state" * 10**6)))
        await self.do(LogTrim(A))
        await self.copy()
        self.assertEqual(await self.do(Get([A, B])), [b"value", b"for ever"])
        self.assertEqual(await self.do(Count({A: 0, B: 0})), [-7, 0])
        self.assertEqual(await self.do(SetMembers(C)), members[:-1001:-1])
        self.assertEqual(await self.do(HashAll(A)), {b"x": b"1", b"y": b"\0"})
        for n in range(3):
            values = await self.do(HashGet(B, [b"%d.%d" % (n, m) for m in range(4)]))
            self.assertEqual([len(value) for value in values], [2**20] * 4)
        page = await self.do(HistoryFind(A, [b"t"]))
        self.assertEqual([item.row_id for item in page.rows], [b"1"])
        self.assertEqual((await self.do(HistoryGet(A, b"2"))).detail, b"detail 2")
        self.assertEqual(await self.do(LogRead(A, 0)), [Entry(3, b"3")])
        self.assertEqual(await self.do(LogLook(A)), LogState(3, 3, 2, {b"r": 2}))
        self.assertEqual((await self.do(SnapshotGet(A))).data, b"state" * 10**6)
        await self.passes(life * 1.2)
        self.assertIsNone(await self.value(A))

    async def copy(self: Any) -> None:
        """Put all of the store into a new one, which is under test from here on."""
        old, self.store = self.store, await self.make_store()
        cursor = None
        for _ in range(10_000):
            part = await old.do(Dump(cursor))
            for call in part.calls:
                await self.do(call)
            cursor = part.cursor
            if cursor is None:
                break
        else:
            raise AssertionError("there is no end to this dump")
        await old.close()

    async def test_stats(self: Any) -> None:
        """A store says what is in it."""
        self.assertTrue((await self.store.stats()).is_empty)
        await self.do(Put({A: b"1", B: b"2"}))
        await self.do(HistoryAdd(A, [row(1)], ROOMY))
        await self.do(LogAppend(A, [b"1"]))
        stats = await self.store.stats()
        self.assertEqual(stats.entries["values"], 2)
        self.assertEqual(stats.entries["history rows"], 1)
        self.assertEqual(stats.entries["log entries"], 1)
        self.assertFalse(stats.is_empty)


class AllCases(
    ValueCases,
    CounterCases,
    BucketCases,
    SetCases,
    HashCases,
    HistoryCases,
    LogCases,
    NoticeCases,
    DumpCases,
    BoundCases,
):
    """What all stores have in common; to be put before `StoreCase`."""
