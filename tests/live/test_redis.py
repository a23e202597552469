"""The store in Redis does what every store does, over every way to a server."""

from pathlib import Path
from typing import Any, ClassVar

from mailfilter.store.base import (
    Bucket,
    Dump,
    HistoryAdd,
    HistoryClear,
    HistoryFind,
    Limits,
    LogAppend,
    LogLook,
    LogRead,
    LogState,
    Publish,
    Put,
    Row,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
    Store,
    Take,
)
from mailfilter.store.errors import Unavailable
from tests.store.case import A, StoreCase
from tests.store.case_more import AllCases

from .redis import PERMISSIONS, Server, Told, make_store, passes, settings, shared


class RedisCase(StoreCase):
    """A server for all tests of a class, a prefix for each."""

    short = 0.5
    lines: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[dict[str, Any]] = {}
    server: Server

    def setUp(self) -> Any:
        """Start the server, if it does not run yet."""
        self.server = shared(*self.lines)
        return super().setUp()

    async def make_store(self) -> Store:
        """A store with a prefix of its own."""
        self.told = Told()
        store = make_store(settings(self.place(), **self.options), self.told)
        self.addCleanup(lambda: self.assertEqual(self.told.counts, []))
        return store

    def place(self) -> Server | Path:
        """Where the store connects."""
        return self.server

    async def passes(self, seconds: float) -> None:
        """Real time."""
        await passes(seconds)


class RedisTests(AllCases, RedisCase):
    """All cases over TCP."""


class UnixTests(AllCases, RedisCase):
    """All cases over a unix socket, in another database, with no more permissions than needed."""

    lines = (f"user filter on >se*cret ~t*:* &t*:* {PERMISSIONS}", "user default off")
    options = {"username": "filter", "password": "se*cret", "database": 3}

    def place(self) -> Server | Path:
        """The socket."""
        return self.server.socket


