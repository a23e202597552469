"""Aggregate reports of whatever checks may say: bounded rows, and documents that are valid."""

from unittest import TestCase
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from mailfilter.config.model import DmarcReports
from mailfilter.report.dmarc_day import DomainDay
from mailfilter.report.dmarc_mail import report_message
from mailfilter.report.dmarc_report import make_report, report_xml
from mailfilter.report.dmarc_row import MAX_OCTETS, decoded, told
from mailfilter.scan.verdict import Action, AuthResult

from .case_dmarc import TODAY
from .dmarc_schema import problems

BOUNDED = settings(max_examples=150, derandomize=True, deadline=None, database=None)
SETTINGS = DmarcReports(organization="Example", address="reports@example.org")
NAMES = (
    *("domain", "rua", "p", "sp", "adkim", "aspf", "pct", "fo", "asked", "dkim-aligned"),
    *("spf-aligned", "override", "override-comment", "client-ip", "envelope-from", "helo"),
    *("identity", "header.from", "header.d", "header.s"),
)
USUAL = (
    *("example.com", "mailto:a@example.com", "none", "reject", "quarantine", "r", "s", "50"),
    *("pass", "fail", "sampled_out", "192.0.2.1", "fe80::1%<b>", "mailfrom", "a@b@c"),
)
TEXTS = st.one_of(
    st.sampled_from(USUAL), st.text(max_size=40), st.text(max_size=3).map(lambda text: text * 150)
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=12).map(tuple)
RESULTS = st.lists(
    st.builds(
        AuthResult,
        st.sampled_from(("spf", "dkim", "arc")),
        st.sampled_from(("pass", "fail", "none", "strange")),
        properties=PAIRS,
        facts=PAIRS,
    ),
    max_size=10,
)


class FuzzTests(TestCase):
    @BOUNDED
    @given(RESULTS, PAIRS, PAIRS, st.sampled_from(Action), st.one_of(st.none(), TEXTS))
    def test_any(
        self,
        results: list[AuthResult],
        facts: tuple[tuple[str, str], ...],
        properties: tuple[tuple[str, str], ...],
        action: Action,
        sender: str | None,
    ) -> None:
        """A row or none, never an error."""
        needed = (("domain", "example.com"), ("rua", "mailto:a@example.com"))
        dmarc = AuthResult(
            "dmarc",
            "fail",
            properties=(("header.from", "example.com"), *properties),
            facts=(*needed, ("client-ip", "192.0.2.1"), *facts),
        )
        found = told([*results, dmarc], None, sender, action)
        if found is None:
            return
        self.assertLessEqual(len(found.row), MAX_OCTETS)
        row = decoded(found.row)
        assert row is not None
        day = DomainDay(TODAY, found.policy, [(row, 1)], 1, 0)
        document = ElementTree.fromstring(report_xml(day, SETTINGS, "1@example.org"))
        self.assertEqual(list(problems(document)), [])
        message = report_message(make_report(day, SETTINGS), SETTINGS.address, "a@b.example", 0.0)
        self.assertLess(max(map(len, message.splitlines())), 998)
