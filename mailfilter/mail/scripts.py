"""Which scripts the letters of a text are of."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_letters

MAX_LETTERS = 8192
"""Characters beyond ASCII that are looked at."""

_ASCII = re.compile(r"[\x00-\x7f]++")
_NO_LETTERS = bytes(set(range(256)) - set(ascii_letters.encode()))

_FORMS = ("FULLWIDTH ", "HALFWIDTH ", "MODIFIER LETTER ", "SMALL ")
"""What names of characters may begin with before the script."""

_NAMES = {
    "KANGXI": "Han",
    "IDEOGRAPHIC": "Han",
    "FEMININE": "Latin",
    "MASCULINE": "Latin",
    "MICRO": "Greek",
    "OHM": "Greek",
    "KELVIN": "Latin",
    "ANGSTROM": "Latin",
    "MATHEMATICAL": "Symbols",
    "DOUBLE-STRUCK": "Symbols",
    "BLACK-LETTER": "Symbols",
    "SCRIPT": "Symbols",
}
"""First words of names of characters that are no scripts, or not called as Unicode calls them."""


@lru_cache(maxsize=8192)
def script_of(character: str) -> str:
    """The script of a letter, as Unicode calls it (`Latin`, `Cyrillic`, `Han`); else empty.

    Letters that are made of others for formulas are `Symbols`.
    """
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "")
    for form in _FORMS:
        name = name.removeprefix(form)
    first = name.split(" ", 1)[0]
    if first.startswith("CJK"):
        return "Han"
    return _NAMES.get(first) or first.capitalize()


def scripts_of(text: str) -> Mapping[str, float]:
    """The share of each script in the letters of a text, the largest first; they add up to 1."""
    counts: Counter[str] = Counter()
    latin = len(text.encode("ascii", "ignore").translate(None, _NO_LETTERS))
    if not text.isascii():
        for character, count in Counter(_ASCII.sub("", text)[:MAX_LETTERS]).items():
            if script := script_of(character):
                counts[script] += count
    if latin:
        counts["Latin"] += latin
    total = counts.total()
    return {script: count / total for script, count in counts.most_common()}
