"""Series in Redis, which several processes write to at once."""

import contextlib
import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.report.series import TICK_SECONDS
from mailfilter.report.series_read import read_series
from mailfilter.report.series_steps import RANGES
from mailfilter.store.base import Store
from mailfilter.store.errors import Unavailable
from tests.report.case_series import Process, SeriesCases

from . import test_redis
from .redis import Server, Told, closing, make_store, passes, settings, until


class RedisSeriesTests(SeriesCases, test_redis.RedisCase):
    """Each store has connections of its own, as each process has."""

    async def make_store(self) -> Store:
        """The first of those with the same prefix."""
        self.told = Told()
        self.made = settings(self.place())
        return make_store(self.made, self.told)

    async def second(self) -> Store:
        """Another one."""
        store = make_store(self.made, self.told)
        closing(self, store)
        return store


class AwayTests(TestCase):
    """A server of our own, which hangs and dies."""

    def setUp(self) -> Any:
        """Start it; two scans are stored."""
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        self.told = Told()
        self.store = make_store(settings(self.server, timeout=0.5), self.told)
        closing(self, self.store)
        self.process = Process(self.store)
        return Deferred.fromCoroutine(self.begin())

    async def begin(self) -> None:
        """Store what is counted first, once we are connected."""
        self.process.scan(2)
        count = 0
        while count != 2:
            self.process.passes(TICK_SECONDS)
            with contextlib.suppress(Unavailable):
                count = await self.clean()
            await passes(0.01)
        self.told.counts.clear()

    async def tick(self, done: Callable[[], bool]) -> None:
        """Look at the counters again and again until something is so."""

        def is_done() -> bool:
            self.process.passes(TICK_SECONDS)
            return done()

        await until(is_done)

    async def clean(self) -> int:
        """Scans of the last week: our time passes quickly."""
        found = await read_series(self.store, RANGES["week"], self.process.now())
        return sum(count or 0 for count in found.actions["no action"])

    async def test_hangs(self) -> None:
        """What is counted meanwhile is there once, also what was written and not answered."""
        self.server.send(signal.SIGSTOP)
        self.process.scan(3)
        await self.tick(lambda: "store/timeout" in self.told.counts)
        self.server.send(signal.SIGCONT)
        await self.tick(lambda: self.store.is_well)
        await self.process.stop()
        self.assertEqual(await self.clean(), 5)

    async def test_dies(self) -> None:
        """A server that comes back and has forgotten everything is told what we know still."""
        self.server.kill()
        self.process.scan(3)
        await self.tick(lambda: "store/unavailable" in self.told.counts)
        self.server.start()
        await self.tick(lambda: self.store.is_well)
        await self.process.stop()
        self.assertEqual(await self.clean(), 5)
