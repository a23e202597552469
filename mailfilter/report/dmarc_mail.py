"""The message that brings an aggregate report of DMARC (RFC 7489 7.2.1.1)."""

from base64 import encodebytes
from email.utils import formatdate

from .dmarc_report import Report

BOUNDARY = "=_dmarc_report"
"""Stands in no line of base64, and in no other line of ours."""


def report_message(report: Report, sender: str, recipient: str, now: float) -> bytes:
    """The message, with LF line ends; all of it is ASCII, and no line begins with a dot.

    `now` is Unix time. Its id is that of the report: whoever gets it twice can tell.
    """
    subject = (
        f"Report Domain: {report.domain}\n Submitter: {report.submitter}\n"
        f" Report-ID: <{report.report_id}>"
    )
    day = formatdate(report.begin, usegmt=True)[:16]
    head = (
        f"From: {sender}\n"
        f"To: {recipient}\n"
        f"Date: {formatdate(now)}\n"
        f"Subject: {subject}\n"
        f"Message-ID: <{report.report_id}>\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"\n'
        "\n"
        f"--{BOUNDARY}\n"
        "Content-Type: text/plain; charset=us-ascii\n"
        "\n"
        f"Attached is a DMARC aggregate report for {report.domain}\n"
        f"on {day} (UTC), by {report.submitter}.\n"
        "\n"
        f"--{BOUNDARY}\n"
        f'Content-Type: application/gzip;\n name="{report.file_name}"\n'
        "Content-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment;\n filename="{report.file_name}"\n'
        "\n"
    )
    return head.encode("ascii") + encodebytes(report.compressed) + f"--{BOUNDARY}--\n".encode()
