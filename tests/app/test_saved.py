"""What is saved: who may save what, and who is told."""

import stat
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from mailfilter.app import saved as module
from mailfilter.app.saved import MAX_CHANGES
from mailfilter.app.saved_rules import Rules
from mailfilter.config import Config
from mailfilter.config.model import Actions
from mailfilter.config.saved import FILE, read_saved
from mailfilter.servers.services import Refused
from tests.app.saved_case import BIG, NOW, SavedCase


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
        # It is not told whole.
        (row,) = (row for row in self.state.rows() if row["key"] == "maps.m")
        self.assertEqual(row["value"], {"octets": 10240})
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
