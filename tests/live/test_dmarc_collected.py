"""What a filter remembers for aggregate reports: of its own DMARC, by its own DNS, in its store."""

import functools
import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from tests.report.dmarc_schema import problems

from . import scan_client
from .harness import Filter, LiveCase
from .processes import wait_until
from .zone_server import ZoneServer

ZONE = """
wants.test          TXT  "v=spf1 ip4:203.0.113.5 -all"
_dmarc.wants.test   TXT  "v=DMARC1; p=reject; aspf=s; pct=100; rua=mailto:dmarc@wants.test!1m"
quiet.test          TXT  "v=spf1 ip4:203.0.113.5 -all"
_dmarc.quiet.test   TXT  "v=DMARC1; p=reject"
"""
RELAY = "203.0.113.200"
SETTINGS = f"""
[scan]
trusted_relays = ["{RELAY}"]

[dmarc_reports]
enabled = true
organization = "Example Org"
address = "reports@our.test"
"""
RECEIVED = (
    "Received: from c.test (c.test [198.51.100.9])\r\n\tby relay.test with ESMTP id 1;\r\n"
    "\tSat, 28 Nov 2026 10:00:00 +0000\r\n"
)


@functools.cache
def own_server() -> ZoneServer:
    """The server of DNS."""
    return ZoneServer(ZONE)


@functools.cache
def own_filter() -> Filter:
    """A filter that checks senders and remembers what it finds."""
    own = Filter(start=False, dns=own_server().address, senders=True)
    own.configure(SETTINGS)
    own.start()
    return own


class CollectedTests(LiveCase):
    def make_filter(self) -> Filter:
        """One with DMARC."""
        return own_filter()

    def scan(self, author: str, ip: str, received: str = "", **more: str) -> Mapping[str, Any]:
        """Have a message of an author scanned."""
        message = f"{received}From: <a@{author}>\r\nSubject: x\r\n\r\nhello\r\n".encode()
        connection = scan_client.Connection(self.filter.http)
        self.addCleanup(connection.close)
        fields = {"From": f"<b@{author}>", "IP": ip, "Helo": "c.test", "Rcpt": "x@y.test", **more}
        return connection.scan(scan_client.with_length(message, [*fields.items()]))

    def known(self) -> list[dict[str, Any]]:
        """What `dmarc list` shows."""
        found: list[dict[str, Any]] = json.loads(self.filter.adm("dmarc", "list", "--json").stdout)
        return found

    def test_collected(self) -> None:
        """Each message once, in rows, with who has sent it; only for who asks."""
        for _ in range(3):
            self.scan("wants.test", "203.0.113.5")
        self.scan("wants.test", "198.51.100.7")
        self.scan("wants.test", RELAY, RECEIVED)
        self.scan("quiet.test", "198.51.100.7")
        self.scan("wants.test", "198.51.100.7", User="alice")
        wait_until(lambda: sum(item["messages"] for item in self.known()) >= 5, "all messages")
        (known,) = self.known()
        self.assertEqual((known["domain"], known["messages"], known["rows"]), ("wants.test", 5, 3))
        today = known["day"]
        printed = self.filter.adm("dmarc", "show", "wants.test", today).stdout
        root = ElementTree.fromstring(printed.encode())
        self.assertEqual(list(problems(root)), [])
        rows = {
            item.findtext("row/source_ip"): (
                item.findtext("row/count"),
                item.findtext("row/policy_evaluated/spf"),
                item.findtext("auth_results/spf/result"),
                item.findtext("identifiers/header_from"),
            )
            for item in root.findall("record")
        }
        self.assertEqual(
            rows,
            {
                "203.0.113.5": ("3", "pass", "pass", "wants.test"),
                "198.51.100.7": ("1", "fail", "fail", "wants.test"),
                "198.51.100.9": ("1", "fail", "fail", "wants.test"),
            },
        )
        self.assertEqual(root.findtext("policy_published/p"), "reject")
        self.assertEqual(root.findtext("policy_published/aspf"), "s")
        dry = self.filter.adm("dmarc", "report", "--dry-run", "--date", today)
        self.assertEqual((dry.returncode, dry.stderr), (0, ""))
        self.assertIn("wants.test to dmarc@wants.test: would send (5 messages)", dry.stdout)
        early = self.filter.adm("dmarc", "report", "--date", today)
        self.assertEqual((early.returncode, early.stdout), (1, ""))
