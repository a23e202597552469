"""docs/maps.md: its maps, its check and the test of it do what the page says."""

import re
import sys
from ipaddress import ip_address
from pathlib import Path

from click.testing import CliRunner
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.config import Loaded
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.plan import Plan
from mailfilter.scan.run import Scanner

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/maps.md").read_text("utf-8")

_BLOCK = re.compile(r"```\w*\n# (\S+)\n(.*?)```", re.DOTALL)


class PageTests(TestCase):
    """The files of the page, in a folder instead of /etc/mailfilter."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        for name, text in _BLOCK.findall(PAGE):
            path = self.folder / name.removeprefix("/etc/mailfilter/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("/etc/mailfilter", str(self.folder)), "utf-8")
        self.main = str(self.folder / "mailfilter.toml")

    def load(self) -> tuple[Loaded, Plan]:
        """The configuration, with its maps as they are in their files."""
        loaded, plan = load_all(self.main)
        for name, item in loaded.config.maps.items():
            plan.maps.give(name, Path(item.file).read_bytes())
        return loaded, plan

    async def scan(self, sender: str, ip: str) -> dict[str, tuple[str, ...]]:
        loaded, plan = self.load()
        scanner = Scanner(plan, loaded.config.scan, IReactorTime(reactor))
        envelope = Envelope(listener="test", sender=sender, client_ip=ip_address(ip))
        scan = scanner.scan(envelope, b"Subject: x\r\n\r\nText.\r\n")
        verdict = await Deferred.fromCoroutine(scan)
        return {item.name: tuple(item.options) for item in verdict.symbols}

    async def test_check(self) -> None:
        found = await self.scan("bob@a.example.net", "2001:db8::7")
        self.assertEqual(found["PARTNER"], ("Sample", "2001:db8::/48"))
        found = await self.scan("bob@a.example.net", "192.0.2.1")
        self.assertNotIn("PARTNER", found)

    def test_config_check(self) -> None:
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        arguments = ("config", "check", self.main)
        self.assertEqual(CliRunner().invoke(main, arguments, obj=knowledge).exit_code, 0)
        (self.folder / "maps/partner_networks.map").write_text("192.0.2.0/99\n")
        result = CliRunner().invoke(main, arguments, obj=knowledge)
        self.assertIn("maps/partner_networks.map:1: maps.partner_networks: ", result.stderr)

    async def test_test(self) -> None:
        """The test of the check runs beside it, and passes."""
        code = "from twisted.scripts.trial import run; run()"
        arguments = ["-c", code, "test_partner"]
        path = f"{self.folder}:{self.folder}/checks:{ROOT}"
        out, err, status = await getProcessOutputAndValue(
            sys.executable, arguments, {"PYTHONPATH": path}, path=str(self.folder)
        )
        self.assertEqual(status, 0, (out + err).decode())
        self.assertIn(b"PASSED (successes=2)", out)
