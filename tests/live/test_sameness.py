"""One message, one verdict: whatever protocol brought it (bad-input.md row 47)."""

import json
import os
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from . import mta, scan_client
from .harness import MESSAGES, LiveCase, wish

COUNT = 200
ADDRESS = "192.0.2.17"
CLIENT = "client.example.net"
SENDER = "alice@example.org"
RECIPIENTS = ("bob@box.test", "carol@box.test")
SECONDS = 30.0
WAYS = ("length", "chunked", "form", "lines", "milter")
COMPARED = ("action", "score", "required_score", "symbols", "message_id", "size", "ip", "helo")
ENVELOPE = [
    ("From", SENDER),
    *(("Rcpt", recipient) for recipient in RECIPIENTS),
    ("IP", ADDRESS),
    ("Helo", CLIENT),
    ("Hostname", CLIENT),
    ("MTA-Name", "mx.live.test"),
]


def as_form(octets: bytes, queue_id: str) -> bytes:
    """A request to /checkv3, whose envelope is an object."""
    metadata = {
        "from": SENDER,
        "rcpt": list(RECIPIENTS),
        "ip": ADDRESS,
        "helo": CLIENT,
        "hostname": CLIENT,
        "mta": {"name": "mx.live.test"},
        "queue_id": queue_id,
    }
    start = b'--=b=\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'
    body = start % b"metadata" + json.dumps(metadata).encode() + b"\r\n"
    body += start % b"message" + octets + b"\r\n--=b=--\r\n"
    head = (
        "POST /checkv3 HTTP/1.1\r\nAccept: application/json\r\n"
        'Content-Type: multipart/form-data; boundary="=b="\r\n'
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class SamenessTests(LiveCase):
    """The same action, symbols, options and score over every way in."""

    def compare(self, messages: Iterable[tuple[str, bytes]]) -> int:
        """Scan each message by all ways over sockets, compare the log; how many there were."""
        http = scan_client.Connection(self.filter.http)
        self.addCleanup(http.close)
        milter = mta.Session(self.filter.milter, address=ADDRESS, hostname=CLIENT, helo=CLIENT)
        self.addCleanup(milter.close)
        shown = [(name, mta.show(text)) for name, text in messages]
        replies = {}
        for number, (_, message) in enumerate(shown):
            fields = [*ENVELOPE, ("Queue-Id", f"length-{number}")]
            replies[number] = http.scan(scan_client.with_length(message.octets, fields))
            fields = [*ENVELOPE, ("Queue-Id", f"chunked-{number}")]
            http.scan(scan_client.chunked(message.octets, fields, 777))
            http.scan(as_form(message.octets, f"form-{number}"))
            self.ask_lines(message.octets, f"lines-{number}")
            milter.send(message, f"milter-{number}", SENDER, RECIPIENTS)
        self.filter.wait_record(self.mark, queue_id=f"milter-{len(shown) - 1}")
        records = {record["queue_id"]: record for record in self.filter.records(self.mark)}
        for number, (name, _) in enumerate(shown):
            found = [records[f"{way}-{number}"] for way in WAYS]
            self.assert_same(name, found)
            self.assert_replied(name, replies[number], found[0])
        return len(shown)

    def ask_lines(self, octets: bytes, queue_id: str) -> None:
        """Send a message as Exim does."""
        fields = [*ENVELOPE, ("Queue-Id", queue_id), ("Content-length", str(len(octets)))]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        with socket.create_connection(("127.0.0.1", self.filter.http), SECONDS) as connection:
            connection.sendall(f"CHECK RSPAMC/1.3\r\n{head}\r\n".encode() + octets)
            reply = b"".join(iter(lambda: connection.recv(65536), b""))
        self.assertTrue(reply.startswith(b"RSPAMD/1.3 0 EX_OK\r\n"), reply[:200])

    def assert_same(self, name: str, records: Sequence[dict[str, Any]]) -> None:
        """The log lines tell the same."""
        told = [{key: record[key] for key in COMPARED} for record in records]
        for other in told[1:]:
            self.assertEqual(other, told[0], name)

    def assert_replied(self, name: str, reply: dict[str, Any], record: dict[str, Any]) -> None:
        """The reply tells what the log does."""
        self.assertEqual(reply["action"], record["action"], name)
        self.assertAlmostEqual(reply["score"], record["score"], 6, name)
        symbols = {item["name"]: item["score"] for item in record["symbols"]}
        told = {key: item["score"] for key, item in reply["symbols"].items()}
        self.assertEqual(sorted(told), sorted(symbols), name)

    def test_corpus(self) -> None:
        """Two hundred made-up messages with all that is hard in MIME."""
        corpus = os.environ.get("MAILFILTER_CORPUS")
        if not corpus:
            raise SkipTest("MAILFILTER_CORPUS does not name a folder of messages")
        paths = sorted(Path(corpus, "torture/synthetic").rglob("*.eml"))[:COUNT]
        self.assertEqual(self.compare((path.name, path.read_bytes()) for path in paths), COUNT)

    def test_own_messages(self) -> None:
        """Our own, with every test pattern."""
        paths = sorted(MESSAGES.glob("*.eml"))
        self.compare((path.name, path.read_bytes()) for path in paths)

    def test_forced(self) -> None:
        """What checks ask for."""
        wishes = [
            {"Action": "soft reject", "Message": "wait"},
            {"Action": "quarantine"},
            {"Action": "discard"},
            {"Symbol": "FORCE_ONE 7.25 a b c"},
            {"Symbol": "FORCE_TWO 16"},
            {"Delay": "0.3", "Symbol": "FORCE_TWO -3"},
            {"Sender": "other@example.org", "Body": "new", "Add": "X-A: b"},
        ]
        self.compare((str(fields), wish(fields)) for fields in wishes)
