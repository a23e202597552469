"""Results of DMARC go from scans into the store if the configuration wants reports."""

from collections.abc import Sequence
from ipaddress import ip_address

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from mailfilter.app.engine import Engine
from mailfilter.scan.check import Check
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import AuthResult

from .test_local import LocalCase

RAW = b"Subject: hello\r\n\r\nbody\r\n"
ENVELOPE = Envelope("test", client_ip=ip_address("192.0.2.1"), sender="a@example.com")
SETTINGS = """
store.kind = "memory"
dmarc_reports.enabled = true
dmarc_reports.organization = "Example"
dmarc_reports.address = "reports@example.org"
"""


class Finds(Check):
    """Says that DMARC has passed."""

    name = "finds"

    def run(self, task: Task) -> Sequence[AuthResult]:
        """Say so."""
        facts = (("domain", "example.com"), ("rua", "mailto:a@example.com"), ("asked", "none"))
        properties = (("header.from", "example.com"),)
        return [AuthResult("dmarc", "pass", properties=properties, facts=facts)]


class EngineDmarcTests(LocalCase):
    """From a check to the store."""

    def engine(self, settings: str) -> Engine:
        loaded = self.draft(settings).loaded
        engine = Engine(
            reactor, loaded, build_plan(loaded.config, (Finds,)), self.fail, self.folder
        )
        engine.open()
        return engine

    async def test_stored(self) -> None:
        """At the end of the engine at the latest."""
        engine = self.engine(SETTINGS)
        await Deferred.fromCoroutine(engine.scanner.scan(ENVELOPE, RAW))
        self.assertEqual(engine.report().gauges["dmarc_waiting"], 1)
        await engine.close()
        self.assertEqual(engine.report().gauges["dmarc_waiting"], 0)
        self.assertNotIn("dmarc/dropped", engine.report().counters)

    async def test_not_wanted(self) -> None:
        engine = self.engine('store.kind = "memory"')
        await Deferred.fromCoroutine(engine.scanner.scan(ENVELOPE, RAW))
        self.assertEqual(engine.report().gauges["dmarc_waiting"], 0)
        await engine.close()
