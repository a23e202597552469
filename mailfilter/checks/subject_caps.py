"""Is the subject written in capitals?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import bare_subject, is_answer

MIN_LETTERS = 10
"""Shorter subjects are names and abbreviations too often."""

CAPITALS = 0.75
"""Share of capitals among the letters that have two cases."""

MAX_CHARS = 1000
"""Characters looked at: a subject of megabytes is judged by its beginning."""


class SubjectCaps(Check):
    """Counts letters that have two cases; prefixes of replies do not count, nor names of programs.

    Who answers did not write the subject, so that one small letter in it is enough for him.
    """

    name = "subject_caps"
    symbols = {"SUBJ_ALL_CAPS": Symbol(3.0, "subject", "Subject mostly in capitals")}

    def run(self, task: Task) -> Findings:
        subject = bare_subject((task.message.subject or "")[:MAX_CHARS])
        # As in KVM_FEATURE, which is written so everywhere.
        subject = " ".join(word for word in subject.split() if "_" not in word)
        upper = sum(map(str.isupper, subject))
        letters = upper + sum(map(str.islower, subject))
        least = letters if is_answer(task.message) else CAPITALS * letters
        if letters < MIN_LETTERS or upper < least:
            return ()
        return [Hit("SUBJ_ALL_CAPS")]
