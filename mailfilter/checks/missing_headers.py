"""Which of the header fields that every message should have are missing?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_FIELDS = {
    "From": "MISSING_FROM",
    "To": "MISSING_TO",
    "Date": "MISSING_DATE",
    "Message-ID": "MISSING_MID",
    "Subject": "MISSING_SUBJECT",
}


class MissingHeaders(Check):
    """One symbol for each missing field."""

    name = "missing_headers"
    symbols = {
        "MISSING_FROM": Symbol(2.0, "headers", "no From"),
        "MISSING_TO": Symbol(2.0, "headers", "no To"),
        "MISSING_DATE": Symbol(1.0, "headers", "no Date"),
        "MISSING_MID": Symbol(2.5, "headers", "no Message-ID"),
        "MISSING_SUBJECT": Symbol(2.0, "headers", "no Subject"),
    }

    def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        headers = task.message.headers
        return [Hit(symbol) for field, symbol in _FIELDS.items() if field not in headers]
