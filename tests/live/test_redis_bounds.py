"""What one call may do to a server and answer: bounded, and all of it or nothing."""

import time
from typing import Any

from mailfilter.store.base import (
    Bucket,
    Count,
    Get,
    HashAll,
    HashGet,
    HashPut,
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    HistoryGet,
    Key,
    Limits,
    LogAppend,
    LogBegin,
    LogLook,
    LogRead,
    LogTrim,
    Put,
    Row,
    Snapshot,
    SnapshotPut,
    Take,
    key,
)
from mailfilter.store.calls.bounds import MAX_FIELDS, MAX_ITEMS, MAX_VALUE
from mailfilter.store.errors import Denied, TooLarge, WrongKind
from tests.store.case import A, B, C

from .test_redis import RedisCase

ROOMY = Limits(10**6, 3600, 2**30)
MANY = 6000
"""Rows: more than go in one call."""


def row(number: int) -> Row:
    """A row of 100 octets."""
    return Row(b"%d" % number, float(number), (b"t",), b"x" * 90)


class BoundsCase(RedisCase):
    """Nothing is there; what is known of the server is asked of it."""

    options = {"prefix": "bounds:"}

    def setUp(self) -> Any:
        """Begin with nothing."""
        result = super().setUp()
        self.server.ask("FLUSHALL")
        return result

    def length(self, word: str, letter: bytes, name: Key = A) -> int:
        """How much there is under a key."""
        found: int = self.server.ask(word, b"bounds:%b:" % letter + name)
        return found


