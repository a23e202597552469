"""Do words of the text mix alphabets?"""

from ..mail.url_looks import looks_of
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MIN_WORDS = 3
"""Odd words; one or two are formulas and slips."""

MAX_LOOKED = 512
"""Words with letters beyond ASCII that are looked at."""


class TextAlphabets(Check):
    """Fires for words of Latin letters and of others that look like them.

    Subject and visible text are looked at; words of one alphabet beside words of another are not
    odd.
    """

    name = "text_alphabets"
    symbols = {"R_MIXED_CHARSET": Symbol(5.0, "headers", "words mix alphabets")}

    def run(self, task: Task) -> Findings:
        message = task.message
        subject = message.subject or ""
        if subject.isascii() and message.text.visible.isascii():
            return ()
        words = [*subject[:1024].split(), *message.text.words]
        strange = [word for word in words if not word.isascii()][:MAX_LOOKED]
        odd = sum(1 for word in strange if {"mixed", "homograph"} <= looks_of(word))
        return [Hit("R_MIXED_CHARSET", options=(str(odd),))] if odd >= MIN_WORDS else ()