class PlaceTests(RedisCase):
    """What a store says of its server."""

    async def test_stats(self) -> None:
        """Where it is and what it is, but no secret."""
        stats = await self.store.stats()
        self.assertRegex(stats.place, rf"^redis 127.0.0.1:{self.server.port}/0 prefix t\d+:$")
        self.assertGreater(stats.octets, 100_000)
        self.assertEqual(stats.details["role"], "master")
        # The second may still be on its way.
        self.assertIn(stats.details["connections"], ("1", "2"))
        self.assertRegex(stats.details["version"], r"^\d+\.\d+")

    async def test_closed(self) -> None:
        """A closed store answers with an error, until it is opened again."""
        await self.do(Put({A: b"1"}))
        got: list[bytes | None] = []
        self.store.subscribe(b"topic", got.append)
        await self.until(lambda: got == [None])
        await self.store.close()
        with self.assertRaises(Unavailable):
            await self.do(Put({A: b"2"}))
        with self.assertRaises(Unavailable):
            await self.store.stats()
        self.assertEqual(self.told.counts, ["store/unavailable"] * 2)
        self.told.counts.clear()
        self.store.open()
        self.assertEqual(await self.value(A), b"1")
        await self.until(lambda: got == [None, None])

    async def test_listeners(self) -> None:
        """One that fails does not keep others from hearing; each hears of its beginning once."""
        got: list[bytes | None] = []

        def fails(value: bytes | None) -> None:
            raise ValueError("a listener that fails")

        self.store.subscribe(b"topic", fails)
        end = self.store.subscribe(b"topic", got.append)
        await self.until(lambda: got == [None])
        later: list[bytes | None] = []
        self.store.subscribe(b"topic", later.append)
        await self.until(lambda: later == [None])
        await self.do(Publish(b"topic", b"1"))
        await self.until(lambda: got == [None, b"1"] and later == [None, b"1"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 2)
        end()
        end()
        await self.do(Publish(b"topic", b"2"))
        await self.until(lambda: later == [None, b"1", b"2"])
        self.assertEqual(got, [None, b"1"])
        self.flushLoggedErrors(ValueError)


class EdgeTests(RedisCase):
    """What is so in this store only."""

    options = {"prefix": "edge:"}

    def setUp(self) -> Any:
        """Nothing is there."""
        result = super().setUp()
        self.server.ask("FLUSHALL")
        return result

    async def test_clock_was_set_back(self) -> None:
        """What bears a time that is to come by the server's clock does no harm."""
        later = (int(self.server.ask("TIME")[0]) + 3600) * 1_000_000
        self.server.ask("SET", b"edge:b:" + A, f"0.5 {later}")
        (wait,) = await self.do(Take([Bucket(A, 0.01, 10)]))
        self.assertTrue(49 < wait <= 50, wait)
        rows = [Row(b"%d" % n, 0.0, (), b"") for n in range(3)]
        await self.do(HistoryAdd(A, rows[:2], Limits(10, 60, 1000)))
        self.server.ask("HSET", b"edge:m:" + A, "at", str(later))
        await self.do(HistoryAdd(A, rows[2:], Limits(10, 60, 1000)))
        self.assertEqual((await self.do(HistoryFind(A))).rows, rows[2:])

    async def test_large_rows(self) -> None:
        """A page is bounded in octets, too."""
        for number in range(12):
            row = Row(b"%d" % number, 0.0, (b"x",), b"x" * 2**20, b"y" * 2**20)
            await self.do(HistoryAdd(A, [row], Limits(100, 60, 2**30)))
        first = await self.do(HistoryFind(A))
        second = await self.do(HistoryFind(A, before=first.cursor))
        found = [int(row.row_id) for page in (first, second) for row in page.rows]
        self.assertEqual(found, list(range(11, -1, -1)))
        self.assertIsNone(second.cursor)

    async def test_expired_rows(self) -> None:
        """Rows that have expired but still lie there are in no dump, and not counted as cleared."""
        limits = Limits(100, self.short, 2**20)
        await self.do(HistoryAdd(A, [Row(b"1", 0.0, (), b"")], limits))
        await self.passes(self.short * 0.7)
        await self.do(HistoryAdd(A, [Row(b"2", 0.0, (), b"")], limits))
        await self.passes(self.short * 0.5)
        calls = [call for call in (await self.do(Dump())).calls if isinstance(call, HistoryAdd)]
        self.assertEqual([row.row_id for call in calls for row in call.rows], [b"2"])
        self.assertEqual(self.server.ask("XLEN", b"edge:h:" + A), 2)
        self.assertEqual(await self.do(HistoryClear(A)), 1)
        self.assertEqual(self.server.ask("KEYS", "edge:*"), [])

    async def test_keys_are_taken(self) -> None:
        """A server that evicts keys, or a person, has taken one of several: it goes on."""
        limits = Limits(2, 60, 1000)
        rows = [Row(b"%d" % n, 0.0, (), b"x" * 400) for n in range(3)]
        for letter in (b"m", b"h", b"r", b"i"):
            await self.do(HistoryAdd(A, rows[:2], limits))
            self.server.ask("DEL", b"edge:%b:" % letter + A)
            await self.do(HistoryFind(A))
            await self.do(HistoryAdd(A, rows[2:], limits))
            await self.do(HistoryAdd(A, rows[:1], limits))
            found = (await self.do(HistoryFind(A))).rows
            self.assertEqual([row.row_id for row in found], [b"0", b"2"])
        await self.do(LogAppend(A, [b"1", b"2"]))
        self.server.ask("DEL", b"edge:p:" + A)
        self.assertEqual(await self.do(LogAppend(A, [b"3"])), 3)
        self.assertEqual(await self.do(LogLook(A)), LogState(1, 3, 0, {}))
        self.assertEqual(len(await self.do(LogRead(A, 0))), 3)

    async def test_snapshot_parts(self) -> None:
        """Parts of snapshots that were replaced do not stay."""
        for size in (2 * 10**6, 10**6, 10, 3 * 10**6):
            await self.do(SnapshotPut(A, Snapshot(1, b"x" * size)))
            (name,) = self.server.ask("KEYS", "edge:z:*")
            self.assertEqual(self.server.ask("TTL", name), -1)
        self.assertFalse(await self.do(SnapshotPut(A, Snapshot(0, b"x" * 10**6))))
        self.assertEqual(len(self.server.ask("KEYS", "edge:z:*")), 1)
        self.server.ask("DEL", *self.server.ask("KEYS", "edge:z:*"))
        with self.assertRaises(Unavailable):
            await self.do(SnapshotGet(A))
        self.told.counts.clear()


class PrefixTests(RedisCase):
    """A prefix with characters that mean something in patterns, beside others that it matches."""

    options = {"prefix": "[t]*?\\:"}

    async def test_own_keys_only(self) -> None:
        """A dump and the counts hold our own keys, and all of them."""
        self.server.ask("SET", "tx?\\:v:foreign", "1")
        self.addCleanup(self.server.ask, "FLUSHALL")
        await self.do(Put({A: b"1"}))
        self.assertEqual((await self.store.stats()).entries["values"], 1)
        part = await self.do(Dump())
        self.assertEqual(part.calls, [Put({A: b"1"})])
