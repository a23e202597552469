"""A keeper of maps whose clock is the test's."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from time import time
from typing import Any, cast

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, LogLevel, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import map_keeper as module
from mailfilter.app.hub import Hub
from mailfilter.app.map_keeper import MapKeeper
from mailfilter.codec.control import Maps
from mailfilter.config.model import Map
from mailfilter.report.alarms import Alarms

WATCH = 5.0


class MapKeeperCase(SynchronousTestCase):
    """A keeper whose time is the test's; it looks at files every five seconds."""

    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.clock = Clock()
        self.hub = Hub(Alarms(), "/nowhere")
        self.saved: dict[str, bytes] = {}
        self.pushed: list[Maps] = []
        self.lines: list[LogEvent] = []
        self.patch(module, "log", Logger(observer=cast(Any, self.lines.append)))
        self.patch(module, "in_background", lambda _, work: execute(work))
        # Files are an hour old: nobody is writing them.
        self.begun = time() + 3600
        self.keeper = MapKeeper(
            self.clock,
            self.hub,
            lambda: self.saved,
            self.pushed.append,
            lambda: self.begun + self.clock.seconds(),
        )
        self.addCleanup(self.keeper.stop)

    def write(self, name: str, data: bytes) -> None:
        """As it should be done: the old file or the new one is there at any time."""
        (self.folder / "new").write_bytes(data)
        os.rename(self.folder / "new", self.folder / name)

    def settings(self, name: str, **others: Any) -> Map:
        return Map(**({"kind": "names", "file": str(self.folder / name)} | others))

    def adopt(self, **others: Any) -> list[str]:
        """Serve by a configuration with a map."""
        maps = {"partners": self.settings("partners", **others)}
        prepared = self.successResultOf(Deferred.fromCoroutine(self.keeper.prepare(maps)))
        return list(self.keeper.adopt(prepared))

    def look(self, times: int = 1) -> None:
        self.clock.pump([WATCH] * times)

    def sent(self) -> list[tuple[str, bytes]]:
        """What workers were sent since it was asked last."""
        found = [(file.name, file.data) for message in self.pushed for file in message.files]
        self.pushed.clear()
        return found

    def alarms(self) -> list[str]:
        """Those raised since it was asked last."""
        found = [item.text for item in self.hub.alarms.raised]
        self.hub.alarms.raised.clear()
        return found

    def said(self, level: LogLevel = LogLevel.info) -> list[str]:
        """Lines of the log since it was asked last."""
        found = [formatEvent(event) for event in self.lines if event["log_level"] is level]
        self.lines.clear()
        return found

    def row(self) -> dict[str, Any]:
        return self.keeper.rows()[0]
