"""The embedded store: the common cases, in a file of its own for each test."""

import os

from twisted.internet import reactor
from twisted.internet.task import Clock

from mailfilter.config.model import StoreSettings
from mailfilter.store.base import Store
from mailfilter.store.embedded import EmbeddedStore
from mailfilter.store.health import Health
from mailfilter.store.sqlite.clock import MachineTime

from .case import StoreCase
from .case_more import AllCases


class EmbeddedCase(StoreCase):
    """Stores whose time the test makes pass."""

    max_size = 2**28
    seconds = 20.0
    """What a call may take."""
    number = 0

    async def make_store(self) -> Store:
        """A new file."""
        self.number += 1
        return self.open_store(os.path.join(self.directory(), f"store{self.number}.sqlite"))

    def directory(self) -> str:
        """Where files may be."""
        path: str = os.path.abspath(self.mktemp())
        os.makedirs(path)
        return path

    def open_store(
        self,
        path: str,
        *,
        boot: str = "boot 1",
        is_service: bool = True,
        evicts: bool = True,
    ) -> EmbeddedStore:
        """The store of a file, opened."""
        store = self.new_store(path, boot=boot, is_service=is_service, evicts=evicts)
        store.open()
        return store

    def new_store(
        self, path: str, *, boot: str = "boot 1", is_service: bool = True, evicts: bool = True
    ) -> EmbeddedStore:
        """The store of a file; `alarms` and `counts` have what it told."""
        self.path = path
        if not hasattr(self, "uptime"):
            self.uptime, self.wall = Clock(), Clock()
            self.uptime.advance(5000)
            self.wall.advance(1_700_000_000)
            self.alarms: list[str] = []
            self.counts: list[str] = []
        machine = MachineTime(lambda: boot, self.uptime.seconds, self.wall.seconds)
        return EmbeddedStore(
            reactor,
            StoreSettings(timeout=self.seconds, max_size=self.max_size),
            path,
            Health("embedded", self.uptime, self.alarms.append, self.counts.append),
            self.alarms.append,
            is_service=is_service,
            evicts=evicts,
            machine=machine,
        )

    async def passes(self, seconds: float) -> None:
        """Move the clock of the machine."""
        self.uptime.advance(seconds)
        self.wall.advance(seconds)


class EmbeddedTests(AllCases, EmbeddedCase):
    """All cases."""
