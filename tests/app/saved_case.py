"""What is saved, in a folder of its own: what its tests share."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from mailfilter.app import saved as module
from mailfilter.app.saved import SavedState
from mailfilter.app.saved_rules import Rules
from mailfilter.codec.control import Saved
from mailfilter.config import Config, Loaded, Origin
from mailfilter.config.model import Map, Profile, ProfileActions
from mailfilter.config.saved import read_saved
from mailfilter.report.alarms import Alarms
from mailfilter.servers.services import Refused

NOW = 1_800_000_000.0
BIG = bytes(range(256)) * 40
CONFIG = Config(
    maps={
        "m": Map(kind="names", file="/m"),
        "fixed": Map(kind="names", file="/f", editable=False),
    },
    profiles={"p": Profile(mta_tags=("t",), actions=ProfileActions(add_header=7.0))},
)


class SavedCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.alarms = Alarms()
        self.messages: list[Saved] = []
        self.names: list[Collection[str]] = []
        self.lines: list[str] = []
        note: Any = self.note
        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        self.state = self.make()

    def note(self, event: LogEvent) -> None:
        if event["log_namespace"] == module.__name__:
            self.lines.append(formatEvent(event))

    def make(self) -> SavedState:
        """The state of a master that has just started, with a generation that serves."""
        made = SavedState(reactor, str(self.folder), self.alarms, lambda: NOW)
        made.on_change = self.messages.append
        made.on_maps = self.use
        made.load()
        self.adopt(made)
        return made

    async def use(self, names: Collection[str]) -> None:
        """Maps have changed."""
        self.names.append(names)

    def adopt(self, state: SavedState, config: Config = CONFIG, **scores: float) -> list[str]:
        origins = {"profiles.p.actions.add_header": Origin("/c", 1)}
        loaded = Loaded(config, origins, None, "/")
        return list(state.adopt(Rules(loaded, scores or {"X": 1.0, "Y.Z": 2.0})))

    async def refused(self, changes: Mapping[str, Any], *, undo: bool = False) -> str:
        """Nothing is changed, and why."""
        before, count = self.state.history, len(self.messages) + len(self.names)
        with self.assertRaises(Refused) as caught:
            await (self.state.undo([*changes], "me") if undo else self.state.save(changes, "me"))
        self.assertEqual(self.state.history, before)
        self.assertEqual(read_saved(str(self.folder)), before)
        self.assertEqual(len(self.messages) + len(self.names), count)
        return str(caught.exception)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def values(self) -> dict[str, Any]:
        return {row["key"]: row["value"] for row in self.state.rows()}
