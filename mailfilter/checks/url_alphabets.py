"""Does a link have letters of several alphabets in one word?"""

import re
from urllib.parse import unquote

from ..mail.url_looks import looks_of
from ..mail.urls import FoundUrl
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._option_hits import OptionHits

MAX_SHOWN = 256
"""Characters of a link's text that are looked at."""

MAX_WORDS = 4096
"""Words of all links that are looked at."""

_WORD = re.compile(r"[^\W\d_]++")
_LOOKS_LIKE_HOST = re.compile(r"(?:https?://)?[\w\-]++(?:\.[\w\-]++)+(?![^\s/?#:])")


class UrlAlphabets(Check):
    """Looks at hosts as browsers show them, at paths, and at texts of links that name a host."""

    name = "url_alphabets"
    symbols = {
        "OMOGRAPH_URL": Symbol(5.0, "url", "Host with letters of Latin and of another alphabet"),
        "R_MIXED_CHARSET_URL": Symbol(7.0, "headers", "Link that mixes alphabets in a word"),
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        words = MAX_WORDS
        for one in task.message.urls:
            if "mixed" in one.url.traits:
                hits.add("OMOGRAPH_URL", one.url.host)
                hits.add("R_MIXED_CHARSET_URL", one.url.host)
                continue
            for word in _odd_words(one)[: max(words, 0)]:
                words -= 1
                # Units and formulas have letters beside Latin ones that nobody misreads.
                if {"mixed", "homograph"} <= looks_of(word):
                    hits.add("R_MIXED_CHARSET_URL", one.url.host)
                    break
        return hits.hits()


def _odd_words(one: FoundUrl) -> list[str]:
    """The words of a path, and of a text that names a host, that are not all ASCII."""
    path = unquote(one.url.path) if "%" in one.url.path else one.url.path
    shown = one.shown[:MAX_SHOWN]
    if shown.isascii() or not _LOOKS_LIKE_HOST.match(shown):
        shown = ""
    text = f"{path} {shown}"
    return [] if text.isascii() else [word for word in _WORD.findall(text) if not word.isascii()]
