"""Rules in the processes that scan."""

import os
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from mailfilter.app import local as module
from mailfilter.app.boot import make_boot
from mailfilter.app.engine import Engine
from mailfilter.app.hub import Hub
from mailfilter.app.local import LocalGeneration
from mailfilter.app.plan import Draft, draft
from mailfilter.app.worker import build_engine
from mailfilter.codec.control import Credentials
from mailfilter.report.alarms import Alarms
from mailfilter.rules.budget import MAX_OVERRUNS
from mailfilter.rules.check import RulesCheck
from mailfilter.scan.envelope import Envelope
from mailfilter.testing.messages import make_message
from tests.config.case import ConfigCase

from .test_plan import CHECK
from .test_rules import OWN, PYTHON, RULE

FINDS = "from mailfilter.scan.check import Hit; return [Hit('CLASS')]"


class EngineRulesTests(ConfigCase, TestCase):
    """The operator's rules reach whoever scans."""

    def setUp(self) -> None:
        """A configuration with rules of all kinds."""
        super().setUp()
        self.patch(module, "settle", lambda: None)
        self.write("rules.d/a.toml", RULE)
        self.write("rules.d/b.py", PYTHON)
        self.write("rules.d/c.py", CHECK.replace("OURS", "CLASS").replace("return ()", FINDS))
        # Those of the package would be compiled for each test.
        self.path = self.write("m.toml", OWN)
        self.alarms = Alarms()
        self.hub = Hub(self.alarms, os.path.join(self.folder, "state"))

    def worker(self, made: Draft) -> Engine:
        """What a worker has that is told what the master has read."""
        boot = make_boot(
            made,
            generation=1,
            place=0,
            sockets=(),
            hub=self.hub,
            is_strict=False,
            credentials=Credentials(),
            maps=(),
        )
        return build_engine(reactor, boot, self.alarms)

    async def found(self, engine: Engine) -> set[str]:
        """The symbols of ours that fire there."""
        message = make_message(subject="self-test")
        verdict = await engine.scanner.scan(Envelope(listener="test"), message)
        return {one.name for one in verdict.symbols} & {"MINE", "OURS", "NEW", "CLASS"}

    def kept(self) -> int:
        """How many files of compiled rules there are."""
        return len(list(Path(self.folder).glob("state/rules/*.rules")))

    async def test_worker(self) -> None:
        """A worker has the rules that the master has read, and keeps what it compiles."""
        made = draft(self.path)
        self.write("rules.d/a.toml", RULE.replace("MINE", "NEW"))
        before = self.worker(made)
        self.assertEqual(await self.found(before), {"MINE", "OURS", "CLASS"})
        self.assertEqual(self.kept(), 1)
        # As at a reload: the next one has other rules, while this one still serves.
        after = self.worker(draft(self.path))
        self.assertEqual(await self.found(after), {"NEW", "OURS", "CLASS"})
        self.assertEqual(await self.found(before), {"MINE", "OURS", "CLASS"})
        for engine in (before, after):
            await engine.close()

    async def test_one_process(self) -> None:
        """So has a process that does everything; broken rules are warnings of its start."""
        self.write("rules.d/d.toml", RULE.replace("MINE", "BAD").replace("self-test", "["))
        local = LocalGeneration(reactor, self.hub, 1, draft(self.path), {})
        warnings = await local.start(is_strict=False)
        self.assertEqual(len(warnings), 1)
        self.assertIn("rules.d/d.toml:7: BAD: no expression: ", warnings[0])
        assert local._engine is not None
        self.assertEqual(await self.found(local._engine), {"MINE", "OURS", "CLASS"})
        await local.drain(is_stop=True, seconds=0)

    async def test_alarm(self) -> None:
        """That a rule is switched off is an alarm."""
        engine = self.worker(draft(self.path))
        (check,) = (step.check for step in engine.plan.steps if isinstance(step.check, RulesCheck))
        for _ in range(MAX_OVERRUNS):
            check.budget.overrun("OURS", "b.py:5")
        self.assertEqual(await self.found(engine), {"MINE", "CLASS"})
        (raised,) = self.alarms.raised
        self.assertIn("rule OURS (b.py:5) took more than 20 ms", raised.text)
        self.flushLoggedErrors()
        await engine.close()
