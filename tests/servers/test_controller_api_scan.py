"""A scan as our own page wants it: with all that is known of it."""

from dataclasses import replace
from ipaddress import ip_address

from mailfilter.scan.verdict import CheckRun, Summary
from mailfilter.testing.fake_scanner import FakeScanner

from ..report.history_case import VERDICT
from .controller_case import ControllerCase, error_bytes
from .http_case import MESSAGE, NOW


class ScanTests(ControllerCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(FakeScanner(VERDICT))

    def test_scan(self) -> None:
        """The reply of /checkv2, the row, and the trace."""
        found = self.value(self.post("/api/scan", MESSAGE))
        self.assertEqual(VERDICT.trace_id, found["trace_id"])
        self.assertEqual(7.0, found["result"]["score"])
        self.assertEqual({"test": {"score": 5.0}}, found["result"]["groups"])
        self.assertEqual("a subject", found["row"]["subject"])
        self.assertEqual(int(NOW), found["row"]["unix_time"])
        self.assertEqual(["one", "two"], [run["check"] for run in found["detail"]["checks"]])
        self.assertEqual("no answer: time is spent", found["detail"]["checks"][1]["trouble"])

    def test_envelope(self) -> None:
        """As headers tell it, addresses in UTF-8."""
        headers = (
            "IP: 192.0.2.7\r\nHelo: mx.example\r\nFrom: <a@b>\r\nRcpt: c@d, e@f\r\nUser: u\r\n"
            "Log: no\r\n"
        )
        sender = "j\u00f6rg@example.net".encode().decode("latin-1")
        self.post("/api/scan", MESSAGE, headers.replace("<a@b>", sender))
        ((envelope, raw),) = self.scanner.calls
        self.assertEqual(MESSAGE, raw)
        self.assertEqual("j\u00f6rg@example.net", envelope.sender)
        self.assertEqual(["c@d", "e@f"], [item.address for item in envelope.recipients])
        self.assertEqual(
            (ip_address("192.0.2.7"), "mx.example", "u", True, "controller"),
            (
                envelope.client_ip,
                envelope.helo,
                envelope.user,
                envelope.is_trusted,
                envelope.listener,
            ),
        )
        self.assertIn("no_log", envelope.flags)

    def test_hostile(self) -> None:
        """What is not ASCII, in the row and in what checks say."""
        run = CheckRun("one", "main", trouble="caf\u00e9")
        summary = Summary(subject="\u202e<script>\ud800")
        self.serve(FakeScanner(replace(VERDICT, runs=(run,), summary=summary)))
        reply = self.post("/api/scan", MESSAGE)
        self.assertTrue(reply.isascii())
        self.assertEqual("\u202e<script>\ufffd", self.value(reply)["row"]["subject"])

    def test_empty(self) -> None:
        self.assertEqual(error_bytes(400, "Empty body is not permitted"), self.post("/api/scan"))

    def test_failure(self) -> None:
        """It is told as an error; a verdict by policy would tell nothing."""
        self.serve(FakeScanner(error=ValueError("broken")))
        self.assertTrue(self.post("/api/scan", MESSAGE).startswith(b"HTTP/1.1 500 "))
        self.flushLoggedErrors(ValueError)
