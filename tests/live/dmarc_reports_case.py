"""Commands that send aggregate reports, over a store with rows of yesterday, to a sink."""

import json
import os
import subprocess
import sys
import time
from threading import Event
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import DAY, Batch, Counted, DayBook, day_of
from mailfilter.report.dmarc_row import PublishedPolicy, encoded
from mailfilter.store.base import Store
from tests.report.case_dmarc import make_row

from . import peers
from .harness import ADM
from .processes import private_directory, wait_until
from .sink import Sink
from .zone_server import ZoneServer

ZONE = """
example.com._report._dmarc.agreed.example  TXT  "v=DMARC1;"
"""
SETTINGS = """
[dns]
servers = ["{dns}"]

[dmarc_reports]
enabled = true
organization = "Example Org"
address = "{address}"
smtp_port = {port}
helo = "filter.example.org"
"""


class ReportCase(TestCase):
    """`where` is the part of the configuration that says which store."""

    timeout = 120
    where = ""
    address = "reports@example.org"
    store: Store

    async def open_store(self) -> Store:
        """The store, open; its part of the configuration is in `where` then."""
        raise NotImplementedError

    def setUp(self) -> Any:
        """Start what is needed."""
        return Deferred.fromCoroutine(self.begin())

    async def begin(self) -> None:
        """The rest of `setUp`."""
        self.home = private_directory()
        self.config = self.home / "mailfilter.toml"
        self.dns = ZoneServer(ZONE)
        self.addCleanup(self.dns.stop)
        self.sink = Sink()
        self.store = await self.open_store()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.store.close()))
        self.configure()

    def configure(self, sink: Sink | None = None, port: int = 0, more: str = "") -> None:
        """Write the configuration; reports go to another sink or port than ours."""
        port = port or (sink or self.sink).port
        told = SETTINGS.format(dns=self.dns.address, port=port, address=self.address)
        self.config.write_text(self.where + told + more)

    async def add(self, domain: str = "example.com", rua: str = "") -> None:
        """Rows of yesterday."""
        now = time.time()
        rows = {encoded(make_row(n, header_from=domain)): Counted(n, 1) for n in (1, 2, 3)}
        policy = PublishedPolicy(domain, rua or f"mailto:dmarc@{domain}")
        await DayBook(self.store, DmarcReports()).add(Batch(day_of(now - DAY), policy, rows), now)

    def hold(self) -> None:
        """The sink takes messages and does not say so."""
        let_go = Event()
        self.addCleanup(let_go.set)

        def wait() -> None:
            let_go.wait(60)

        self.sink.hold(wait)

    async def arrived(self, recipient: str) -> None:
        """When the sink has a message to somebody."""

        def look() -> bool:
            return bool(self.sink.to(recipient))

        await deferToThread(wait_until, look, "the report")

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a command."""
        where = ["--config", str(self.config), "--state-dir", str(self.home)]
        return subprocess.Popen(
            [sys.executable, "-c", ADM, "dmarc", *words, *where],
            cwd=peers.CHECKOUT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def finish(self, process: "subprocess.Popen[str]") -> tuple[int, str, str]:
        """Exit status, and what it has printed."""
        out, err = await deferToThread(process.communicate, timeout=60)
        return process.returncode, out, err

    async def run_it(self, *words: str) -> tuple[int, list[tuple[str, str]]]:
        """Exit status of a command, and address and state of each outcome."""
        status, out, err = await self.finish(self.start("report", "--json", *words))
        self.assertEqual(err, "")
        outcomes: list[dict[str, Any]] = json.loads(out)
        return status, [(item["address"], item["state"]) for item in outcomes]