class HistoryTests(BoundsCase):
    """Rows that are beyond the limits."""

    async def fill(self) -> None:
        """Many rows, within roomy limits."""
        for start in range(0, MANY, MAX_ITEMS):
            rows = [row(number) for number in range(start, start + MAX_ITEMS)]
            await self.do(HistoryAdd(A, rows, ROOMY))

    async def shown(self) -> list[int]:
        """The rows that are found, page by page."""
        page = await self.do(HistoryFind(A, limit=4))
        rows = list(page.rows)
        while page.cursor is not None:
            page = await self.do(HistoryFind(A, limit=4, before=page.cursor))
            rows += page.rows
        return [int(item.row_id) for item in rows]

    async def test_fewer(self) -> None:
        """They go some at a time, and are not shown meanwhile."""
        for limits in (Limits(10, 3600, 2**30), Limits(10**6, 3600, 1000)):
            await self.fill()
            await self.do(HistoryAdd(A, [row(MANY)], limits))
            newest = list(range(MANY, MANY - len(await self.shown()), -1))
            self.assertIn(len(newest), (9, 10))
            self.assertEqual(await self.shown(), newest)
            self.assertIsNone(await self.do(HistoryGet(A, b"%d" % (newest[-1] - 1))))
            self.assertIsNotNone(await self.do(HistoryGet(A, b"%d" % newest[-1])))
            left = self.length("XLEN", b"h")
            self.assertGreater(left, MANY // 2)
            for number in range(1, 4):
                await self.do(HistoryAdd(A, [row(MANY + number)], limits))
                self.assertLess(self.length("XLEN", b"h"), max(left, 11))
                left = self.length("XLEN", b"h")
                self.assertEqual(len(await self.shown()), len(newest))
            self.assertEqual(left, len(newest))
            self.assertEqual(self.length("HLEN", b"r"), 2 * left)
            self.assertEqual(self.length("HLEN", b"i"), left)
            await self.do(HistoryClear(A))

    async def test_clear(self) -> None:
        """Counted are those that were shown; it does not take longer with more of them."""
        await self.fill()
        for limits, count in ((Limits(10, 3600, 2**30), 10), (ROOMY, MANY + 1), (ROOMY, 0)):
            await self.fill()
            await self.do(HistoryAdd(A, [row(MANY)], limits))
            # As if all had expired.
            if not count:
                self.server.ask("HSET", b"bounds:m:" + A, "age", "1")
            self.server.ask("CONFIG", "RESETSTAT")
            cleared = await self.do(HistoryClear(A))
            calls = self.server.ask("INFO", "commandstats").split(b"cmdstat_xrange:calls=")[1]
            self.assertLess(int(calls.partition(b",")[0]), 20)
            self.assertEqual(cleared, count)
            self.assertEqual(self.server.ask("KEYS", "*"), [])

    async def test_other_kind(self) -> None:
        """Something of another kind under one of the keys: nothing is changed."""
        for letter in (b"r", b"i", b"m"):
            self.server.ask("FLUSHALL")
            self.server.ask("RPUSH", b"bounds:%b:" % letter + A, "x")
            with self.assertRaises(WrongKind):
                await self.do(HistoryAdd(A, [row(1)], ROOMY))
            self.assertEqual(len(self.server.ask("KEYS", "*")), 1)
        self.told.counts.clear()


class AnswerTests(BoundsCase):
    """Answers beyond what a call may have."""

    async def test_refused_halfway(self) -> None:
        """Where a command is forbidden for a while nothing is added, and later all goes on."""
        everything = ("ACL", "SETUSER", "default", "on", "nopass", "~*", "&*", "+@all")
        self.addCleanup(self.server.ask, *everything)
        for command in ("hset", "xadd", "xtrim", "pexpireat"):
            name = key("history", command)
            await self.do(HistoryAdd(name, [row(1), row(2)], Limits(2, 3600, 2**30)))
            self.server.ask("ACL", "SETUSER", "default", f"-{command}")
            with self.assertRaises(Denied):
                await self.do(HistoryAdd(name, [row(3)], Limits(2, 3600, 2**30)))
            page = await self.do(HistoryFind(name))
            self.assertNotIn(b"", [found.body for found in page.rows])
            self.server.ask("ACL", "SETUSER", "default", f"+{command}")
            await self.do(HistoryAdd(name, [row(4)], Limits(2, 3600, 2**30)))
            page = await self.do(HistoryFind(name))
            self.assertEqual(page.rows[0].row_id, b"4")
            self.assertEqual(len(page.rows), 2)
            self.assertNotIn(b"", [found.body for found in page.rows])
        self.told.counts.clear()

    async def test_append_refused_halfway(self) -> None:
        """A log goes on where one command was forbidden for a while, without a gap."""
        await self.do(LogAppend(A, [b"1"]))
        self.addCleanup(self.server.ask, "ACL", "SETUSER", "default", "+hset")
        self.server.ask("ACL", "SETUSER", "default", "-hset")
        with self.assertRaises(Denied):
            await self.do(LogAppend(A, [b"2"]))
        self.server.ask("ACL", "SETUSER", "default", "+hset")
        self.assertEqual(await self.do(LogAppend(A, [b"3"])), 3)
        self.assertEqual([entry.data for entry in await self.do(LogRead(A, 0))], [b"1", b"2", b"3"])
        self.told.counts.clear()

    async def test_clock_set_back(self) -> None:
        """A bucket that was last taken from in the future fills from now on."""
        bucket = Bucket(A, rate=50.0, burst=5.0, amount=5.0)
        await self.do(Take([bucket]))
        name = b"bounds:b:" + A
        future = int(time.time() + 3600) * 10**6
        self.server.ask("SET", name, b"0 %d" % future, "PX", "7200000")
        self.assertGreater((await self.do(Take([bucket])))[0], 0)
        await self.passes(0.3)
        self.assertEqual(await self.do(Take([bucket])), [0.0])

    async def test_too_large(self) -> None:
        """They are refused, which is nobody else's trouble; connections stay."""
        keys = [key("test", str(number)) for number in range(9)]
        fields = [b"%d" % number for number in range(9)]
        for name, field in zip(keys, fields, strict=True):
            await self.do(Put({name: b"x" * MAX_VALUE}))
            await self.do(HashPut(A, {field: b"x" * MAX_VALUE}))
        connections = self.server.ask("INFO", "stats").partition(b"total_connections_received:")[2]
        for call in (Get(keys), HashAll(A), HashGet(A, fields)):
            with self.assertRaises(TooLarge):
                await self.do(call)
        self.assertEqual(len(await self.do(Get(keys[:8]))), 8)
        self.assertEqual(len(await self.do(HashGet(A, fields[:8]))), 8)
        self.assertEqual(self.told.counts, [])
        after = self.server.ask("INFO", "stats").partition(b"total_connections_received:")[2]
        # The question is a connection, too.
        self.assertEqual(int(after.split()[0]), int(connections.split()[0]) + 1)

    async def test_most_fields(self) -> None:
        """All of a hash comes, of whatever encoding, and every field in its place."""
        for size in (1, 100, 8000):
            values = {b"%d" % n: b"%d" % n + b"x" * size for n in range(MAX_FIELDS)}
            await self.do(HashPut(A, values))
            self.assertEqual(await self.do(HashAll(A)), values)
            fields = [b"7", b"none", *(b"%d" % n for n in range(100))]
            found = await self.do(HashGet(A, fields))
            self.assertEqual(found, [values.get(field) for field in fields])


class WholeTests(BoundsCase):
    """Calls of which a part cannot be."""

    async def test_count(self) -> None:
        """If one counter holds no number none is changed."""
        for text in ("words", "", "007", " 1", "1.5", "-0", "9" * 30):
            self.server.ask("SET", b"bounds:c:" + B, text)
            with self.assertRaises(WrongKind):
                await self.do(Count({A: 1, B: 1, C: 1}))
            self.assertEqual(await self.do(Count({A: 0, C: 0})), [0, 0])
        self.told.counts.clear()

    async def test_count_beyond(self) -> None:
        """A number that somebody else has put beyond the ends is at the end."""
        self.server.ask("SET", b"bounds:c:" + A, 2**63 - 1)
        self.assertEqual(await self.do(Count({A: 1})), [2**53 - 1])

    async def test_positions_are_taken(self) -> None:
        """A log that was trimmed empty goes on though its positions are gone."""
        await self.do(LogAppend(A, [b"1", b"2"]))
        await self.do(SnapshotPut(A, Snapshot(2, b"")))
        self.assertEqual(await self.do(LogTrim(A)), 2)
        self.server.ask("DEL", b"bounds:p:" + A)
        self.assertFalse(await self.do(LogBegin(A, 1)))
        self.assertEqual(await self.do(LogAppend(A, [b"3"])), 3)
        state = await self.do(LogLook(A))
        self.assertEqual((state.first, state.last), (3, 3))
        self.assertEqual([entry.position for entry in await self.do(LogRead(A, 0))], [3])
