"""What controllers ask of the master, in its process and over a channel in memory."""

import os
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.app.desk import (
    CHANGE_SECONDS,
    LOOK_SECONDS,
    MAX_WAITING,
    PAGE_SECONDS,
    MasterDesk,
    RemoteDesk,
    answer,
)
from mailfilter.app.errors_ring import ErrorsRing
from mailfilter.app.hub import Hub
from mailfilter.app.map_keeper import MapKeeper
from mailfilter.app.saved import SavedState
from mailfilter.app.saved_rules import Rules
from mailfilter.codec.control import Ask, ControlError, Message, Told
from mailfilter.config import Config, Loaded
from mailfilter.report.alarms import Alarms
from mailfilter.servers.services import Desk, Refused
from mailfilter.testing.fake_desk import FakeDesk


class MasterTests(TestCase):
    """The desk in the master's process."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.counters = {"scans": 3}
        self.looks = 0
        maps = MapKeeper(self.clock, Hub(Alarms(), "/nowhere"), dict, lambda _: None)
        self.ring = ErrorsRing()
        self.saved = SavedState(reactor, self.mktemp(), Alarms(), lambda: 1_800_000_000.0)
        self.desk = MasterDesk(self.clock, self.look, self.saved, maps, self.ring)

    def look(self) -> dict[str, Any]:
        self.looks += 1
        return {"version": "1", "counters": dict(self.counters)}

    def ask(self, name: str, *arguments: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(getattr(self.desk, name)(*arguments)))

    def test_status(self) -> None:
        """One page serves those who ask at the same time."""
        for _ in range(9):
            self.assertEqual(self.ask("status")["counters"], {"scans": 3})
        self.assertEqual(self.looks, 1)
        self.counters["scans"] = 4
        self.clock.advance(PAGE_SECONDS)
        self.assertEqual(self.ask("status")["counters"], {"scans": 4})

    def test_reset(self) -> None:
        """Totals begin anew at the figures of that moment, the status goes on."""
        self.ask("status")
        self.counters["scans"] = 5
        self.ask("reset", "somebody")
        self.assertEqual(self.ask("totals"), {"version": "1", "counters": {"scans": 0}})
        self.counters |= {"scans": 7, "symbol/X": 1}
        self.clock.advance(PAGE_SECONDS)
        self.assertEqual(self.ask("totals")["counters"], {"scans": 2, "symbol/X": 1})
        self.assertEqual(self.ask("status")["counters"], {"scans": 7, "symbol/X": 1})

    async def test_saved(self) -> None:
        """Saved over the configuration, and shown as such."""
        self.mkdir()
        rules = Rules(Loaded(Config(), {}, None, "/"), {"X": 1.0})
        self.saved.adopt(rules)
        self.ask_nothing()
        await self.desk.save({"actions.reject": 20, "symbols.X.score": 2.5}, "me")
        (reject, score) = await self.desk.saved()
        self.assertEqual((reject["key"], reject["value"]), ("actions.reject", 20.0))
        self.assertEqual((score["configured"], score["by"]), (1.0, "me"))
        rows = {row["key"]: row for row in await self.desk.configuration()}
        by = "saved by me, 2027-01-15T08:00:00Z"
        for key, value, origin, is_saved in (
            ("actions.reject", "20.0", by, True),
            ("symbols.X.score", "2.5", by, True),
            ("actions.add_header", "6.0", "default", False),
        ):
            row = {"key": key, "value": value, "origin": origin, "is_saved": is_saved}
            self.assertEqual(rows[key], row)
        await self.desk.undo(["actions.reject", "symbols.X.score"], "me")
        self.ask_nothing()

    def mkdir(self) -> None:
        """The state directory."""
        os.mkdir(self.saved._directory)

    def ask_nothing(self) -> None:
        """Nothing is saved."""
        self.assertEqual(self.ask("saved"), [])
        rows = [row for row in self.ask("configuration") if row["is_saved"]]
        self.assertEqual(rows, [])

    def test_errors(self) -> None:
        log = Logger(observer=self.ring, namespace="there")
        log.error("one {thing}", thing="broke")
        (row,) = self.ask("errors")
        self.assertEqual((row["message"], row["module"]), ("one broke", "there"))


class BrokenDesk(FakeDesk):
    """Has a mistake in it."""

    async def status(self) -> dict[str, Any]:
        raise KeyError("workers")


class RemoteTests(SynchronousTestCase):
    """The desk in a worker."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[Message] = []
        self.desk = RemoteDesk(self.clock, self.sent.append)
        self.master = FakeDesk()

    def ask(self, name: str, *arguments: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(getattr(self.desk, name)(*arguments))

    def reply(self, desk: Desk | None = None) -> None:
        """Have the master answer all that it was asked."""
        sent, self.sent[:] = list(self.sent), []
        for message in sent:
            assert isinstance(message, Ask)
            coming = Deferred.fromCoroutine(answer(desk or self.master, message))
            self.desk.hear(self.successResultOf(coming))

    def refusal(self, asked: Deferred[Any]) -> str:
        return str(self.failureResultOf(asked, Refused).value)

    def test_looks(self) -> None:
        self.master.logged = [{"pid": 1}]
        self.master.kept = [{"key": "maps.m", "value": b"\xff"}]
        self.master.keys = [{"key": "scan.timeout"}]
        for name, expected in (
            ("status", self.master.page),
            ("totals", self.master.page),
            ("errors", self.master.logged),
            ("saved", self.master.kept),
            ("configuration", self.master.keys),
        ):
            asked = self.ask(name)
            self.assertNoResult(asked)
            self.reply()
            self.assertEqual(self.successResultOf(asked), expected)

    def test_changes(self) -> None:
        changes = {"actions.reject": None, "symbols.X.score": 2.5, "maps.m": b"\xff"}
        asked = [
            self.ask("reset", "a"),
            self.ask("save", changes, "b"),
            self.ask("undo", ("maps.m",), "c"),
        ]
        self.reply()
        self.assertEqual([self.successResultOf(item) for item in asked], [None] * 3)
        told = [("reset", "a"), ("save", changes, "b"), ("undo", ("maps.m",), "c")]
        self.assertEqual(self.master.told, told)

    def test_order(self) -> None:
        """Answers find their questions in any order."""
        first, second = self.ask("status"), self.ask("errors")
        self.sent.reverse()
        self.reply()
        self.assertEqual(self.successResultOf(first), self.master.page)
        self.assertEqual(self.successResultOf(second), [])

    def test_refused(self) -> None:
        self.master.refusal = "not today"
        asked = self.ask("save", {}, "me")
        self.reply()
        self.assertEqual(self.refusal(asked), "not today")

    def test_mistake(self) -> None:
        """A mistake of the master's is told, and costs nothing else."""
        asked = self.ask("status")
        self.reply(BrokenDesk())
        self.assertIn("KeyError", self.refusal(asked))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_unknown(self) -> None:
        """Questions that are none are answered, too."""
        for ask in (
            Ask(number=7, topic="weather"),
            Ask(number=7, topic="save", value=b"\xc1"),
            Ask(number=7, topic="save", value=b"\x81\xa1k\x90"),
            Ask(number=7, topic="undo", value=b"\xa1k"),
        ):
            told = self.successResultOf(Deferred.fromCoroutine(answer(self.master, ask)))
            self.assertEqual(told.number, 7)
            self.assertTrue(told.error)
        self.assertEqual(self.master.told, [])
        self.flushLoggedErrors()

    def test_silence(self) -> None:
        """A master that does not answer is waited for so long; then its answer is too late."""
        looked, changed = self.ask("status"), self.ask("undo", [], "me")
        self.clock.advance(LOOK_SECONDS)
        self.assertEqual(self.refusal(looked), "the master has not answered for 5 s")
        self.assertNoResult(changed)
        self.clock.advance(CHANGE_SECONDS - LOOK_SECONDS)
        self.assertEqual(self.refusal(changed), "the master has not answered for 20 s")
        self.reply()

    def test_cancelled(self) -> None:
        """Who asked may be gone before the answer."""
        asked = self.ask("status")
        asked.cancel()
        self.failureResultOf(asked)
        self.reply()

    def test_too_much(self) -> None:
        waiting = [self.ask("status") for _ in range(MAX_WAITING)]
        self.assertIn("too much", self.refusal(self.ask("status")))
        self.reply()
        for asked in waiting:
            self.successResultOf(asked)
        self.assertNoResult(self.ask("status"))

    def test_gone(self) -> None:
        """Those who wait are told, and those who come later."""
        asked = self.ask("status")
        self.desk.lose()
        self.assertEqual(self.refusal(asked), "the master has ended")
        self.assertEqual(self.refusal(self.ask("status")), "the master has ended")
        self.desk.hear(Told(number=1))

    def test_too_large(self) -> None:
        """What no frame holds is refused, and is not waited for."""

        def refuse(_message: Message) -> None:
            raise ControlError("a message of 200 octets, expected at most 100")

        self.desk = RemoteDesk(self.clock, refuse)
        self.assertIn("200 octets", self.refusal(self.ask("save", {}, "me")))
        self.assertEqual(self.clock.getDelayedCalls(), [])
