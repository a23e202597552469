"""Is a URL disguised in text, for a reader to put together and a filter to miss?"""

import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._option_hits import MAX_OPTION, MOST

MAX_TEXT = 128 * 1024
"""Characters that are looked at."""

BEFORE = 48
"""Characters before a full stop in brackets that may hold an at sign."""

_DOT = r"(?:\.|dot|d0t|punkt|punto|ponto|point|точка|тчк)"
_SUFFIX = r"(?:com|net|org|info|biz|ru|su|cn|de|uk|eu|co|io|me|xyz|top|site|online|shop|club|icu)"
_SCHEMES = (
    "hxxp",
    "hxxps",
    "h**p",
    "h**ps",
    "h t t p",
    "h t t p ",
    "h t t p s",
    "h t t p s ",
    "ht tp",
    "htt p",
    "h ttp",
)
_SCHEME = re.compile(
    rf":(?=\]?\s?/\s?/)(?:{'|'.join(f'(?<={re.escape(name)}:)' for name in _SCHEMES)}"
    r"|(?<=[tx]p\[:)|(?<=[tx]ps\[:))",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(
    rf"[\[({{<]\s?{_DOT}\s?[\])}}>]\s?(?:[\w\-]++\s?[\[({{<]\s?{_DOT}\s?[\])}}>]\s?)?{_SUFFIX}\b",
    re.IGNORECASE,
)
# Two patterns that begin with letters are faster than one that takes letters of two cases.
_APART = r"(?:\s\.\s?|\s?\.\s|\s[dD][oO][tT]\s)[\w\-]{2,63}+\s?(?:\.|[dD][oO][tT]\s)"
_WWW = re.compile("www" + _APART)
_WWW_CAPITALS = re.compile("WWW" + _APART)
_NAME = re.compile(r"[\w\-]{2,63}\s?$")
_AT = re.compile(r"@|[\[({<_\s\-](?:at|ät|arroba|собака|a)[\])}>_\s\-]", re.IGNORECASE)


class UrlObfuscated(Check):
    """Fires for `hxxp://`, `example[.]com`, `www . example`; not for addresses of mail."""

    name = "url_obfuscated"
    symbols = {"URL_OBFUSCATED_TEXT": Symbol(5.0, "url", "Link disguised in text")}

    def run(self, task: Task) -> Findings:
        text = task.message.text.visible[:MAX_TEXT]
        found = _dots(text)
        found += [match[0] for pattern in (_WWW, _WWW_CAPITALS) if (match := pattern.search(text))]
        if match := _SCHEME.search(text):
            found.append(text[max(0, match.start() - 9) : match.end()].split("\n")[-1])
        if not found:
            return ()
        return [Hit("URL_OBFUSCATED_TEXT", options=tuple(one[:MAX_OPTION] for one in found[:MOST]))]


def _dots(text: str) -> list[str]:
    """Names with a full stop in brackets."""
    found = []
    for match in _IN_BRACKETS.finditer(text):
        before = text[max(0, match.start() - BEFORE) : match.start()]
        name = _NAME.search(before)
        if name and not _AT.search(before):
            found.append(name[0] + match[0])
            if len(found) == MOST:
                break
    return found
