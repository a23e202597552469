"""What is saved: kept on disk, for all workers, whatever becomes of disks and people."""

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from mailfilter.app import saved as module
from mailfilter.app import saved_file
from mailfilter.app.saved import MAX_CHANGES, SavedState
from mailfilter.app.saved_rules import Rules
from mailfilter.codec.control import Saved
from mailfilter.config import Config, Loaded, Origin
from mailfilter.config.model import Actions, Map, Profile, ProfileActions
from mailfilter.config.saved import FILE, read_saved
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
        made.on_maps = self.names.append
        made.load()
        self.adopt(made)
        return made

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


class SaveTests(SavedCase):
    async def test_save(self) -> None:
        """It is on disk, and then handed to all."""
        on_disk: list[Any] = []
        self.state.on_change = lambda message: on_disk.append(read_saved(str(self.folder)))
        changes = {"actions.reject": 20, "actions.greylist": None, "symbols.Y.Z.score": -1.5}
        await self.state.save(changes, "me")
        self.assertEqual(on_disk, [self.state.history])
        message = self.state.message
        self.assertEqual(message.actions, {"reject": 20.0, "greylist": None})
        self.assertEqual(message.symbols, {"Y.Z": -1.5})
        self.assertEqual(self.files(), [FILE])
        self.assertEqual(stat.S_IMODE((self.folder / FILE).stat().st_mode), 0o600)
        self.assertEqual(
            self.state.rows()[0],
            {
                "key": "actions.reject",
                "value": 20.0,
                "by": "me",
                "at": NOW,
                "configured": 15.0,
                "versions": 1,
            },
        )
        self.assertEqual(
            self.lines,
            [
                "saved by me: actions.reject: 15 -> 20",
                "saved by me: actions.greylist: 4 -> off",
                "saved by me: symbols.Y.Z.score: 2 -> -1.5",
            ],
        )

    async def test_maps(self) -> None:
        """Octets as they are; only whoever has to do with maps is told."""
        await self.state.save({"maps.m": BIG}, "me")
        self.assertEqual((self.messages, self.names), ([], [["m"]]))
        self.assertEqual(self.state.maps(), {"m": BIG})
        self.assertEqual(self.make().maps(), {"m": BIG})
        self.assertIn("-> 10240 octets in ", self.lines[-1])
        await self.state.undo(["maps.m"], "me")
        self.assertEqual(self.names, [["m"], ["m"]])
        self.assertEqual(self.state.maps(), {})
        self.assertIn("undone by me: maps.m: 10240 octets in ", self.lines[-1])

    async def test_map_refused(self) -> None:
        """Who knows what is in maps has a say, before anything is saved."""

        async def check(name: str, data: bytes) -> None:
            raise Refused(f"{name}: line 1 is bad: {data!r}")

        self.state.check_map = check
        changes = {"symbols.X.score": 2.0, "maps.m": b"%"}
        self.assertEqual(await self.refused(changes), "m: line 1 is bad: b'%'")

    async def test_restart(self) -> None:
        await self.state.save({"symbols.X.score": 2.0}, "me")
        again = self.make()
        self.assertEqual(again.history, self.state.history)
        self.assertEqual(again.message.symbols, {"X": 2.0})

    async def test_numbers(self) -> None:
        """Each change has a higher one."""
        for score in (2.0, 3.0):
            await self.state.save({"symbols.X.score": score}, "me")
        await self.state.undo(["symbols.X.score"], "me")
        numbers = [message.number for message in self.messages]
        self.assertEqual(numbers, sorted(set(numbers)))

    async def test_same(self) -> None:
        """A value that is saved already is no new version, and nobody is told."""
        for _ in range(3):
            await self.state.save({"symbols.X.score": 2.0}, "me")
        self.assertEqual(self.state.rows()[0]["versions"], 1)
        self.assertEqual(len(self.messages), 1)

    async def test_undo(self) -> None:
        """One version after the other, then the configuration holds."""
        for score in (2.0, 3.0):
            await self.state.save({"symbols.X.score": score}, "me")
        await self.state.undo(["symbols.X.score"], "you")
        self.assertEqual(self.values(), {"symbols.X.score": 2.0})
        self.assertEqual(self.make().message.symbols, {"X": 2.0})
        await self.state.undo(["symbols.X.score"], "you")
        self.assertEqual(self.values(), {})
        self.assertEqual(self.messages[-1].symbols, {})
        self.assertEqual(self.lines[-1], "undone by you: symbols.X.score: 2 -> 1")
        answer = await self.refused({"symbols.X.score": None}, undo=True)
        self.assertEqual(answer, "nothing is saved for symbols.X.score")

    async def test_undo_many(self) -> None:
        """All of them, or none."""
        await self.state.save({"symbols.X.score": 2.0, "maps.m": b"a"}, "me")
        await self.refused({"symbols.X.score": None, "maps.gone": None}, undo=True)
        await self.state.undo(["symbols.X.score", "maps.m", "maps.m"], "me")
        self.assertEqual(self.values(), {})

    async def test_undo_all(self) -> None:
        await self.state.save({"actions.add_header": 20.0, "actions.reject": 30.0}, "me")
        await self.state.save({"maps.m": b"a"}, "me")
        await self.refused({"actions.reject": None}, undo=True)
        keys = await self.state.undo_all("me")
        self.assertEqual(keys, ["actions.add_header", "actions.reject", "maps.m"])
        self.assertEqual(self.values(), {})
        self.assertEqual(self.messages[-1].actions, {})

    async def test_strangers(self) -> None:
        """Who saves may have any name, and it ends no line."""
        await self.state.save({"symbols.X.score": 2.0}, "me\n\ud800\x1b[31m" + "x" * 999)
        by = self.make().rows()[0]["by"]
        self.assertTrue(by.startswith("me\\n\\uD800\\u001B[31mxx"), by)
        self.assertLess(len(by), 250)


