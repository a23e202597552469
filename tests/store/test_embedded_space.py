"""The embedded store whose file has the size that the configuration allows."""

import os

from mailfilter.store.base import (
    Count,
    Delete,
    Get,
    HistoryAdd,
    HistoryFind,
    Limits,
    LogAppend,
    Put,
    PutIfAbsent,
    SetAdd,
    SetMembers,
    key,
)
from mailfilter.store.errors import Full
from mailfilter.store.sqlite.upkeep import Sweep

from .case import A, B
from .case_more import row
from .trouble import SpaceCase

LIMITS = Limits(10**6, 10**6, 10**9)


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

    async def test_large_write(self) -> None:
        """A write of half the size has room made for it, however much must go."""
        self.start()
        for number in range(600):
            await self.do(HistoryAdd(A, [row(number, b"t", size=9_000)], LIMITS))
        rows = [row(number, b"t", size=9_000) for number in range(1000, 1100)]
        await self.do(HistoryAdd(A, rows, LIMITS))
        page = await self.do(HistoryFind(A, limit=100))
        self.assertEqual([int(found.row_id) for found in page.rows], list(range(1099, 999, -1)))
        self.assertNotIn("store/full", self.counts)

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

    async def test_many_small_for_large(self) -> None:
        """As many small things go as one large thing needs, within bounds."""
        self.start()
        for part in range(30):
            names = [key("small", f"{part} {number}") for number in range(1000)]
            await self.do(Put(dict.fromkeys(names, b"x"), 1000))
        large = {key("large", str(number)): b"x" * 1500 for number in range(40)}
        for _ in range(5):
            await self.do(Put(large, 1000))
        self.assertNotIn("store/full", self.counts)

    async def test_small_beside_large(self) -> None:
        """What is too large takes nothing with it that was asked for at the same time."""
        self.start()
        await self.do(Put({B: b"x"}))
        large = Put({key("big", str(number)): b"x" * 2**20 for number in range(4)}, 1000)
        results = await self.outcomes(
            Put({A: b"1"}), large, Count({A: 1}), LogAppend(A, [b"1"]), large, Count({A: 1})
        )
        self.assertEqual(results, [None, Full, [1], 1, Full, [2]])

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

    async def test_write_is_told(self) -> None:
        """That a write makes room for itself is an alarm, too, at most once an hour."""
        self.start()
        for number in range(1000):
            await self.do(Put({key("young", str(number)): b"x" * 10_000}, 1000 + number))
        self.assertIn("before their time", await self.told("max_size"))
        self.assertEqual(len(self.alarms), 1)

    async def test_expired_is_not_told(self) -> None:
        """What has expired is nobody's loss."""
        self.start()
        for number in range(1000):
            await self.do(Put({key("young", str(number)): b"x" * 10_000}, 10))
            self.passes_now(1)
        self.assertEqual((self.alarms, self.counts), ([], []))

    async def test_nothing_goes(self) -> None:
        """A store that is to hold all it is given is full instead, also with what sweeps do."""
        self.start(evicts=False)
        number = await self.fill(seconds=1000)
        self.passes_now(30)
        await self.store._sweep_all()
        names = [key("fill", str(n)) for n in range(number)]
        self.assertEqual(await self.do(Get(names)), [b"x" * 10_000] * number)
        self.assertIn("full", self.alarms[0])
        self.assertEqual(len(self.alarms), 1)

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
