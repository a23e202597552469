"""A generation in the master's process, and the engine it has: how they end."""

import os
import threading
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mailfilter.app import local as module
from mailfilter.app.engine import Engine
from mailfilter.app.hub import Hub
from mailfilter.app.local import LocalGeneration
from mailfilter.app.plan import Draft, draft
from mailfilter.codec.control import Credentials, ReopenLog, Report, Saved
from mailfilter.report.alarms import Alarms
from mailfilter.report.history_row import HISTORY
from mailfilter.scan.plan import build_plan
from mailfilter.scan.verdict import Action
from mailfilter.store.base import HistoryFind
from mailfilter.store.errors import Unavailable
from tests.report.history_case import ENVELOPE, VERDICT


class BuryingHub(Hub):
    """Counts the reports of the dead."""

    def __init__(self, state_dir: str) -> None:
        super().__init__(Alarms(), state_dir)
        self.buried: list[Report | None] = []

    def bury(self, report: Report | None) -> None:
        self.buried.append(report)
        super().bury(report)


class LocalCase(TestCase):
    """A configuration in a folder of its own."""

    def draft(self, text: str = "") -> Draft:
        """The configuration of one process that listens nowhere."""
        self.folder = os.path.abspath(self.mktemp())
        os.makedirs(os.path.join(self.folder, "state"))
        path = os.path.join(self.folder, "m.toml")
        off = "\n".join(
            f"[listeners.{name}]\nenabled = false"
            for name in ("milter", "scan", "spamd", "controller")
        )
        with open(path, "w") as file:
            file.write(f"{text}\n[server]\nworkers = 1\nwatchdog = '0s'\n{off}\n")
            # None is about rules, which take seconds to compile.
            file.write("[rules]\nbuilt_in = false\n")
        return draft(path)

    def threads(self) -> list[str]:
        """Those of stores."""
        return [item.name for item in threading.enumerate() if item.name.startswith("store-")]

    async def turn(self, seconds: float = 0.02) -> None:
        """Let the reactor turn."""
        await deferLater(reactor, seconds)

    async def until(self, condition: Any) -> None:
        """Wait for something."""
        for _ in range(500):
            if condition():
                return
            await self.turn()
        self.fail("it did not become true")


class LocalTests(LocalCase):
    """How a generation ends."""

    async def start(self, text: str = "") -> LocalGeneration:
        """One that has begun, with a store that is open."""
        made = self.draft(text)
        # It is about a process that does nothing else.
        self.patch(module, "settle", lambda: None)
        self.hub = BuryingHub(os.path.join(self.folder, "state"))
        local = LocalGeneration(reactor, self.hub, 1, made, {})
        await local.start(is_strict=False)
        local.serve()
        await self.until(self.threads)
        return local

    async def test_drained_twice(self) -> None:
        """A stop during the drain of a reload: both wait, what was counted is counted once."""
        local = await self.start()
        first = local.drain(is_stop=False, seconds=5)
        second = local.drain(is_stop=True, seconds=5)
        await first
        await second
        self.assertEqual(len(self.hub.buried), 1)
        await self.until(lambda: not self.threads())

    async def test_killed(self) -> None:
        """One that is abandoned lets go of the store."""
        local = await self.start()
        local.kill()
        await self.until(lambda: not self.threads())
        await self.until(lambda: len(self.hub.buried) == 1)

    async def test_credentials(self) -> None:
        """New ones go to those who accept."""
        local = await self.start()
        renewed: list[Credentials] = []
        assert local._engine is not None
        self.patch(local._engine.serving, "renew", renewed.append)
        local.tell(ReopenLog())
        local.tell(Credentials())
        self.assertEqual(renewed, [Credentials()])
        await local.drain(is_stop=True, seconds=0)
        local.tell(Credentials())
        self.assertEqual(len(renewed), 1)

    async def test_saved(self) -> None:
        """What is saved when it begins, and later, holds; the configuration's scores are told."""
        made = self.draft("[symbols.MISSING_FROM]\nscore = 3.5")
        self.patch(module, "settle", lambda: None)
        hub = BuryingHub(os.path.join(self.folder, "state"))
        hub.saved = Saved(number=1, symbols={"MISSING_FROM": 4.5}, actions={"reject": None})
        local = LocalGeneration(reactor, hub, 1, made, {})
        await local.start(is_strict=False)
        engine = local._engine
        assert engine is not None
        self.assertEqual(local.scores["MISSING_FROM"], 3.5)
        self.assertEqual(engine.plan.symbols["MISSING_FROM"].score, 4.5)
        self.assertNotIn(Action.REJECT, engine.plan.profiles.thresholds)
        self.assertIs(engine.desk, hub.desk)
        local.tell(Saved(number=2))
        self.assertEqual(engine.plan.symbols["MISSING_FROM"].score, 3.5)
        self.assertEqual(engine.plan.profiles.thresholds[Action.REJECT], 15.0)
        await local.drain(is_stop=True, seconds=0)
        local.tell(Saved(number=3))

    async def test_refusals(self) -> None:
        """They are said by the same one as those of other generations."""
        listener = '[listeners.far]\nprotocol = "http"\nendpoint = "tcp:1:interface=127.0.0.1"\n'
        local = await self.start(listener)
        assert local._engine is not None
        (factory,) = local._engine.serving.factories.values()
        self.assertEqual(factory.refusals.tell, self.hub.refusals.tell)
        await local.drain(is_stop=True, seconds=0)


class EngineTests(LocalCase):
    """How an engine ends."""

    def engine(self, text: str = '[store]\nkind = "memory"') -> Engine:
        """One that is open."""
        loaded = self.draft(text).loaded
        engine = Engine(reactor, loaded, build_plan(loaded.config, ()), self.fail, self.folder)
        engine.open()
        return engine

    async def test_closed_twice(self) -> None:
        """What is left is stored once, and then the store is closed."""
        engine = self.engine()
        for observer in engine.scanner._observers:
            observer(ENVELOPE, VERDICT)
        first = Deferred.fromCoroutine(engine.close())
        second = Deferred.fromCoroutine(engine.close())
        await first
        await second
        with self.assertRaises(Unavailable):
            await engine.store.do(HistoryFind(HISTORY))
        engine.store.open()
        self.assertEqual(len((await engine.store.do(HistoryFind(HISTORY))).rows), 1)

    async def test_recorder_fails(self) -> None:
        """The store is closed in any case."""
        engine = self.engine()

        async def fail(seconds: float) -> None:
            raise ZeroDivisionError

        self.patch(engine._recorder, "stop", fail)
        await engine.close()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        with self.assertRaises(Unavailable):
            await engine.store.do(HistoryFind(HISTORY))

    async def test_no_history(self) -> None:
        """Switched off, nobody remembers."""
        engine = self.engine('[store]\nkind = "memory"\n[history]\nenabled = false')
        for observer in engine.scanner._observers:
            observer(ENVELOPE, VERDICT)
        await engine.close()
        engine.store.open()
        self.assertEqual((await engine.store.do(HistoryFind(HISTORY))).rows, [])
