"""`mailfilteradm dmarc`: reports that are sent, listed and shown from the command line."""

import json
import time
from typing import Any
from xml.etree import ElementTree

from click.testing import Result
from twisted.internet.defer import Deferred

from mailfilter.client import dmarc as module
from mailfilter.client import smtp
from mailfilter.client.sending import Mta, SendError
from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import DAY, Batch, Counted, DayBook, begin_of, day_of
from mailfilter.report.dmarc_row import PublishedPolicy, encoded
from mailfilter.testing.fake_dns import FakeDns
from tests.report.case_dmarc import make_row
from tests.report.dmarc_schema import problems

from .store_case import StoreCommandCase

NOW = time.time()
TODAY, YESTERDAY = day_of(NOW), day_of(NOW - DAY)
CONFIG = """
[dmarc_reports]
enabled = true
organization = "Example"
address = "reports@example.org"
smtp_host = "mta.example"
helo = "filter.example.org"
"""


class FakeResolver(FakeDns):
    """In place of the resolver."""

    closed = 0

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class DmarcCommandTests(StoreCommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.resolver = FakeResolver()
        self.sent: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self.now = begin_of(TODAY) + 3600.0
        self.patch(module, "Resolver", lambda *_arguments: self.resolver)
        self.patch(smtp, "send", self.send)
        self.patch(time, "time", lambda: self.now)

    async def send(
        self, _reactor: Any, mta: Mta, sender: str, recipient: str, _message: bytes
    ) -> str:
        self.assertEqual(mta, Mta("mta.example", 25, "filter.example.org"))
        if self.error is not None:
            raise self.error
        self.sent.append((sender, recipient))
        return "250 queued"

    def add(self, day: str = YESTERDAY, domain: str = "example.com", accepted: int = 1) -> None:
        rows = {encoded(make_row(1)): Counted(3, accepted)}
        batch = Batch(day, PublishedPolicy(domain, f"mailto:a@{domain}"), rows)
        book = DayBook(self.store, DmarcReports())
        self.successResultOf(Deferred.fromCoroutine(book.add(batch, self.now)))

    def run_it(self, *words: str, config: str = CONFIG) -> Result:
        return self.run_main("dmarc", *words, config=config)

    def test_sent(self) -> None:
        self.add()
        self.add(TODAY)
        result = self.run_it("report")
        self.assertEqual((result.exit_code, result.stderr), (0, ""))
        self.assertEqual(
            result.stdout,
            f"{YESTERDAY} example.com to a@example.com: sent (3 messages): 250 queued\n",
        )
        self.assertEqual(self.sent, [("reports@example.org", "a@example.com")])
        result = self.run_it("report", "--json")
        self.assertEqual(
            json.loads(result.stdout),
            [
                {
                    "day": YESTERDAY,
                    "domain": "example.com",
                    "address": "a@example.com",
                    "state": "sent before",
                    "text": "250 queued",
                    "messages": 3,
                    "rows": 1,
                }
            ],
        )
        self.assertEqual(self.resolver.closed, 2)

    def test_not_enabled(self) -> None:
        """Who turns reports off sends none, of what is still remembered neither."""
        self.add()
        config = CONFIG.replace("enabled = true", "enabled = false")
        result = self.run_it("report", config=config)
        self.assertEqual((result.exit_code, self.sent), (1, []))
        self.assertIn("dmarc_reports.enabled is false", result.stderr)
        self.assertEqual(self.run_it("report", "--dry-run", config=config).exit_code, 0)

    def test_nothing(self) -> None:
        result = self.run_it("report")
        self.assertEqual((result.exit_code, result.stdout), (0, "nothing is to be reported\n"))
        self.assertEqual(self.run_it("report", "--json").stdout, "[]\n")

    def test_chosen(self) -> None:
        for domain in ("example.com", "example.net", "example.org"):
            self.add(domain=domain)
        result = self.run_it("report", "--domain", "Example.NET", "--date", YESTERDAY)
        self.assertEqual(self.sent, [("reports@example.org", "a@example.net")])
        self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_dry(self) -> None:
        """Also of a day that is not over."""
        self.add(TODAY)
        result = self.run_it("report", "--dry-run", "--date", TODAY)
        self.assertEqual(result.exit_code, 0)
        self.assertIn("a@example.com: would send (3 messages): ", result.stdout)
        self.assertEqual(self.sent, [])

    def test_not_over(self) -> None:
        self.add(TODAY)
        result = self.run_it("report", "--date", TODAY)
        self.assertEqual((result.exit_code, result.stdout, self.sent), (1, "", []))
        self.assertIn("is not over", result.stderr)

    def test_failed(self) -> None:
        self.add()
        self.error = SendError("mta.example:25: 450 later\x1b[2J")
        result = self.run_it("report")
        self.assertEqual((result.exit_code, result.stderr), (1, ""))
        self.assertIn("failed: mta.example:25: 450 later\\x1b[2J\n", result.stdout)

    def test_skipped(self) -> None:
        """Nothing is wrong then."""
        self.add(domain="spam.example", accepted=0)
        result = self.run_it("report")
        self.assertEqual(result.exit_code, 0)
        self.assertEqual(
            result.stdout,
            f"{YESTERDAY} spam.example: skipped: no message of it was accepted\n",
        )

    def test_settings(self) -> None:
        """Who reports must be told."""
        result = self.run_it("report", config="")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("dmarc_reports.address is not set", result.stderr)

    def test_bad_dates(self) -> None:
        for words in (
            ("report", "--date", "28.11.2026"),
            ("list", "--date", ""),
            ("show", "example.com", "2026-02-30"),
        ):
            result = self.run_it(*words)
            self.assertEqual((result.exit_code, result.stdout), (2, ""))
            self.assertIn("expected a day such as 2026-11-28", result.stderr)

    def test_list(self) -> None:
        self.add()
        self.add(TODAY, "example.net", 0)
        result = self.run_it("list")
        self.assertEqual(
            result.stdout,
            f"{YESTERDAY} example.com: 3 messages, 1 accepted, 1 rows; mailto:a@example.com\n"
            f"{TODAY} example.net: 3 messages, 0 accepted, 1 rows; mailto:a@example.net\n",
        )
        found = json.loads(self.run_it("list", "--json", "--date", TODAY).stdout)
        self.assertEqual(
            found,
            [
                {
                    "day": TODAY,
                    "domain": "example.net",
                    "rua": "mailto:a@example.net",
                    "messages": 3,
                    "accepted": 0,
                    "rows": 1,
                    "lost": 0,
                }
            ],
        )
        self.assertEqual(self.run_it("list", "--domain", "example.org").stdout, "")

    def test_show(self) -> None:
        self.add(TODAY)
        result = self.run_it("show", "Example.com", TODAY)
        self.assertEqual(list(problems(ElementTree.fromstring(result.stdout.encode()))), [])
        result = self.run_it("show", "example.net", TODAY)
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("nothing is remembered of example.net", result.stderr)
