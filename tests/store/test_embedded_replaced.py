"""The file of the embedded store is taken away, or another put in its place, while in use."""

import fcntl
import os
from contextlib import closing

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from mailfilter.store.base import Count, Get, HistoryFind, Put, Snapshot, SnapshotPut, key
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.errors import StoreError, Unavailable
from mailfilter.store.sqlite.opening import Opening

from .case import A, B
from .trouble import TroubleCase, query, write_file

NAMES = [key("test", str(number)) for number in range(500)]


class ReplacedTests(TroubleCase):
    """It is noticed with the next write, told, and the store goes on with what is there then."""

    async def used(self, path: str = "") -> EmbeddedStore:
        """A store with something in it, that all its threads have used."""
        store = self.start(path)
        await self.do(Put(dict.fromkeys(NAMES, b"old" * 300)))
        await self.value(NAMES[0])
        await self.do(HistoryFind(A))
        return store

    async def comes_back(self, store: EmbeddedStore) -> None:
        """After an error that says what happened, the store can be written."""
        for _ in range(10):
            try:
                await store.do(Put({A: b"new"}))
                return
            except StoreError as error:
                self.assertIsInstance(error, Unavailable)
        self.fail("it does not work again")

    async def sound(self) -> None:
        """Every lane works on the new file, and what is in that is sound."""
        self.assertEqual(await self.value(A), b"new")
        self.assertEqual((await self.do(HistoryFind(A))).rows, [])
        await self.do(Put(dict.fromkeys(NAMES[:50], b"again" * 100)))
        self.assertEqual(await self.do(Get(NAMES[:50])), [b"again" * 100] * 50)
        self.assertEqual(await self.store.inspect(), [])
        self.assertEqual(self.beside("*corrupt*"), [])

    async def test_companions_removed(self) -> None:
        """What was not in the file itself yet is saved, and that is told until a restart."""
        await self.used()
        for suffix in ("-wal", "-shm"):
            os.unlink(self.path + suffix)
        text = await self.fails(Unavailable, Put({A: b"lost"}))
        self.assertIn("-wal or -shm was removed", text)
        # Reads go on, nothing is written: another process may have begun anew by now.
        self.assertEqual(await self.value(NAMES[499]), b"old" * 300)
        self.assertEqual(query(self.path, "SELECT count(*) FROM value"), [(500,)])
        for call in (Put({A: b"lost"}), SnapshotPut(A, Snapshot(1, b"lost"))):
            self.assertIn("restart the filter", await self.fails(Unavailable, call))
        await self.store.close()
        self.start()
        await self.do(Put({A: b"new"}))
        self.assertEqual(await self.do(Get([A, NAMES[499]])), [b"new", b"old" * 300])
        self.assertEqual(await self.store.inspect(), [])
        self.assertEqual(self.beside("*corrupt*"), [])

    async def test_companions_stay(self) -> None:
        """A store that others open and close is no reason for alarm."""
        await self.used()
        for number in range(3):
            other = self.open_store(self.path)
            await other.do(Put({B: b"%d" % number}))
            await other.close()
            await self.do(Put({A: b"%d" % number}))
        self.assertEqual(self.counts, [])

    async def test_removed(self) -> None:
        """A new file is made, in which nothing is."""
        await self.used()
        os.unlink(self.path)
        text = await self.fails(Unavailable, Put({A: b"lost"}))
        self.assertIn("removed", text)
        await self.told("removed")
        self.assertEqual(await self.do(Get([A, NAMES[0]])), [None, None])
        await self.comes_back(self.store)
        await self.sound()

    async def test_all_removed(self) -> None:
        """With all that belongs to it, too."""
        await self.used()
        for path in self.beside("store.sqlite*"):
            path.unlink()
        await self.comes_back(self.store)
        await self.sound()

    async def test_directory_removed(self) -> None:
        """With its directory it is away until that is there again."""
        await self.used()
        directory = os.path.dirname(self.path)
        os.rename(directory, directory + ".away")
        for _ in range(3):
            await self.fails(Unavailable, Put({A: b"1"}))
        await self.fails(Unavailable, Get([A]))
        os.mkdir(directory)
        await self.comes_back(self.store)
        await self.sound()

    async def backup(self) -> str:
        """Another file with B in it."""
        other = self.path + ".backup"
        store = self.start(other)
        await store.do(Put({B: b"from the backup"}))
        await store.close()
        return other

    async def test_replaced(self) -> None:
        """A backup put in its place is used, and is not spoilt by what was beside the old one."""
        path = self.path
        other = await self.backup()
        await self.used(path)
        os.rename(other, path)
        self.assertIn("replaced", await self.fails(Unavailable, Put({A: b"lost"})))
        await self.comes_back(self.store)
        self.assertEqual(await self.do(Get([B, NAMES[400]])), [b"from the backup", None])
        await self.sound()
        await self.store.close()
        self.assertEqual(query(path, "PRAGMA integrity_check"), [("ok",)])

    async def test_replaced_under_several(self) -> None:
        """Others that have it open go over to the new one, too, and disturb nothing."""
        path = self.path
        other = await self.backup()
        stores = [await self.used(path) for _ in range(3)]
        os.rename(other, path)
        for _ in range(2):
            for store in stores:
                try:
                    await store.do(Count({A: 0}))
                except Unavailable:
                    continue
        for store in stores:
            await self.comes_back(store)
        for number, store in enumerate(stores):
            self.assertEqual(await store.do(Count({B: 1})), [number + 1])
            self.assertEqual(await store.do(Get([B])), [b"from the backup"])
        await self.sound()
        await stores[0].close()
        await stores[1].do(Put({key("test", "more"): b"1"}))
        await stores[1].close()
        await self.sound()

    async def test_removed_under_several(self) -> None:
        """Nor do they when there is none at first."""
        stores = [await self.used(self.path) for _ in range(3)]
        os.unlink(self.path)
        for store in stores:
            with self.assertRaises(StoreError):
                await store.do(Count({A: 0}))
        for store in stores:
            await self.comes_back(store)
            self.assertEqual(await store.do(Get([A])), [b"new"])
        await self.sound()

    async def test_noticed_by_one(self) -> None:
        """As long as others have the old file open, nobody makes a new one."""
        stores = [await self.used(self.path) for _ in range(2)]
        os.unlink(self.path)
        for _ in range(3):
            with self.assertRaises(Unavailable):
                await stores[0].do(Count({A: 1}))
        self.assertFalse(self.beside("store.sqlite"))
        with self.assertRaises(Unavailable):
            await stores[1].do(Count({A: 1}))
        self.assertEqual(await stores[0].do(Count({A: 1})), [1])
        self.assertEqual(await stores[1].do(Count({A: 1})), [2])

    async def test_noticed_without_calls(self) -> None:
        """A filter that writes nothing notices with the next sweep."""
        await self.used()
        os.unlink(self.path)
        self.store._sweep()
        await self.told("removed")

    async def test_overwritten(self) -> None:
        """Garbage written over it is found sooner or later, and the next start begins anew."""
        await self.used()
        query(self.path, "PRAGMA wal_checkpoint(TRUNCATE)")
        write_file(self.path, b"garbage" * 20_000)
        with self.assertRaises(StoreError):
            for _ in range(3):
                await self.do(Put(dict.fromkeys(NAMES, b"x")))
                await self.do(HistoryFind(A))
                await self.do(Get(NAMES))
        await self.store.close()
        self.start()
        await self.do(Put({A: b"new"}))
        await self.told("corrupt")
        await self.store.close()
        self.assertEqual(query(self.path, "PRAGMA integrity_check"), [("ok",)])

    async def test_noticed_by_another_thread(self) -> None:
        """A write does not begin on what another thread has found gone since it looked."""
        await self.used()
        original = Opening.look_after

        def look(opening: Opening, epoch: int) -> None:
            original(opening, epoch)
            opening.epoch += 1

        patched = self.patch(Opening, "look_after", look)
        for _ in range(3):
            await self.fails(Unavailable, Count({A: 1}))
        patched.restore()
        self.assertEqual(await self.do(Count({A: 1})), [1])

    async def test_descriptors(self) -> None:
        """Nothing stays open of what was there before."""
        await self.used()
        before = self.open_files()
        for _ in range(5):
            os.unlink(self.path)
            await self.comes_back(self.store)
            await self.value(A)
            await self.do(HistoryFind(A))
        self.assertLessEqual(self.open_files(), before)
        await self.store.close()
        self.assertEqual(self.open_files(), 0)

    def open_files(self) -> int:
        """Descriptors of this process that belong to the store."""
        with closing(os.scandir("/proc/self/fd")) as found:
            names = [entry.path for entry in found]
        return sum(os.path.basename(self.path) in _target(name) for name in names)