class RefusedTests(SavedCase):
    async def test_values(self) -> None:
        for changes, expected in (
            ({}, "nothing to save"),
            ({"scan.timeout": 3}, "scan.timeout: nothing can be saved by this key"),
            ({"actions.subject": 3}, "actions.subject: nothing can be saved"),
            ({"actions.reject": "3"}, "actions.reject: expected a number from -1000000 to"),
            ({"actions.reject": float("nan")}, "or none"),
            ({"symbols.X.score": float("inf")}, "symbols.X.score: expected a number"),
            ({"symbols.X.score": None}, "symbols.X.score: expected a number"),
            ({"symbols.X.score": 1, "symbols.Y.Y.score": 1}, "symbol; did you mean Y.Z?"),
            ({"symbols.Y.score": 1}, "symbols.Y.score: there is no such symbol"),
            ({"maps.m": "text"}, "maps.m: expected octets"),
            ({"maps.n": b""}, "maps.n: there is no such map"),
            ({"maps.fixed": b""}, "not editable"),
            ({"symbols.\x1b.score": 1}, "symbols.\\u001B.score: there is no such symbol"),
            ({f"symbols.{'X' * 600}.score": 1}, "there is no such symbol"),
        ):
            self.assertIn(expected, await self.refused(changes))

    async def test_order(self) -> None:
        """Thresholds are in order after it, with those of the configuration and of profiles."""
        answer = await self.refused({"actions.reject": 5.0})
        self.assertIn("actions.reject = 5.0: expected at least actions.add_header = 6.0", answer)
        answer = await self.refused({"actions.greylist": 7.5})
        self.assertIn("actions.greylist = 7.5: expected at most actions.add_header", answer)
        answer = await self.refused({"actions.reject": 6.5})
        self.assertIn("profiles.p.actions.add_header = 7.0: expected at most", answer)
        await self.state.save({"actions.reject": 12, "actions.rewrite_subject": 12}, "me")

    async def test_starting(self) -> None:
        """Before anybody serves it is not known what there is."""
        self.state.rules = Rules()
        self.assertEqual(await self.refused({"symbols.X.score": 1}), "the filter is starting")

    async def test_too_many(self) -> None:
        self.patch(module, "MAX_KEYS", 2)
        changes = {"symbols.X.score": 3.0, "symbols.Y.Z.score": 3.0, "maps.m": b""}
        self.assertIn("more than 2 keys", await self.refused(changes))


