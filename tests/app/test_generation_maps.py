"""Maps of generations: what workers begin with, and what those get that are there."""

import os

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from mailfilter.app import local as module
from mailfilter.app.hub import Hub
from mailfilter.app.local import LocalGeneration
from mailfilter.app.plan import Draft
from mailfilter.codec.control import MapFile, Maps
from mailfilter.report.alarms import Alarms
from mailfilter.scan.plan import Plan
from tests.app.test_generation import GenerationCase
from tests.app.test_local import LocalCase

FIRST = MapFile("partners", "names", b"first.example\n")
THEN = MapFile("partners", "names", b"then.example\n")
OTHERS = MapFile("partners", "networks", b"10.0.0.0/8\n")

TEXT = '[maps.partners]\nkind = "names"\nfile = "/nowhere"\n'


class WorkerTests(GenerationCase):
    """Workers that are processes."""

    def test_told(self) -> None:
        """Those that live are told; those that come begin with the last that fits."""
        self.generation._maps = {FIRST.name: FIRST}
        self.serve()
        self.assertEqual(self.workers[0].boot.maps, (FIRST,))
        message = Maps(files=(THEN,))
        self.generation.tell(message)
        self.generation.tell(Maps(files=(OTHERS, MapFile("theirs", "names", b""))))
        self.assertTrue(all(message in worker.sent for worker in self.workers))
        self.workers[0].end()
        self.clock.advance(1.0)
        self.assertEqual(self.workers[3].boot.maps, (THEN,))


class LocalTests(LocalCase):
    """A generation in the master's process."""

    def make(self, *maps: MapFile) -> LocalGeneration:
        made = self.draft(TEXT)
        self.patch(module, "settle", lambda: None)
        self.hub = Hub(Alarms(), os.path.join(self.folder, "state"))
        draft = Draft(made.loaded, made.check_files, made.held, maps)
        return LocalGeneration(reactor, self.hub, 1, draft, {})

    def plan(self, local: LocalGeneration) -> Plan:
        assert local._engine is not None
        return local._engine.plan

    async def start(self, *maps: MapFile) -> LocalGeneration:
        local = self.make(*maps)
        await local.start(is_strict=False)
        local.serve()
        return local

    async def test_told(self) -> None:
        """Checks find what is in the map now."""
        local = await self.start(FIRST)
        found = self.plan(local).maps["partners"]
        self.assertIn("first.example", found)
        local.tell(Maps(files=(THEN, OTHERS)))
        await self.until(lambda: "then.example" in found)
        self.assertNotIn("first.example", found)
        await local.drain(is_stop=True, seconds=0)
        local.tell(Maps(files=(FIRST,)))

    async def test_while_it_starts(self) -> None:
        """What comes while checks are loaded is not lost."""
        local = self.make(FIRST)
        started = Deferred.fromCoroutine(local.start(is_strict=False))
        local.tell(Maps(files=(THEN,)))
        await started
        local.serve()
        await self.until(lambda: "then.example" in self.plan(local).maps["partners"])
        await local.drain(is_stop=True, seconds=0)

    async def test_refused(self) -> None:
        """A map that cannot be used is empty, and no reason not to serve."""
        local = await self.start(MapFile("partners", "names", b"."))
        self.assertEqual(self.plan(local).maps["partners"].size, 0)
        self.assertIn("map partners", self.hub.alarms.raised[-1].text)
        await local.drain(is_stop=True, seconds=0)