def _target(name: str) -> str:
    try:
        return os.readlink(name)
    except FileNotFoundError:
        return ""


class WaitingTests(TroubleCase):
    """The file is taken away while a write waits for its turn."""

    async def test_waiting(self) -> None:
        """What was written to a file that is gone is not acknowledged, whoever notices first."""
        self.start()
        await self.do(Put({A: b"1"}))
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(1, b""))))
        turn = os.open(self.path + "-turn", os.O_RDWR)
        self.addCleanup(os.close, turn)
        fcntl.flock(turn, fcntl.LOCK_EX)
        waiting = Deferred.fromCoroutine(self.store.do(Put({B: b"lost"})))
        await self.until(lambda: self.store._write._queue.empty())
        await deferLater(reactor, 0.1)
        for suffix in ("", "-wal", "-shm"):
            os.unlink(self.path + suffix)
        opening = self.store._opening
        # As another thread would that has the turn, and one that reads then.
        self.assertRaises(Unavailable, opening.look_after, opening.epoch)
        self.assertEqual(await self.do(Get([A])), [None])
        fcntl.flock(turn, fcntl.LOCK_UN)
        await self.assertFailure(waiting, Unavailable)
        self.assertEqual(await self.do(Get([B])), [None])
        self.assertTrue(await self.do(SnapshotPut(A, Snapshot(1, b""))))
        await self.do(Put({B: b"there"}))
        self.assertEqual(await self.do(Get([B])), [b"there"])

    async def test_not_the_one(self) -> None:
        """A new connection to another file is not made before somebody has seen to what is left."""
        path = self.path
        self.start(path + ".other")
        await self.do(Put({B: b"other"}))
        await self.store.close()
        self.start(path)
        await self.do(Put({A: b"1"}))
        os.rename(path + ".other", path)
        self.assertIn("not the one", await self.fails(Unavailable, Get([B])))
        await self.fails(Unavailable, Put({A: b"1"}))
        self.assertEqual(await self.do(Get([A, B])), [None, b"other"])
