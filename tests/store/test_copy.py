"""Copies of stores: complete, or none."""

import os
import sqlite3
from threading import Event

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from mailfilter.store.base import Dump, Get, HistoryFind, Key, Put, Store, key
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.errors import Full, Unavailable
from mailfilter.store.memory import MemoryStore
from mailfilter.store.sqlite import files, upkeep
from mailfilter.store.upkeep import copy, copy_to_file

from .case import A, B
from .trouble import TroubleCase, octets_of, query, write_file


class CopyCase(TroubleCase):
    """From a store in memory to a file, and from one file to another."""

    async def _set_up(self) -> None:
        await super()._set_up()
        self.path = os.path.join(self.directory(), "copy")
        self.source: Store = MemoryStore(Clock())
        self.source.open()

    async def fill(self, number: int) -> list[Key]:
        """Put some values of 10,000 octets into the source."""
        names = [key("test", str(n)) for n in range(number)]
        for name in names:
            await self.source.do(Put({name: b"x" * 10_000}, 1000))
        return names

    def make(self, path: str) -> EmbeddedStore:
        """The store that is copied to."""
        place, self.path = self.path, path
        store = self.new_store(path, evicts=False)
        self.path = place
        return store

    def left(self) -> list[str]:
        """The names of all files where the copy is to be."""
        return sorted(os.listdir(os.path.dirname(self.path)))


class ToFileTests(CopyCase):
    """Of any store to a file."""

    async def test_complete(self) -> None:
        """All is in one file, beside which there is nothing."""
        names = await self.fill(300)
        await copy_to_file(self.source, self.path, self.make)
        self.assertEqual(self.left(), ["copy"])
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        self.assertEqual(query(self.path, "PRAGMA integrity_check"), [("ok",)])
        self.start()
        self.assertEqual(await self.do(Get(names)), [b"x" * 10_000] * 300)

    async def test_too_large(self) -> None:
        """What does not find space is an error, and leaves nothing behind."""
        self.max_size = 2**20
        await self.fill(300)
        with self.assertRaises(Full):
            await copy_to_file(self.source, self.path, self.make)
        self.assertEqual(self.left(), [])

    async def test_nothing_thrown_away(self) -> None:
        """So it is with a copy into a store that is there already."""
        self.max_size = 2**20
        await self.fill(300)
        with self.assertRaises(Full):
            await copy(self.source, self.start(evicts=False))

    async def test_values_stay(self) -> None:
        """Values that are there already stay, such as secrets that others things hang on."""
        await self.source.do(Put({A: b"other", B: b"new"}, 1000))
        target = self.start()
        await target.do(Put({A: b"kept"}))
        await copy(self.source, target)
        self.assertEqual(await target.do(Get([A, B])), [b"kept", b"new"])
        self.passes_now(1001)
        self.assertEqual(await target.do(Get([A, B])), [b"kept", None])

    async def test_source_fails(self) -> None:
        """Trouble of the source leaves nothing behind, either."""
        await self.fill(10)
        original = self.source.do

        async def do(call: object) -> object:
            if isinstance(call, Dump) and call.cursor:
                raise Unavailable("gone")
            return await original(call)  # type: ignore[arg-type]

        await self.fill(200)
        self.source.do = do  # type: ignore[method-assign, assignment]
        with self.assertRaises(Unavailable):
            await copy_to_file(self.source, self.path, self.make)
        self.assertEqual(self.left(), [])

    async def test_cancelled(self) -> None:
        """Nor does a copy that is broken off."""
        await self.fill(200)
        copying = Deferred.fromCoroutine(copy_to_file(self.source, self.path, self.make))
        await self.until(lambda: len(self.left()) > 2)
        copying.cancel()
        await self.assertFailure(copying, CancelledError)
        self.assertEqual(self.left(), [])

    async def test_appeared(self) -> None:
        """A file that has appeared meanwhile stays as it is."""

        def make(path: str) -> EmbeddedStore:
            write_file(self.path, b"precious")
            return self.make(path)

        with self.assertRaises(Unavailable):
            await copy_to_file(self.source, self.path, make)
        self.assertEqual(self.left(), ["copy"])
        self.assertEqual(octets_of(self.path), b"precious")

    def test_without_links(self) -> None:
        """On a file system without links a file gets its name as well, and replaces none."""

        def link(_old: str, _new: str) -> None:
            raise PermissionError(1, "Operation not permitted")

        self.patch(os, "link", link)
        for name in ("part", "other"):
            write_file(os.path.join(os.path.dirname(self.path), name))
        place = os.path.dirname(self.path)
        files.put_in_place(os.path.join(place, "part"), self.path)
        self.assertEqual(self.left(), ["copy", "other"])
        with self.assertRaises(OSError):
            files.put_in_place(os.path.join(place, "other"), self.path)
        self.assertEqual(self.left(), ["copy", "other"])


