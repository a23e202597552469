"""A file of the embedded store that is found to be damaged while it is in use."""

import re

from mailfilter.store.base import Count, Get, Put, Store
from mailfilter.store.errors import Corrupt
from mailfilter.store.sqlite.upkeep import Sweep

from .case import A, B
from .test_embedded_corrupt import MANY, CorruptCase
from .trouble import damage, octets_of, query


class DamageTests(CorruptCase):
    """It is told, other calls go on, and the next start begins anew."""

    async def damaged_while_open(self) -> Store:
        """A store whose values cannot be read any more, but whose counters can."""
        await self.fill()
        ((page,),) = query(self.path, "SELECT rootpage FROM sqlite_master WHERE name = 'value'")
        # So that pages are read from the file, not from a log or a cache.
        store = self.start()
        await store.do(Count({A: 0}))
        damage(self.path, 4096 * (page - 1), b"\xff" * 4096)
        return store

    async def test_while_running(self) -> None:
        """Calls that meet the damage say so; the others go on, also at the same time."""
        await self.damaged_while_open()
        text = await self.fails(Corrupt, Get([MANY[5]]))
        self.assertIn("restart", text)
        await self.fails(Corrupt, Put({MANY[5]: b"2"}))
        self.assertEqual(await self.do(Count({A: 1})), [8])
        results = await self.outcomes(
            Count({A: 1}), Put({B: b"1"}), Count({A: 1}), Put({A: b"2"}), Count({A: 1})
        )
        self.assertEqual(results, [[9], Corrupt, [10], Corrupt, [11]])
        self.assertIn("store/corrupt", self.counts)
        await self.told("corrupt")

    async def test_sweep_over_damage(self) -> None:
        """A sweep that meets damage says so and is done for this time."""
        await self.damaged_while_open()
        self.passes_now(1000)
        await self.fails(Corrupt, Sweep(self.store.clock))
        self.assertEqual(await self.do(Count({A: 1})), [8])

    async def test_restart_heals(self) -> None:
        """The next start sets the file aside."""
        await self.damaged_while_open()
        await self.fails(Corrupt, Get([MANY[5]]))
        await self.store.close()
        self.alarms.clear()
        await self.begins_anew()

    async def test_restart_looks_closer(self) -> None:
        """What the usual check at the start does not see, it sees once calls have met it."""
        await self.fill()
        octets = octets_of(self.path)
        places = [found.end() for found in re.finditer(MANY[5], octets)]
        # Beside the value it stands in the index by expiry, where it is another from now on.
        (place,) = [place for place in places if octets[place : place + 50] != b"x" * 50]
        damage(self.path, place - 1, b"~")
        self.start()
        self.assertEqual(await self.value(MANY[5]), b"x" * 1000)
        await self.store.close()
        self.assertEqual(self.beside("*.corrupt-*"), [])
        self.start()
        await self.fails(Corrupt, Put({MANY[5]: b"2"}))
        await self.store.close()
        self.alarms.clear()
        await self.begins_anew()
        await self.store.close()
        self.assertEqual(self.beside("*-suspect"), [])

    async def test_alarm_of_many(self) -> None:
        """A thousand calls that fail are told of once."""
        await self.damaged_while_open()
        for _ in range(1000):
            await self.fails(Corrupt, Get([MANY[5]]))
        self.assertEqual(len([alarm for alarm in self.alarms if "corrupt" in alarm]), 1)
        self.assertEqual(self.counts.count("store/corrupt"), 1000)
