"""Is the subject very long?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

LONGEST = 200
"""Characters."""


class LongSubject(Check):
    """Counts the characters of the decoded subject."""

    name = "long_subject"
    symbols = {"LONG_SUBJ": Symbol(3.0, "subject", "very long Subject")}

    def run(self, task: Task) -> Findings:
        length = len(task.message.subject or "")
        return [Hit("LONG_SUBJ", options=(str(length),))] if length > LONGEST else ()
