"""Is the subject written in capitals?"""

import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MIN_LETTERS = 10
"""Shorter subjects are names and abbreviations too often."""

CAPITALS = 0.75
"""Share of capitals among the letters that have two cases."""

MAX_CHARS = 1000
"""Characters looked at: a subject of megabytes is judged by its beginning."""

_REPLY = re.compile(r"(?:(?:re|fwd?|aw|wg|sv|tr)\s*:\s*){1,8}", re.IGNORECASE)


class SubjectCaps(Check):
    """Counts letters that have two cases; prefixes of replies do not count."""

    name = "subject_caps"
    symbols = {"SUBJ_ALL_CAPS": Symbol(3.0, "subject", "Subject mostly in capitals")}

    def run(self, task: Task) -> Findings:
        subject = (task.message.subject or "")[:MAX_CHARS]
        reply = _REPLY.match(subject)
        if reply:
            subject = subject[reply.end() :]
        upper = sum(map(str.isupper, subject))
        letters = upper + sum(map(str.islower, subject))
        if letters < MIN_LETTERS or upper < CAPITALS * letters:
            return ()
        return [Hit("SUBJ_ALL_CAPS")]
