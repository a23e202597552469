"""Does HTML have text that its reader does not see?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MIN_WORDS = 3
"""Words in letters without size, or of the colour behind them: fewer are marks and spacers.

What has no letter or digit is no word: bars between links that are not there.
"""

MANY = 10
"""Pieces that are switched off; a text for previews and its like are fewer."""

_OFF = frozenset(("display", "visibility", "opacity"))


class HtmlHidden(Check):
    """Counts the words that are hidden by their size or colour, and the pieces switched off."""

    name = "html_hidden"
    symbols = {
        "MANY_INVISIBLE_PARTS": Symbol(1.0, "html", "many invisible blocks"),
        "R_WHITE_ON_WHITE": Symbol(4.0, "html", "low contrast text"),
        "ZERO_FONT": Symbol(1.0, "html", "zero size font"),
    }

    def run(self, task: Task) -> Findings:
        words = {"zero_size": 0, "same_colour": 0}
        off = 0
        for hidden in task.message.text.hidden:
            if hidden.why in words:
                words[hidden.why] += sum(map(_is_word, hidden.text.split()))
            elif hidden.why in _OFF:
                off += 1
        hits = []
        if off >= MANY:
            hits.append(Hit("MANY_INVISIBLE_PARTS", options=(str(off),)))
        if words["same_colour"] >= MIN_WORDS:
            hits.append(Hit("R_WHITE_ON_WHITE", options=(str(words["same_colour"]),)))
        if words["zero_size"] >= MIN_WORDS:
            hits.append(Hit("ZERO_FONT", options=(str(words["zero_size"]),)))
        return hits


def _is_word(text: str) -> bool:
    return any(map(str.isalnum, text))
