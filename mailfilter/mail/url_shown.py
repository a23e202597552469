"""The URL that a text says it is."""

import re

from .public_suffix import has_known_suffix
from .text import without_unseen
from .url_budget import UrlBudget
from .url_find import find_urls
from .url_parse import AROUND, Url

MAX_TEXT = 512
"""Characters of a text that are looked at."""

UNSEEN = 4
"""Times as many with those that nobody sees."""

WEB = ("http", "https", "ftp")

_URL = re.compile(
    r"(?:(?:https?:[/\\]{1,3}|ftp://)?(?:[\w\-]++[.\u3002\uff0e\uff61])+[\w\-]{2,}+"
    r"(?::[0-9]{1,5})?(?:[/?#\\][^\s<>\"]*+)?)$",
    re.IGNORECASE,
)
_BEFORE = AROUND + " \t\n\xa0<([\"'\u00ab\u201c"
_BEHIND = AROUND + " \t\n\xa0>)]\"'\u00bb\u201d.,;:!?\u2026"
_SCHEME = re.compile(r"(?:https?|ftp):", re.IGNORECASE)


def shown_url(text: str, budget: UrlBudget | None = None) -> Url | None:
    """The URL that a text is, such as the text of a link, or that it has in it with its scheme.

    One without a scheme is one if it is in other text, and has the trait `no_scheme`. The suffix
    must be one that there is. None if the text says anything else, or has URLs of several domains.
    Characters that nobody sees are not there, and others are what they look like (NFKC). A budget
    is for all texts of a message.
    """
    if not text.isascii():
        text = without_unseen(text[: MAX_TEXT * UNSEEN])
    if "." not in text and "\u3002" not in text:
        return None
    text = text[:MAX_TEXT].lstrip(_BEFORE).rstrip(_BEHIND)
    budget = budget or UrlBudget()
    if not _URL.match(text):
        return _url_within(text, budget)
    has_scheme = _SCHEME.match(text) is not None
    url = budget.read_url(text if has_scheme else "http://" + text)
    if url is None or not url.domain or not has_known_suffix(url.host):
        return None
    if not has_scheme and not find_urls(text, budget):
        return None
    return url if has_scheme else url._replace(traits=url.traits | {"no_scheme"})


def _url_within(text: str, budget: UrlBudget) -> Url | None:
    if not _SCHEME.search(text):
        return None
    found = [url for url in find_urls(text, budget) if url.scheme in WEB]
    found = [url for url in found if "no_scheme" not in url.traits]
    if len({url.domain for url in found}) != 1 or not has_known_suffix(found[0].host):
        return None
    return found[0] if found[0].domain else None
