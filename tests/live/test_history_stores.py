"""The history as commands see it: the same over every store that they can read."""

import json
from typing import Any

from .harness import message_file
from .processes import wait_until
from .scan_client import CRLF, Connection, head
from .test_store_away import StoreCase


class RedisHistoryTests(StoreCase):
    """All commands over Redis."""

    def scan_as(self, name: str, **fields: str) -> str:
        """Have a message scanned with fields of an envelope; its trace id."""
        body = message_file(name)
        lines = [(key.replace("_", "-"), value) for key, value in fields.items()]
        connection = Connection(self.filter.http)
        connection.scan(head([*lines, ("Content-Length", str(len(body)))]) + CRLF + body)
        connection.close()
        (record,) = [r for r in self.filter.records() if r["queue_id"] == fields["Queue_Id"]]
        return str(record["trace"])

    def found(self, *arguments: str) -> list[str]:
        """The trace ids that a search finds, the newest first."""
        printed = self.adm("history", "--json", *arguments).splitlines()
        return [json.loads(line)["trace_id"] for line in printed]

    def test_commands(self) -> None:
        """Every filter finds what it should and nothing else; the other commands work, too."""
        self.server.start()
        self.filter.start()
        ham = self.scan_as(
            "ham.eml",
            Queue_Id="4BHAM",
            From="<Alice@example.net>",
            Rcpt="<bob@example.org>",
            IP="192.0.2.1",
            User="alice",
        )
        # Each worker stores its rows when it comes to it.
        wait_until(lambda: self.found() == [ham], "the first row")
        spam = self.scan_as(
            "gtube-reject.eml",
            Queue_Id="4BSPAM",
            From="<>",
            Rcpt="<carol@example.com>",
            IP="2001:db8::1",
        )
        wait_until(lambda: len(self.found()) == 2, "both rows")
        expected: dict[tuple[str, ...], list[str]] = {
            (): [spam, ham],
            ("--limit", "1"): [spam],
            ("--from", "alice@example.net"): [ham],
            ("--from", "<>"): [spam],
            ("--to", "@example.com"): [spam],
            ("--address", "bob@example.org"): [ham],
            ("--action", "reject"): [spam],
            ("--symbol", "GTUBE"): [spam],
            ("--ip", "2001:DB8:0::1"): [spam],
            ("--user", "Alice"): [ham],
            ("--message-id", "<ham-1@example.org>"): [ham],
            ("--queue-id", "4bham"): [ham],
            ("--since", "1h"): [spam, ham],
            ("--until", "1h"): [],
            ("--since", "1h", "--action", "reject", "--user", "alice"): [],
        }
        for arguments, ids in expected.items():
            self.assertEqual(self.found(*arguments), ids, arguments)
        self.assert_explained(spam)
        self.assert_looked_after()

    def assert_explained(self, spam: str) -> None:
        """The line of the log and the id alone are explained, as text and as JSON."""
        (line,) = [line for line in self.filter.log().splitlines() if spam in line]
        self.assertIn("forced by   gtube", self.adm("explain", line))
        found: dict[str, Any] = json.loads(self.adm("explain", "--json", spam.upper()))
        self.assertEqual((found["trace_id"], found["row"]["action"]), (spam, "reject"))
        self.assertIn("no scan 0123456789ab", self.adm("explain", "0123456789ab", code=1))

    def assert_looked_after(self) -> None:
        """`store stats` and `store check`."""
        stats = json.loads(self.adm("store", "stats", "--json"))
        self.assertEqual(stats["kind"], self.kind)
        self.assertEqual(stats["entries"]["history rows"], 2)
        self.assertEqual(self.adm("store", "check"), "the store is in order\n")


class EmbeddedHistoryTests(RedisHistoryTests):
    """The same over the store in a file."""

    kind = "embedded"
