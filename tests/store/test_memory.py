"""The store in memory."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store.base import Get, Put, Store
from mailfilter.store.errors import Unavailable
from mailfilter.store.in_memory.space import Space
from mailfilter.store.memory import MemoryStore

from .case import A, StoreCase
from .case_more import AllCases


class MemoryTests(AllCases, StoreCase):
    """All cases, with a clock of our own."""

    async def make_store(self) -> Store:
        """A store whose time the test makes pass."""
        self.clock = Clock()
        store = MemoryStore(self.clock)
        store.open()
        return store

    async def passes(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.advance(seconds)

    async def pause(self) -> None:
        """Let what is due happen."""
        self.clock.advance(0)
        await super().pause()

    async def test_closed(self) -> None:
        """A closed store answers with an error."""
        await self.store.close()
        with self.assertRaises(Unavailable):
            await self.do(Put({A: b"1"}))
        self.store.open()
        self.assertEqual(await self.do(Get([A])), [None])


class SpaceTests(SynchronousTestCase):
    """The dictionary underneath."""

    def setUp(self) -> None:
        """A small one."""
        self.clock = Clock()
        self.space: Space[int] = Space(self.clock.seconds, max_keys=5)

    def keys(self) -> list[Any]:
        """What is in it."""
        return [key for key, _, _ in self.space.items()]

    def test_bounded(self) -> None:
        """The first that was stored goes."""
        for number in range(8):
            self.space.put(b"%d" % number, number, None)
        self.space.put(b"4", 4, None)
        self.space.put(b"8", 8, None)
        self.assertEqual(self.keys(), [b"5", b"6", b"7", b"4", b"8"])

    def test_swept(self) -> None:
        """What has expired does not stay until somebody asks for it."""
        for number in range(4):
            self.space.put(b"%d" % number, number, 1.0)
        self.space.put(b"0", 5, 10.0)
        self.clock.advance(2)
        self.space.put(b"new", 6, None)
        self.assertEqual(len(self.space), 2)
        self.assertEqual(self.space.get(b"0"), 5)

    def test_times_bounded(self) -> None:
        """What is written again and again does not take more and more space."""
        for number in range(10_000):
            self.space.put(b"bucket", number, 10.0 + number)
            self.space.put_until(b"counter", number, 1_000_000.0)
        self.assertLess(len(self.space._due), 2000)
        self.space.put(b"bucket", 1, 5.0)
        self.clock.advance(6)
        self.space.put(b"new", 6, None)
        self.assertEqual(self.keys(), [b"counter", b"new"])
        self.assertEqual(len(self.space), 2)

    def test_removed_and_put(self) -> None:
        """One that was removed and stored again goes when its time has come."""
        self.space.put_until(b"1", 1, 1.0)
        self.space.remove(b"1")
        self.space.put_until(b"1", 2, 1.0)
        self.clock.advance(2)
        self.space.put(b"new", 6, None)
        self.assertEqual(len(self.space), 1)
