"""Are the basic header fields all absent, or those that must be single repeated?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_BASIC = ("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "Return-Path")
# RFC 5322 3.6, RFC 2045 3 to 6.
_SINGLE = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Sender",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
)


class EssentialHeaders(Check):
    """Counts fields. Those that are repeated with the same text are one for every reader."""

    name = "essential_headers"
    symbols = {
        "MISSING_ESSENTIAL_HEADERS": Symbol(
            7.0, "blankspam", "several basic headers are all absent"
        ),
        "MULTIPLE_UNIQUE_HEADERS": Symbol(7.0, "headers", "header that must be single repeats"),
    }

    def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        headers = task.message.headers
        if not any(name in headers for name in _BASIC):
            return [Hit("MISSING_ESSENTIAL_HEADERS")]
        repeated = [name for name in _SINGLE if headers.count(name) > 1]
        different = [
            name for name in repeated if len(set(headers.values(name.lower().encode()))) > 1
        ]
        if not different:
            return ()
        return [Hit("MULTIPLE_UNIQUE_HEADERS", options=tuple(different))]
