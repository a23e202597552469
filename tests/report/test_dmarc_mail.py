"""Messages that bring aggregate reports: what a parser of mail finds in them."""

import gzip
from email import message_from_bytes, policy
from unittest import TestCase

from mailfilter.report.dmarc_mail import BOUNDARY, report_message
from mailfilter.report.dmarc_report import make_report

from .test_dmarc_report import DAY, SETTINGS

REPORT = make_report(DAY, SETTINGS)


class MailTests(TestCase):
    def test_message(self) -> None:
        raw = report_message(REPORT, "reports@example.org", "dmarc@example.com", 1795953600.0)
        message = message_from_bytes(raw, policy=policy.default)
        self.assertEqual(message.defects, [])
        self.assertEqual(
            {name: str(message[name]) for name in ("From", "To", "Date", "Auto-Submitted")},
            {
                "From": "reports@example.org",
                "To": "dmarc@example.com",
                "Date": "Sun, 29 Nov 2026 12:00:00 -0000",
                "Auto-Submitted": "auto-generated",
            },
        )
        self.assertEqual(
            message["Subject"],
            f"Report Domain: example.com Submitter: example.org Report-ID: <{REPORT.report_id}>",
        )
        self.assertEqual(message["Message-ID"], f"<{REPORT.report_id}>")
        text, attached = message.iter_parts()
        self.assertIn("for example.com\non Sat, 28 Nov 2026 (UTC)", text.get_content())
        self.assertEqual(attached.get_content_type(), "application/gzip")
        self.assertEqual(attached.get_filename(), REPORT.file_name)
        self.assertEqual(attached.get_content(), REPORT.compressed)
        self.assertIn(b"<feedback>", gzip.decompress(attached.get_content()))

    def test_lines(self) -> None:
        """As SMTP can carry them without any change."""
        raw = report_message(REPORT, "reports@example.org", "dmarc@example.com", 0.0)
        lines = raw.decode("ascii").split("\n")
        self.assertLess(max(map(len, lines)), 998)
        self.assertFalse([line for line in lines if line.startswith(".") or "\r" in line])
        self.assertEqual(sum(line.startswith(f"--{BOUNDARY}") for line in lines), 3)
