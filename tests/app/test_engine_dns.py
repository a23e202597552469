"""Checks ask DNS by the resolver of their process."""

import os
from collections.abc import Sequence
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from mailfilter.app import local as module
from mailfilter.app.engine import Engine
from mailfilter.app.hub import Hub
from mailfilter.app.local import LocalGeneration
from mailfilter.app.worker import build_engine
from mailfilter.codec.control import Boot, File
from mailfilter.codec.dns_answer import DnsFailure, Kind, Question
from mailfilter.net.servers import Server, dns_servers
from mailfilter.report.alarms import Alarms
from mailfilter.scan.check import Check, Hit, Symbol
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.task import Task
from tests.net.case import asks
from tests.net.dns_server import DnsServer

from .test_local import LocalCase

RAW = b"Subject: hello\r\n\r\nbody\r\n"
SERVER = "192.0.2.53:5353"


class Asks(Check):
    """Says which address a name has."""

    name = "asks"
    symbols = {"ADDRESS": Symbol(0.0, "test", "Has an address.")}

    async def run(self, task: Task) -> Sequence[Hit]:
        """Ask."""
        answer = await task.lookups.for_check(self.name).ask(Question("a.example", Kind.A))
        return [Hit("ADDRESS", options=tuple(map(str, answer.records)))]


class EngineDnsTests(LocalCase):
    """From the configuration to a check, and back to the figures."""

    async def test_asked(self) -> None:
        """A check is answered, which is counted; the end of the engine is that of the resolver."""
        server = DnsServer()
        server.listen()
        self.addCleanup(lambda: Deferred.fromCoroutine(server.close()))
        server.add("a.example. 60 A 192.0.2.1")
        loaded = self.draft('store.kind = "memory"').loaded
        engine = Engine(
            reactor,
            loaded,
            build_plan(loaded.config, (Asks,)),
            self.fail,
            self.folder,
            dns_servers=[server.server],
        )
        engine.open()
        for _ in range(2):
            verdict = await Deferred.fromCoroutine(engine.scanner.scan(Envelope("test"), RAW))
            self.assertEqual([item.options for item in verdict.symbols], [("192.0.2.1",)])
        report = engine.report()
        self.assertEqual(report.counters["dns/queries"], 1)
        self.assertEqual(report.counters["dns/cache_hits"], 1)
        self.assertEqual(sum(report.histograms["dns_seconds"].counts), 1)
        self.assertEqual(report.gauges[f"dns_down/{server.server}"], 0)
        await engine.close()
        assert engine.resolver is not None
        with self.assertRaises(DnsFailure):
            await asks(engine.resolver, "b.example")

    async def test_without(self) -> None:
        """An engine without servers asks nobody."""
        loaded = self.draft('store.kind = "memory"').loaded
        engine = Engine(reactor, loaded, build_plan(loaded.config, (Asks,)), self.fail, self.folder)
        engine.open()
        verdict = await Deferred.fromCoroutine(engine.scanner.scan(Envelope("test"), RAW))
        self.assertEqual([item.name for item in verdict.symbols], ["ASKS_FAIL"])
        self.assertEqual(len(self.flushLoggedErrors(DnsFailure)), 1)
        self.assertNotIn("dns/queries", engine.report().counters)
        await engine.close()

    async def test_one_process(self) -> None:
        """A process that does everything has those of the configuration."""
        made = self.draft(f'store.kind = "memory"\ndns.servers = ["{SERVER}"]')
        self.patch(module, "settle", lambda: None)
        hub = Hub(Alarms(), os.path.join(self.folder, "state"))
        local = LocalGeneration(reactor, hub, 1, made, {})
        await local.start(is_strict=False)
        self.assert_servers(local._engine)
        await local.drain(is_stop=True, seconds=0)

    async def test_worker(self) -> None:
        """So has a worker."""
        made = self.draft(f'store.kind = "memory"\ndns.servers = ["{SERVER}"]')
        sources = made.loaded.sources
        files = tuple(File(each.file, each.data, each.mode, each.gid) for each in sources.files)
        boot = Boot(
            generation=1,
            place=0,
            seconds=10.0,
            state_dir=self.folder,
            config=sources.path,
            directory=sources.directory,
            files=files,
            checks=(),
            sockets=(),
            is_strict=False,
            log="-",
        )
        engine = build_engine(reactor, boot, Alarms())
        self.assert_servers(engine)
        await engine.close()

    async def test_reload(self) -> None:
        """Each generation asks those that the machine has when it starts."""
        made = self.draft('store.kind = "memory"')
        resolv_conf = Path(self.folder, "resolv.conf")
        self.patch(dns_servers, "__defaults__", (resolv_conf,))
        self.patch(module, "settle", lambda: None)
        hub = Hub(Alarms(), os.path.join(self.folder, "state"))
        for number, host in enumerate(("192.0.2.1", "192.0.2.2"), 1):
            _name(resolv_conf, host)
            local = LocalGeneration(reactor, hub, number, made, {})
            await local.start(is_strict=False)
            engine = local._engine
            assert engine is not None and engine.resolver is not None
            self.assertEqual(engine.resolver.servers, (Server(host),))
            await local.drain(is_stop=True, seconds=0)

    def assert_servers(self, engine: Engine | None) -> None:
        """They are those of the configuration."""
        assert engine is not None and engine.resolver is not None
        self.assertEqual(engine.resolver.servers, (Server("192.0.2.53", 5353),))


def _name(resolv_conf: Path, host: str) -> None:
    resolv_conf.write_text(f"nameserver {host}\n")
