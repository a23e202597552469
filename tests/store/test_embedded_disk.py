"""The embedded store where nothing can be written: no space, no permission."""

import os
import sqlite3

from twisted.logger import capturedLogs

from mailfilter.store.base import (
    Get,
    LogAppend,
    LogLook,
    Put,
    key,
)
from mailfilter.store.errors import Denied, Full, ReadOnly
from mailfilter.store.sqlite.opening import Opening

from .case import A, B
from .trouble import SpaceCase, mount_for, mounting, query, write_file

NOBODY = 65534


class DiskTests(SpaceCase):
    """The disk is full, read-only, or of somebody else."""

    @mounting
    async def test_disk_full(self) -> None:
        """Writes fail by name, reads go on; with space again it goes on by itself."""
        place, remount = mount_for(self, "size=2m")
        self.path = os.path.join(place, "store.sqlite")
        self.start()
        await self.do(Put({A: b"7"}))
        number = await self.fill()
        self.assertGreater(number, 20)
        self.assertIn("disk is full", await self.fails(Full, LogAppend(A, [b"x" * 10**5])))
        await self.told("full")
        self.assertEqual(await self.value(key("fill", str(number - 1))), b"x" * 10_000)
        self.assertIsNone(await self.value(key("fill", str(number))))
        self.assertEqual((await self.do(LogLook(A))).last, 0)
        with capturedLogs() as logs:
            self.assertEqual(await self.value(A), b"7")
        self.assertEqual(list(logs), [])
        remount("size=4m")
        with capturedLogs() as logs:
            self.assertEqual(await self.do(LogAppend(A, [b"x" * 10**5])), 1)
            self.assertEqual(list(logs), [])
            await self.do(Put({A: b"8"}))
        self.assertIn("works again", str(logs))

    @mounting
    async def test_others_fill_the_disk(self) -> None:
        """Whoever else fills it: nothing is lost, nothing is thrown away for it."""
        place, _ = mount_for(self, "size=2m")
        self.path = os.path.join(place, "store.sqlite")
        self.start()
        names = [key("test", str(number)) for number in range(10)]
        await self.do(Put(dict.fromkeys(names, b"kept"), 1000))
        filler = os.path.join(place, "other")
        self.fill_disk(filler)
        number = await self.fill()
        # There is space in the log of changes still, which is used again and again.
        await self.fails(Full, Put({B: b"x" * 300_000}))
        self.assertEqual(await self.do(Get(names)), [b"kept"] * 10)
        os.unlink(filler)
        await self.do(Put({key("fill", str(number)): b"x" * 10_000}))
        self.assertTrue(await self.works())
        await self.store.close()
        self.assertEqual(query(self.path, "PRAGMA integrity_check"), [("ok",)])

    @mounting
    async def test_no_more_space_needed(self) -> None:
        """On a disk without an octet left, what the file has space for can be written still."""
        place, _ = mount_for(self, "size=2m")
        self.path = os.path.join(place, "store.sqlite")
        self.start()
        names = [key("test", str(number)) for number in range(20)]
        for name in names:
            await self.do(Put({name: b"x" * 10_000}))
        query(self.path, "PRAGMA wal_checkpoint(PASSIVE)")
        self.fill_disk(os.path.join(place, "other"))
        for number in range(100):
            await self.do(Put({names[number % 20]: b"%04d" % number * 2500}))
        self.assertEqual(self.counts, [])
        self.assertEqual(await self.value(names[19]), b"0099" * 2500)

    def fill_disk(self, path: str) -> None:
        """Leave no octet of the file system."""
        with open(path, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                return

    @mounting
    async def test_full_at_the_start(self) -> None:
        """With no space at all there is no store, by name; with space there is one."""
        place, _ = mount_for(self, "size=1m")
        self.path = os.path.join(place, "store.sqlite")
        filler = os.path.join(place, "other")
        self.fill_disk(filler)
        self.start()
        await self.fails(Full, Get([A]))
        await self.fails(Full, Put({A: b"1"}))
        os.unlink(filler)
        self.assertTrue(await self.works())

    @mounting
    async def test_full_at_a_later_start(self) -> None:
        """So it is with a file that is there already, which is neither set aside nor damaged."""
        place, _ = mount_for(self, "size=1m")
        self.path = os.path.join(place, "store.sqlite")
        self.start()
        await self.do(Put({B: b"before"}))
        await self.store.close()
        filler = os.path.join(place, "other")
        self.fill_disk(filler)
        self.start()
        await self.fails(Full, Put({A: b"1"}))
        os.unlink(filler)
        self.assertEqual(await self.value(B), b"before")
        self.assertTrue(await self.works())
        self.assertEqual(self.beside("*corrupt*"), [])

    @mounting
    async def test_read_only(self) -> None:
        """A file system that is mounted read-only, and then not."""
        place, remount = mount_for(self, "size=4m")
        self.path = os.path.join(place, "store.sqlite")
        self.start()
        await self.do(Put({B: b"before"}))
        await self.store.close()
        remount("ro")
        self.start()
        await self.fails(ReadOnly, Put({A: b"1"}))
        await self.told("read_only")
        remount("rw")
        self.assertTrue(await self.works())
        self.assertEqual(await self.value(B), b"before")

    async def test_read_only_while_running(self) -> None:
        """Writes fail by name, reads go on, until it can be written again."""
        self.start()
        await self.do(Put({B: b"before"}))
        original = Opening._connect

        def connect(opening: Opening) -> sqlite3.Connection:
            db = original(opening)
            # What SQLite says then is the same as on a file system that has become read-only.
            db.execute("PRAGMA query_only = ON")
            return db

        with_trouble = self.patch(Opening, "_connect", connect)
        self.store._opening.epoch += 1
        for _ in range(3):
            self.assertIn("cannot be written", await self.fails(ReadOnly, Put({A: b"1"})))
            self.assertEqual(await self.do(Get([A, B])), [None, b"before"])
        self.assertEqual(len(self.alarms), 1)
        with_trouble.restore()
        self.assertTrue(await self.works())

    async def test_not_ours(self) -> None:
        """A directory, and a file, that we have no right to."""
        for place in (os.path.dirname(self.path), self.path):
            self.alarms.clear() if hasattr(self, "alarms") else None
            if place == self.path:
                write_file(place)
            mode = os.stat(place).st_mode
            os.chmod(place, 0)
            user = os.geteuid()
            if user == 0:
                os.seteuid(NOBODY)
            try:
                self.start()
                await self.fails(Denied, Put({A: b"1"}))
                await self.fails(Denied, Get([A]))
                await self.told("denied")
            finally:
                if user == 0:
                    os.seteuid(user)
                os.chmod(place, mode)
            self.assertTrue(await self.works())
            await self.store.close()
