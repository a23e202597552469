"""Aggregate reports: valid by the schema, whatever strangers have put into them."""

import gzip
import os
from dataclasses import replace
from pathlib import Path
from unittest import TestCase
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from twisted.trial.unittest import SkipTest

from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import DomainDay
from mailfilter.report.dmarc_report import Report, make_report
from mailfilter.report.dmarc_row import PublishedPolicy, Signed

from .case_dmarc import TODAY, make_row
from .dmarc_schema import Schema, problems

SETTINGS = DmarcReports(
    organization="Example & Söhne",
    address="reports@example.org",
    contact="https://example.org/?a&b",
)
SIGNED = (Signed("example.com", "s1", "pass"), Signed("b.example", "", "permerror"))
DAY = DomainDay(
    TODAY,
    PublishedPolicy(
        "example.com", "mailto:a@example.com", "s", "r", "reject", "quarantine", "50", "1:d"
    ),
    [
        (make_row(1), 7),
        (make_row(2, signatures=SIGNED, reason="sampled_out"), 1),
        (make_row(3, reason="local_policy", comment="<arc & co>", disposition="quarantine"), 2),
        (make_row(4, source_ip="2001:db8::1", spf_scope="helo", envelope_from=""), 3),
    ],
    10,
    0,
)


def parse(report: Report) -> Element:
    return ElementTree.fromstring(gzip.decompress(report.compressed))


class ReportTests(TestCase):
    def test_names(self) -> None:
        """As RFC 7489 7.2.1.1 has them, and the same each time."""
        report = make_report(DAY, SETTINGS)
        self.assertEqual(report.file_name, "example.org!example.com!1795824000!1795910399.xml.gz")
        self.assertRegex(report.report_id, r"\A20261128\.[0-9a-f]{12}@example\.org\Z")
        self.assertEqual(report, make_report(DAY, SETTINGS))
        others = (
            replace(DAY, day="2026-11-27"),
            replace(DAY, policy=PublishedPolicy("example.net", "mailto:a@example.com")),
        )
        self.assertEqual(len({make_report(item, SETTINGS).report_id for item in (DAY, *others)}), 3)

    def test_document(self) -> None:
        root = parse(make_report(DAY, SETTINGS))
        self.assertEqual(list(problems(root)), [])

        def texts(path: str) -> list[str | None]:
            return [item.text for item in root.findall(path)]

        self.assertEqual(texts("report_metadata/org_name"), ["Example & Söhne"])
        self.assertEqual(texts("report_metadata/extra_contact_info"), [SETTINGS.contact])
        self.assertEqual(texts("report_metadata/error"), [])
        self.assertEqual(
            texts("policy_published/*"),
            ["example.com", *"sr", "reject", "quarantine", "50", "1:d"],
        )
        self.assertEqual(texts("record/row/count"), ["7", "1", "2", "3"])
        self.assertEqual(
            texts("record/row/source_ip")[2:],
            ["192.0.0.3", "2001:0db8:0000:0000:0000:0000:0000:0001"],
        )
        self.assertEqual(
            texts("record/row/policy_evaluated/reason/type"), ["sampled_out", "local_policy"]
        )
        self.assertEqual(texts("record/row/policy_evaluated/reason/comment"), ["<arc & co>"])
        self.assertEqual(texts("record/auth_results/dkim/result"), ["pass", "permerror"])
        self.assertEqual(texts("record/auth_results/spf/scope"), ["mfrom"] * 3 + ["helo"])

    def test_lost(self) -> None:
        """What the store had no room for is told."""
        root = parse(make_report(replace(DAY, lost=12), SETTINGS))
        self.assertEqual(list(problems(root)), [])
        self.assertIn("12 messages", root.findtext("report_metadata/error") or "")

    def test_hostile(self) -> None:
        """Nothing of strangers ends an element, or is no XML."""
        for text in (
            "</record><record>",
            "]]>",
            "&amp;&#0;",
            "\0\x0b\r\n",
            "\ufffe",
            "\ud800",
            "x" * 9999,
        ):
            row = make_row(
                comment=text,
                reason="other",
                header_from=text,
                envelope_from=text,
                spf_domain=text,
                signatures=(Signed(text, text, "pass"),),
            )
            day = replace(DAY, rows=[(row, 1)])
            root = parse(make_report(day, replace(SETTINGS, organization=text)))
            self.assertEqual(list(problems(root)), [], text)
            self.assertEqual(len(root.findall("record")), 1)

    def test_schema_finds(self) -> None:
        """The table refuses what is wrong."""
        for path, text in (
            ("record/row/source_ip", "a"),
            ("record/row/policy_evaluated/disposition", "pass"),
            ("policy_published/p", ""),
            ("record/auth_results/spf/result", "error"),
        ):
            root = parse(make_report(DAY, SETTINGS))
            found = root.find(path)
            assert found is not None
            found.text = text
            self.assertEqual(len(list(problems(root))), 1, path)
        root = parse(make_report(DAY, SETTINGS))
        root.append(root[0])
        self.assertEqual(list(problems(root)), ["/feedback: unexpected version"])


def published(name: str) -> bytes:
    """A file of the suites of DMARC."""
    if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    path = Path(corpus) / "suites/dmarc" / name
    if not path.exists():
        raise SkipTest(f"{path} is not there")
    return path.read_bytes()


class PublishedTests(TestCase):
    """What others publish: a schema, and reports that they have sent."""

    def test_reports_of_others(self) -> None:
        """The table by which ours are measured knows what is sent in the wild."""
        folder = "parsedmarc-reports/samples/aggregate"
        outlook = "protection.outlook.com!example.com!1711756800!1711843200.xml"
        fastmail = "fastmail.com!example.com!1516060800!1516147199!102675056.xml.gz"
        others = [
            ElementTree.fromstring(published(f"{folder}/{outlook}")),
            ElementTree.fromstring(gzip.decompress(published(f"{folder}/{fastmail}"))),
        ]
        for root in others:
            self.assertEqual(list(problems(root)), [])

    def test_schema(self) -> None:
        """Of Mail::DMARC, which is that of RFC 9990: valid but for what is no more in there, which
        are version, pct, and signatures without a selector."""
        schema = Schema(published("mail-dmarc/share/rua-schema.xsd"))
        root = parse(make_report(DAY, SETTINGS))
        self.assertEqual(
            list(schema.problems(root)),
            [
                "feedback: unexpected version",
                "policy_published: unexpected pct",
                "type: 'sampled_out' is none of ['trusted_forwarder', 'mailing_list',"
                " 'local_policy', 'policy_test_mode', 'other']",
                "dkim: no selector",
            ],
        )
