"""Do plain text and HTML say the same?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MIN_WORDS = 8
"""Words of a text that say enough to be compared."""

SAME = 0.5
"""Share of the words of the shorter text that the other one has if both say the same."""


class PartsDiffer(Check):
    """Compares the different words of both texts; fires the heavier, the more they differ."""

    name = "parts_differ"
    symbols = {
        "R_PARTS_DIFFER": Symbol(
            1.0, "body", "text and HTML alternatives say different things (scaled by distance)"
        )
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if all(part.type != "multipart/alternative" for part in message.parts):
            return ()
        plain, html = set(message.text.plain_words), set(message.text.html_words)
        least = min(len(plain), len(html))
        if least < MIN_WORDS:
            return ()
        share = len(plain & html) / least
        if share >= SAME:
            return ()
        return [Hit("R_PARTS_DIFFER", (SAME - share) / SAME, (f"{1 - share:.0%}",))]
