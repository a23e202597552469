"""Is the header damaged, or are octets in address fields that are not ASCII?"""

from ..mail.message import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class BrokenHeaders(Check):
    """Looks at the lines of the header that are no fields, and at octets above 127.

    UTF-8 is allowed in addresses where the sender has announced it (RFC 6531 3.4), and by now sent
    so often without that that only other octets are counted.
    """

    name = "broken_headers"
    symbols = {
        "BROKEN_HEADERS": Symbol(10.0, "headers", "header block looks damaged"),
        "INVALID_FROM_8BIT": Symbol(6.0, "headers", "8-bit bytes in From"),
        "INVALID_RCPT_8BIT": Symbol(6.0, "headers", "8-bit bytes in recipient headers"),
    }

    def run(self, task: Task) -> Findings:
        headers = task.message.headers
        hits = []
        if task.message.is_mail and _is_damaged(task.message):
            hits.append(Hit("BROKEN_HEADERS"))
        if any(map(_is_bad, headers.values(b"from"))):
            hits.append(Hit("INVALID_FROM_8BIT"))
        recipients = headers.values(b"to") + headers.values(b"cc")
        if any(map(_is_bad, recipients)):
            hits.append(Hit("INVALID_RCPT_8BIT"))
        return hits


def _is_damaged(message: Message) -> bool:
    """Whether lines that are no fields are among fields, or where the header should have ended."""
    headers = message.headers
    return headers.has_odd_lines() or (headers.is_cut and headers.goes_on(message.size))


def _is_bad(value: bytes) -> bool:
    if value.isascii():
        return False
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False