class ConfigurationTests(SavedCase):
    """What is saved meets another configuration."""

    async def test_gone(self) -> None:
        """What is there no more is told, and is there again with the next that has it."""
        await self.state.save({"symbols.X.score": 3.0, "maps.m": b"", "actions.reject": 20}, "me")
        self.assertEqual(self.adopt(self.state), [])
        warnings = self.adopt(self.state, Config(), Z=1.0)
        self.assertEqual(len(warnings), 2)
        saved = "saved by me, 2027-01-15T08:00:00Z: there is no such"
        self.assertIn(f"symbols.X.score {saved} symbol;", warnings[0])
        self.assertIn(f"maps.m {saved} map;", warnings[1])
        self.assertIn("mailfilteradm saved undo", warnings[1])
        self.assertEqual(self.lines[-2:], warnings)
        self.assertEqual(self.adopt(self.state), [])

    async def test_disorder(self) -> None:
        """The configuration has changed under a threshold: it holds, and that is told."""
        await self.state.save({"actions.reject": 10.0}, "me")
        config = Config(actions=Actions(add_header=12.0))
        (warning,) = self.adopt(self.state, config)
        self.assertIn("actions.reject = 10.0: expected at least actions.add_header", warning)
        self.assertEqual(self.state.message.actions, {"reject": 10.0})
        self.state.on_change = self.messages.append
        await self.state.undo(["actions.reject"], "me")
        self.assertEqual(self.adopt(self.state, config), [])


class DiskTests(SavedCase):
    """Disks that are full, broken, slow or somebody else's."""

    async def test_damaged(self) -> None:
        """An alarm, and the file is there for those who want to look."""
        await self.state.save({"symbols.X.score": 3.0}, "me")
        path = self.folder / FILE
        for damage in (b"", b"{", path.read_bytes()[:-20], b"\x00" * 4096):
            path.write_bytes(damage)
            self.alarms.raised.clear()
            self.state = self.make()
            self.assertEqual(self.values(), {})
            (alarm,) = self.alarms.raised
            self.assertIn(f"{path}: not what was written", alarm.text)
            self.assertIn("moved to saved.json.damaged-1800000000", alarm.text)
            aside = self.folder / "saved.json.damaged-1800000000"
            self.assertEqual(aside.read_bytes(), damage)
            self.assertEqual(self.files(), [aside.name])
        self.flushLoggedErrors()
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    def test_odd(self) -> None:
        """What is no file at all is no reason not to start either."""
        path = self.folder / FILE
        path.mkdir()
        self.assertEqual(self.make().history, {})
        self.assertIn("Is a directory; moved to", self.alarms.raised[-1].text)
        path.symlink_to("/nowhere/at/all")
        self.assertEqual(self.make().history, {})

    async def test_full(self) -> None:
        """Nothing is changed, neither there nor here, and it goes on when there is room."""
        await self.state.save({"symbols.X.score": 3.0}, "me")
        for name in ("write", "fsync", "open", "replace"):

            def fail(*_: object, **__: object) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            patched = self.patch(os, name, fail)
            try:
                answer = await self.refused_unread({"symbols.X.score": 4.0})
            finally:
                patched.restore()
            self.assertIn("No space left on device; nothing was changed", answer)
            self.assertEqual(self.files(), [FILE])
            self.assertEqual(self.make().message.symbols, {"X": 3.0})
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    async def refused_unread(self, changes: Mapping[str, Any]) -> str:
        """As `refused`, while files cannot be looked at."""
        with self.assertRaises(Refused) as caught:
            await self.state.save(changes, "me")
        return str(caught.exception)

    async def test_short_writes(self) -> None:
        """All of it is written, however little at a time."""
        write = os.write
        self.patch(os, "write", lambda opened, data: write(opened, data[:7]))
        await self.state.save({"maps.m": BIG[:999]}, "me")
        self.assertEqual(self.make().maps(), {"m": BIG[:999]})

    async def test_folder_gone(self) -> None:
        self.folder.rmdir()
        answer = await self.refused_unread({"symbols.X.score": 4.0})
        self.assertIn("No such file or directory; nothing was changed", answer)

    async def test_link(self) -> None:
        """A link that somebody has put there is not written through."""
        os.symlink(self.folder.absolute() / "theirs", self.folder / (FILE + ".new"))
        answer = await self.refused_unread({"symbols.X.score": 4.0})
        self.assertIn("nothing was changed", answer)
        self.assertEqual(self.files(), [])
        await self.state.save({"symbols.X.score": 4.0}, "me")

    async def test_unsettled(self) -> None:
        """The file is in its place, only that is not on disk: it holds, and a line says so."""
        fsync, calls = os.fsync, []

        def fail_second(opened: int) -> None:
            calls.append(opened)
            if len(calls) == 2:
                raise OSError(errno.EIO, "Input/output error")
            fsync(opened)

        self.patch(os, "fsync", fail_second)
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    async def test_too_large(self) -> None:
        self.patch(saved_file, "MAX_FILE", 200)
        answer = await self.refused({"maps.m": BIG})
        self.assertIn("octets would be saved, expected at most 200", answer)


