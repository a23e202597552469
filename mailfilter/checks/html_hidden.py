"""Does HTML have text that its reader does not see?"""

from collections import Counter

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MIN_WORDS = 3
"""Words in letters without size, or of the colour behind them: fewer are marks and spacers.

What has no letter or digit is no word: bars between links that are not there.
"""

MANY = 10
"""Pieces that are switched off; a text for previews and its like are fewer."""

MIN_HIDDEN = 25
"""Words that are hidden in other ways: a text for previews, of up to 150 characters, has fewer."""

MAX_TEXT = 64 * 1024
"""Characters of hidden text whose words are counted."""

_OFF = frozenset(("display", "visibility", "opacity"))
_HIDDEN = frozenset(("display", "template", "off_screen", "clipped"))
"""Ways to hide text that have no symbol of their own."""


class HtmlHidden(Check):
    """Counts the words that are hidden by their size or colour, and the pieces switched off."""

    name = "html_hidden"
    symbols = {
        "HIDDEN_TEXT": Symbol(0.35, "structure", "much text that nobody sees"),
        "MANY_INVISIBLE_PARTS": Symbol(1.0, "html", "many invisible blocks"),
        "R_WHITE_ON_WHITE": Symbol(4.0, "html", "low contrast text"),
        "ZERO_FONT": Symbol(1.0, "html", "zero size font"),
    }

    def run(self, task: Task) -> Findings:
        words: Counter[str] = Counter()
        off = 0
        left = MAX_TEXT
        for hidden in task.message.text.hidden:
            off += hidden.why in _OFF
            words[hidden.why] += sum(map(_is_word, hidden.text[:left].split()))
            left -= min(len(hidden.text), left)
        unseen = sum(words[why] for why in _HIDDEN)
        hits = []
        if unseen >= MIN_HIDDEN:
            hits.append(Hit("HIDDEN_TEXT", options=(str(unseen),)))
        if off >= MANY:
            hits.append(Hit("MANY_INVISIBLE_PARTS", options=(str(off),)))
        if words["same_colour"] >= MIN_WORDS:
            hits.append(Hit("R_WHITE_ON_WHITE", options=(str(words["same_colour"]),)))
        if words["zero_size"] >= MIN_WORDS:
            hits.append(Hit("ZERO_FONT", options=(str(words["zero_size"]),)))
        return hits


def _is_word(text: str) -> bool:
    return any(map(str.isalnum, text))
