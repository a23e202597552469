"""An aggregate report of DMARC for a domain and a day: XML as in RFC 7489 appendix C.

A report has the same name however often it is made, so that whoever gets it twice can tell.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import ip_address
from xml.sax.saxutils import escape

from ..config.model import DmarcReports
from .dmarc_day import DAY, DomainDay, begin_of
from .dmarc_row import PublishedPolicy, Row, plain_text

MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Report:
    """A report, ready to be sent."""

    domain: str
    submitter: str
    """Domain of who reports."""
    report_id: str
    """Also an id of a message without its angle brackets."""
    file_name: str
    """With the ending of what is compressed."""
    begin: int
    """Unix time."""
    compressed: bytes
    """The XML by gzip; the same for the same rows."""


def make_report(known: DomainDay, settings: DmarcReports) -> Report:
    """The report of a day of a domain."""
    domain, begin = known.policy.domain, begin_of(known.day)
    submitter = settings.address.rpartition("@")[2]
    end = begin + DAY - 1
    digest = blake2b(f"{begin} {domain}".encode(), digest_size=6).hexdigest()
    report_id = f"{known.day.replace('-', '')}.{digest}@{submitter}"
    xml = report_xml(known, settings, report_id)
    return Report(
        domain=domain,
        submitter=submitter,
        report_id=report_id,
        file_name=f"{submitter}!{domain}!{begin}!{end}.xml.gz",
        begin=begin,
        compressed=gzip.compress(xml, mtime=0),
    )


def report_xml(known: DomainDay, settings: DmarcReports, report_id: str) -> bytes:
    """The document, in UTF-8."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<feedback>", "<version>1.0</version>"]
    lines += _metadata(known, settings, report_id)
    lines += _policy(known.policy)
    for row, count in known.rows:
        lines += _record(row, count)
    lines.append("</feedback>\n")
    return "\n".join(lines).encode()


def _metadata(known: DomainDay, settings: DmarcReports, report_id: str) -> Iterator[str]:
    begin = begin_of(known.day)
    yield "<report_metadata>"
    yield _element("org_name", settings.organization)
    yield _element("email", settings.address)
    if settings.contact:
        yield _element("extra_contact_info", settings.contact)
    yield _element("report_id", report_id)
    yield "<date_range>"
    yield _element("begin", str(begin))
    yield _element("end", str(begin + DAY - 1))
    yield "</date_range>"
    if known.lost:
        yield _element("error", f"too many different results: {known.lost} messages are not told")
    yield "</report_metadata>"


def _policy(policy: PublishedPolicy) -> Iterator[str]:
    yield "<policy_published>"
    yield _element("domain", policy.domain)
    for name in ("adkim", "aspf", "p", "sp", "pct", "fo"):
        yield _element(name, getattr(policy, name))
    yield "</policy_published>"


def _record(row: Row, count: int) -> Iterator[str]:
    yield "<record>"
    yield "<row>"
    yield _element("source_ip", _address(row.source_ip))
    yield _element("count", str(count))
    yield "<policy_evaluated>"
    yield _element("disposition", row.disposition)
    yield _element("dkim", row.dkim)
    yield _element("spf", row.spf)
    if row.reason:
        comment = _element("comment", row.comment) if row.comment else ""
        yield f"<reason>{_element('type', row.reason)}{comment}</reason>"
    yield "</policy_evaluated>"
    yield "</row>"
    yield "<identifiers>"
    yield _element("envelope_from", row.envelope_from)
    yield _element("header_from", row.header_from)
    yield "</identifiers>"
    yield "<auth_results>"
    for signed in row.signatures:
        yield "<dkim>"
        yield _element("domain", signed.domain)
        if signed.selector:
            yield _element("selector", signed.selector)
        yield _element("result", signed.result)
        yield "</dkim>"
    yield "<spf>"
    yield _element("domain", row.spf_domain)
    yield _element("scope", row.spf_scope)
    yield _element("result", row.spf_result)
    yield "</spf>"
    yield "</auth_results>"
    yield "</record>"


def _address(text: str) -> str:
    """IPv6 in full: the schema knows no other form."""
    try:
        return ip_address(text).exploded
    except ValueError:
        return text


def _element(name: str, text: str, most: int = MAX_TEXT) -> str:
    # What is stored has come this way already, but not only we write into the store.
    return f"<{name}>{escape(plain_text(text, most))}</{name}>"
