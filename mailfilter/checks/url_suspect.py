"""Is a URL written so that a reader, or a filter, takes it for another?"""

from collections.abc import Iterator

from ..mail.url_parse import MAX_URL
from ..mail.urls import FoundUrl
from ..scan.check import Check, Findings, Given, Symbol
from ..scan.task import Task
from ._option_hits import OptionHits
from ._options import read_texts

WEB = ("http", "https", "ftp")
LONG_USER = 128
VERY_LONG_USER = 256
DOTS = 8
"""Dots of a host that nobody needs so many of."""

SUSPICIOUS_TLDS = ("tk", "ml", "ga", "cf", "gq")
"""Suffixes that were free for anybody for years."""

_BY_TRAIT = {
    "backslash": "URL_BACKSLASH_PATH",
    "broken": "URL_BAD_UNICODE",
    "bad_idn": "URL_BAD_UNICODE",
    "homograph": "URL_HOMOGRAPH_ATTACK",
    "many_at": "URL_MULTIPLE_AT_SIGNS",
    "override": "URL_RTL_OVERRIDE",
    "widthless": "URL_ZERO_WIDTH_SPACES",
    "long": "URL_VERY_LONG",
}


class UrlSuspect(Check):
    """Looks at each URL by itself. Option `suspicious_tlds`: names of suffixes, without the dot."""

    name = "url_suspect"
    options = ("suspicious_tlds",)
    symbols = {
        "URL_BACKSLASH_PATH": Symbol(2.0, "url", "URL with a backslash for a slash"),
        "URL_BAD_UNICODE": Symbol(3.0, "url", "URL with characters that are none"),
        "URL_EXCESSIVE_DOTS": Symbol(2.0, "url", "URL whose host has too many dots"),
        "URL_HOMOGRAPH_ATTACK": Symbol(5.0, "url", "URL whose host looks like another"),
        "URL_MULTIPLE_AT_SIGNS": Symbol(3.0, "url", "URL with several at signs before the path"),
        "URL_NO_TLD": Symbol(2.0, "url", "URL whose host has no suffix"),
        "URL_NUMERIC_IP": Symbol(1.5, "url", "URL of an IP address"),
        "URL_NUMERIC_IP_USER": Symbol(4.0, "url", "URL of an IP address with a user before it"),
        "URL_NUMERIC_PRIVATE_IP": Symbol(0.5, "url", "URL of a private IP address"),
        "URL_QUERY_MULTIPLE_URLS": Symbol(2.0, "url", "URL with several others in its query"),
        "URL_RTL_OVERRIDE": Symbol(6.0, "url", "URL that turns the direction of text"),
        "URL_SUSPICIOUS_TLD": Symbol(3.0, "url", "URL below a suffix that spammers like"),
        "URL_USER_LONG": Symbol(3.0, "url", "URL with a user of over 128 characters"),
        "URL_USER_PASSWORD": Symbol(2.0, "url", "URL with a user before the host"),
        "URL_USER_VERY_LONG": Symbol(5.0, "url", "URL with a user of over 256 characters"),
        "URL_VERY_LONG": Symbol(1.5, "url", "URL of over 2048 characters"),
        "URL_ZERO_WIDTH_SPACES": Symbol(7.0, "url", "URL with characters of no width in it"),
    }

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        tlds = read_texts(given.options, "suspicious_tlds", SUSPICIOUS_TLDS)
        self._tlds = tuple(f".{tld.lower().strip('.')}" for tld in tlds)

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for one in task.message.urls:
            if one.url.scheme in WEB:
                for symbol in self._look_at(one):
                    hits.add(symbol, one.url.host)
        for text in task.message.found_urls.refused:
            if _has_odd_host(text):
                hits.add("URL_BAD_UNICODE", text)
            if len(text) == MAX_URL:
                # A user before the host of such a length that there is no end to be seen.
                hits.add("URL_VERY_LONG", text)
        return hits.hits()

    def _look_at(self, one: FoundUrl) -> Iterator[str]:
        url = one.url
        for trait in url.traits:
            if trait in _BY_TRAIT:
                yield _BY_TRAIT[trait]
        if url.address is not None:
            if url.user:
                yield "URL_NUMERIC_IP_USER"
            elif url.address.is_private:
                yield "URL_NUMERIC_PRIVATE_IP"
            else:
                yield "URL_NUMERIC_IP"
        elif "." not in url.host and url.host != "localhost":
            yield "URL_NO_TLD"
        elif url.host.count(".") > DOTS:
            yield "URL_EXCESSIVE_DOTS"
        if url.host.endswith(self._tlds):
            yield "URL_SUSPICIOUS_TLD"
        if url.user:
            yield _by_length(len(url.user))
        if len(one.inner) > 1:
            yield "URL_QUERY_MULTIPLE_URLS"


def _by_length(length: int) -> str:
    if length > VERY_LONG_USER:
        return "URL_USER_VERY_LONG"
    return "URL_USER_LONG" if length > LONG_USER else "URL_USER_PASSWORD"


def _has_odd_host(text: str) -> bool:
    """Whether a link that is none has a host that is not in ASCII."""
    host = text.replace("\\", "/").partition(":")[2].lstrip("/").partition("/")[0]
    return not host.isascii() or "%" in host
