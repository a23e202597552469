"""The embedded store where nothing can be written: no space, no permission, a limit reached."""

import os
import sqlite3
from itertools import count

from twisted.logger import capturedLogs

from mailfilter.store.base import (
    Delete,
    Get,
    HistoryAdd,
    HistoryFind,
    Limits,
    LogAppend,
    LogLook,
    Put,
    PutIfAbsent,
    SetAdd,
    SetMembers,
    key,
)
from mailfilter.store.errors import Denied, Full, ReadOnly, StoreError
from mailfilter.store.sqlite.opening import Opening
from mailfilter.store.sqlite.upkeep import Sweep

from .case import A, B
from .case_more import row
from .trouble import TroubleCase, mount_for, query, write_file

NOBODY = 65534
LIMITS = Limits(10**6, 10**6, 10**9)


class SpaceCase(TroubleCase):
    """Stores that are filled."""

    async def fill(self, seconds: float | None = None, size: int = 10_000) -> int:
        """Put values until it is full; how many there are."""
        for number in count():
            try:
                await self.do(Put({key("fill", str(number)): b"x" * size}, seconds))
            except Full:
                return number
            self.assertLess(number, 100_000)
        raise AssertionError

    async def works(self) -> bool:
        """Whether something can be written."""
        try:
            await self.do(Put({A: b"after"}))
        except StoreError:
            return False
        return await self.value(A) == b"after"


class DiskTests(SpaceCase):
    """The disk is full, read-only, or of somebody else."""

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
        self.assertIn("works again", str(logs))

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

    def fill_disk(self, path: str) -> None:
        """Leave no octet of the file system."""
        with open(path, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096) == 4096:
                    pass
            except OSError:
                return

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


class LimitTests(SpaceCase):
    """The file has the size that the configuration allows."""

    max_size = 2**21

    def octets(self) -> int:
        """Of the file and its log of changes."""
        return sum(path.stat().st_size for path in self.beside("store.sqlite*"))

    async def test_limit(self) -> None:
        """What may not go stays: then writes fail, reads go on, and to delete makes room."""
        self.start()
        number = await self.fill()
        self.assertGreater(number, 100)
        self.assertIn("max_size", await self.told("full"))
        self.assertEqual(await self.value(key("fill", "0")), b"x" * 10_000)
        await self.fails(Full, Put({A: b"x" * 100_000}))
        await self.do(Delete([key("fill", str(n)) for n in range(20)]))
        await self.do(Put({A: b"x" * 100_000}))
        self.assertLess(os.stat(self.path).st_size, self.max_size + 1)

    async def test_expired_makes_room(self) -> None:
        """What has expired goes at once when its space is needed."""
        self.start()
        await self.do(Put(dict.fromkeys([key("old", str(n)) for n in range(150)], b"x" * 9000), 10))
        self.passes_now(11)
        for number in range(60):
            await self.do(Put({key("new", str(number)): b"x" * 10_000}))
        self.assertNotIn("store/full", self.counts)
        self.assertEqual(await self.value(key("new", "0")), b"x" * 10_000)

    async def test_soonest_first(self) -> None:
        """When all is young what expires soonest goes; what never expires stays."""
        self.start()
        await self.do(Put({A: b"for ever"}))
        await self.do(Put({B: b"for long"}, 10**6))
        for number in range(1000):
            seconds = 1000 + number
            await self.do(Put({key("young", str(number)): b"x" * 10_000}, seconds))
        self.assertNotIn("store/full", self.counts)
        self.assertEqual(await self.do(Get([A, B])), [b"for ever", b"for long"])
        found = await self.do(Get([key("young", str(number)) for number in range(1000)]))
        first = next(number for number, value in enumerate(found) if value is not None)
        self.assertGreater(len(found[first:]), 80)
        self.assertNotIn(None, found[first:])

    async def test_history_goes(self) -> None:
        """A history beyond the size of the file keeps what there is space for, the newest."""
        self.start()
        for number in range(600):
            await self.do(HistoryAdd(A, [row(number, b"t", size=9_000)], LIMITS))
        self.assertNotIn("store/full", self.counts)
        page = await self.do(HistoryFind(A, limit=1000))
        kept = [int(item.row_id) for item in page.rows]
        self.assertEqual(kept, list(range(599, 599 - len(kept), -1)))
        self.assertGreater(len(kept), 80)

    async def test_sets_go(self) -> None:
        """Sets that expire go as a whole."""
        self.start()
        for number in range(500):
            members = [b"%d" % member + b"x" * 900 for member in range(10)]
            await self.do(SetAdd(key("set", str(number)), members, 10, 1000 + number))
        self.assertNotIn("store/full", self.counts)
        self.assertEqual(len(await self.do(SetMembers(key("set", "499")))), 10)

    async def test_too_large_for_all(self) -> None:
        """A write that never finds space does not throw everything away."""
        self.start()
        names = [key("test", str(number)) for number in range(50)]
        await self.do(Put(dict.fromkeys(names, b"x" * 20_000), 1000))
        for _ in range(20):
            await self.fails(Full, Put({key("big", str(n)): b"x" * 2**20 for n in range(4)}, 1000))
        self.assertEqual(await self.do(Get(names)), [b"x" * 20_000] * 50)

    async def test_poisoning(self) -> None:
        """Endless distinct keys: no write fails, the file stays within its bounds."""
        self.start()
        most = 0
        for start in range(0, 60_000, 1500):
            calls = [
                PutIfAbsent(key("greylist", str(number)), b"%d" % number, 300 + number % 86400)
                for number in range(start, start + 1500)
            ]
            self.assertEqual(set(await self.all_of(*calls)), {None})
            self.passes_now(1)
            most = max(most, self.octets())
        self.assertEqual(self.counts, [])
        # The log of changes comes on top, until it is taken into the file.
        self.assertLess(most, self.max_size + 2**23)
        self.assertEqual(await self.value(key("greylist", "59999")), b"59999")
        stats = await self.store.stats()
        self.assertGreater(stats.entries["values"], 5000)

    async def test_sweep_of_crowded(self) -> None:
        """A sweep leaves some of the space free before it is needed."""
        self.start()
        names = [key("test", str(number)) for number in range(193)]
        for name in names:
            await self.do(Put({name: b"x" * 9_900}, 1000))
        self.passes_now(30)
        for _ in range(100):
            if not (await self.do(Sweep(self.store.clock))).has_more:
                break
        else:
            self.fail("there is no end to it")
        kept = [value for value in await self.do(Get(names)) if value is not None]
        self.assertLess(len(kept) * 12_288, self.max_size * 0.9)
        self.assertGreater(len(kept) * 12_288, self.max_size * 0.7)

    async def test_crowded_is_told(self) -> None:
        """That things go before their time is an alarm, but not with every sweep."""
        self.start()
        for part in range(3):
            for number in range(193):
                await self.do(Put({key("test", f"{part} {number}"): b"x" * 9_900}, 1000))
            self.passes_now(30)
            await self.store._sweep_all()
        (alarm,) = self.alarms
        self.assertIn("max_size", alarm)
        self.assertIn("before their time", alarm)
