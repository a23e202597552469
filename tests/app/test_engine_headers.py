"""The configuration of header fields reaches every message that is scanned."""

from ipaddress import ip_address
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.app.engine import Engine
from mailfilter.config import load
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import build_plan
from mailfilter.scan.verdict import AddHeader, Edit, RemoveHeader

RAW = b"Subject: hello\r\n\r\nbody\r\n"
NEAR = Envelope("test", client_ip=ip_address("192.0.2.1"))
FAR = Envelope("test", client_ip=ip_address("198.51.100.1"))


class EngineHeaderTests(TestCase):
    """What a scan of an engine asks for."""

    def engine(self, text: str) -> Engine:
        """One that is open, with that configuration."""
        path = Path(self.mktemp())
        path.write_text(f'store.kind = "memory"\n{text}')
        loaded = load(str(path))
        plan = build_plan(loaded.config, ())
        engine = Engine(reactor, loaded, plan, self.fail, self.mktemp())
        engine.open()
        return engine

    async def edits(self, envelope: Envelope, text: str = "") -> tuple[Edit, ...]:
        """Edits of one message, with that configuration."""
        engine = self.engine(text)
        try:
            verdict = await Deferred.fromCoroutine(engine.scanner.scan(envelope, RAW))
        finally:
            await engine.close()
        return verdict.edits

    async def test_default(self) -> None:
        """Nothing but others' X-Spam goes."""
        self.assertEqual(await self.edits(FAR), (RemoveHeader("X-Spam"),))

    async def test_settings(self) -> None:
        """Routines run, and local networks are those of the scan."""
        text = '[scan]\nlocal_networks = ["192.0.2.0/24"]\n[headers]\nuse = ["x-spam-status"]\n'
        removed = (RemoveHeader("X-Spam-Status"), RemoveHeader("X-Spam"))
        self.assertEqual(await self.edits(NEAR, text), removed)
        written = AddHeader("X-Spam-Status", "No, score=0.00")
        self.assertEqual(await self.edits(FAR, text), (*removed, written))