class BackupTests(CopyCase):
    """Of an embedded store to another file, at once."""

    async def _set_up(self) -> None:
        await super()._set_up()
        self.source = self.start(os.path.join(self.directory(), "store.sqlite"))
        self.path = os.path.join(self.directory(), "copy")

    async def test_complete(self) -> None:
        """It has all, of one moment."""
        names = await self.fill(300)
        self.patch(upkeep, "COPIED", 50)
        await self.store.backup(self.path)
        self.assertEqual(self.left(), ["copy"])
        self.start()
        self.assertEqual(await self.do(Get(names)), [b"x" * 10_000] * 300)

    async def test_one_moment(self) -> None:
        """What is written between two steps of it is not seen, and does not make it begin anew."""
        await self.fill(300)
        source = self.source
        steps = 0

        class Stop(Event):
            def is_set(self) -> bool:
                nonlocal steps
                steps += 1
                # As another process would.
                with sqlite3.connect(place) as db:
                    db.execute("UPDATE value SET value = ? WHERE key = ?", (b"%d" % steps, A))
                db.close()
                return False

        await source.do(Put({A: b"before"}))
        place = self.store._opening.path
        self.patch(upkeep, "COPIED", 50)
        await source.do(upkeep.Backup(self.path, Stop()))
        self.assertGreater(steps, 10)
        self.assertLess(steps, 40)
        self.start()
        self.assertEqual(await self.value(A), b"before")

    async def test_others_go_first(self) -> None:
        """What came before it is answered before it is complete."""

        class Gate(Event):
            """Holds a backup up."""

            opened = Event()
            entered = Event()

            def is_set(self) -> bool:
                self.entered.set()
                if not self.opened.wait(5):
                    raise AssertionError("others wait for it")
                return False

        class Second(Gate):
            opened = Event()
            entered = Event()

        do = self.store.do
        first = Deferred.fromCoroutine(do(upkeep.Backup(self.path, Gate())))
        await self.until(Gate.entered.is_set)
        finding = Deferred.fromCoroutine(do(HistoryFind(A)))
        second = Deferred.fromCoroutine(do(upkeep.Backup(self.path + "2", Second())))
        Gate.opened.set()
        self.assertEqual((await finding).rows, [])
        self.assertNoResult(second)
        Second.opened.set()
        await first
        await second

    async def test_cancelled(self) -> None:
        """One that nobody waits for ends, and its part goes."""
        await self.fill(300)
        entered, go_on = Event(), Event()

        class Slow(Event):
            def is_set(self) -> bool:
                entered.set()
                go_on.wait(10)
                return super().is_set()

        self.patch(upkeep, "COPIED", 50)
        from mailfilter.store import embedded

        self.patch(embedded, "Event", Slow)
        copying = Deferred.fromCoroutine(self.store.backup(self.path))
        await self.until(entered.is_set)
        self.assertIn(".part", self.left()[0])
        copying.cancel()
        await self.assertFailure(copying, CancelledError)
        go_on.set()
        await self.until(lambda: not self.left())