class WaitingTests(SavedCase):
    """Changes that take long, and those who do not wait for them."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.gates: list[Deferred[None]] = []
        self.state._reactor = self.clock

        def in_background(_reactor: object, work: Any) -> Deferred[None]:
            gate: Deferred[None] = Deferred()
            self.gates.append(gate)
            return gate.addCallback(lambda _: work())

        self.patch(module, "in_background", in_background)

    def save(self, score: float) -> Deferred[None]:
        return Deferred.fromCoroutine(self.state.save({"symbols.X.score": score}, "me"))

    def test_one_at_a_time(self) -> None:
        """A change begins with what the one before has left."""
        first, second = self.save(2.0), self.save(3.0)
        self.assertEqual(len(self.gates), 1)
        self.gates[0].callback(None)
        self.successResultOf(first)
        self.assertNoResult(second)
        self.gates[1].callback(None)
        self.successResultOf(second)
        self.assertEqual(self.state.rows()[0]["versions"], 2)

    def test_nobody_waits(self) -> None:
        """What is on its way to the disk is used, though whoever wanted it is gone."""
        saving = self.save(2.0)
        saving.cancel()
        self.failureResultOf(saving)
        self.gates[0].callback(None)
        self.assertEqual(self.messages[-1].symbols, {"X": 2.0})
        self.assertEqual(read_saved(str(self.folder)), self.state.history)

    def test_slow(self) -> None:
        saving = self.save(2.0)
        self.clock.advance(15)
        failure = self.failureResultOf(saving, Refused)
        self.assertEqual(str(failure.value), "not on disk after 15 s; it may still come")
        self.gates[0].callback(None)
        self.assertEqual(self.messages[-1].symbols, {"X": 2.0})

    def test_too_many(self) -> None:
        waiting = [self.save(float(at)) for at in range(MAX_CHANGES + 1)]
        self.assertIn("too many", str(self.failureResultOf(self.save(99.0), Refused).value))
        for at, _ in enumerate(waiting):
            self.gates[at].callback(None)
        for done in waiting:
            self.successResultOf(done)


KILLED = """
import os, sys
from mailfilter.app.saved_file import write_saved
from mailfilter.config.saved import Version
directory, at = sys.argv[1], int(sys.argv[2])
count = 0
def counted(name):
    call = getattr(os, name)
    def step(*given, **named):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), 9)
        return call(*given, **named)
    setattr(os, name, step)
write_saved(directory, {"maps.m": (Version(b"old", "a", 1.0),)})
for name in ("open", "write", "fsync", "close", "replace"):
    counted(name)
write_saved(directory, {"maps.m": (Version(b"new" * 99999, "a", 2.0),)})
print("done")
"""
"""Writes twice, and is killed at one step of the second time."""


class KilledTests(SavedCase):
    def test_each_step(self) -> None:
        """Killed at any moment, one of the two is there, and never a part."""
        found = []
        for at in range(1, 20):
            command = [sys.executable, "-c", KILLED, str(self.folder), str(at)]
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
            made = self.make()
            found.append(made.maps()["m"])
            if done.returncode == 0:
                break
            self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
            self.assertEqual(self.files(), [FILE])
        self.assertEqual(done.stdout, b"done\n")
        self.assertEqual([*self.alarms.raised], [])
        self.assertEqual({*found}, {b"old", b"new" * 99999})
        self.assertEqual(found, sorted(found, key=len))
