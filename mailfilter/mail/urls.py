"""The URLs of a message, wherever they stand: one list for all who look at them."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from .part import Part
from .url_budget import UrlBudget
from .url_find import find_urls
from .url_parse import MAX_URL, PORTS, Url

if TYPE_CHECKING:
    from .message import Message

MAX_REFUSED = 64
"""Links that are kept though no browser would follow them."""

PIECE = 256
"""URLs of one piece of work: some milliseconds."""

MAX_NAMES = 64
"""Attachments whose names are looked at."""

MAX_SHOWN = 512
"""Characters that are kept of a link's text."""

MAX_OTHER = 128 * 1024
"""Octets of other readings of an ambiguous message that are looked at."""

_MARKUP = ("data:", "cid:", "javascript:", "about:", "#", "tel:", "sms:")
"""What addresses of HTML that lead nowhere begin with."""

_NESTED = re.compile(r"https?:[/\\][^\s<>\"]++", re.IGNORECASE)
_PIECES = re.compile(r"[?&#;]")
_UNFOLD = re.compile(r"\r?\n[ \t]")
_NO_SCHEME = re.compile(r"(?:[/\\]{2}|www\.)", re.IGNORECASE)
_LIKE_URL = re.compile(r"https?:|ftp:", re.IGNORECASE)


class FoundUrl(NamedTuple):
    """A URL, and where it stands."""

    url: Url
    where: str
    """`text`, `html`, `subject`, `calendar`, `attachment` (in the name of one), or `query`: within
    another URL, as those of redirectors."""
    shown: str = ""
    """The text of a link in HTML."""
    is_clicked: bool = True
    """A reader goes there by a click; else programs load it by themselves."""
    inner: tuple[Url, ...] = ()
    """Those within it: where a redirector leads, or what it is told."""

    @property
    def is_web(self) -> bool:
        """Whether it leads to a host: to none do addresses of mail, and schemes of programs."""
        return self.url.scheme in PORTS and self.url.host != ""


class FoundUrls(NamedTuple):
    """All URLs of a message."""

    urls: tuple[FoundUrl, ...]
    """Each once for each place and text, at most 10,240."""
    refused: tuple[str, ...]
    """Links of HTML that look like URLs but are none to browsers, cut at 2,048 characters."""
    is_cut: bool
    """There is more than was looked at."""


class UrlSearch:
    """Looks for the URLs of a message: in its subject, links, text, calendars and names of files.

    `steps` does it in pieces, `finish` does what is left.
    """

    def __init__(self, message: "Message", budget: UrlBudget | None = None) -> None:
        self._budget = budget or UrlBudget()
        self._refused: dict[str, None] = {}
        self._found: dict[tuple[str, str, str], FoundUrl] = {}
        self._left = _all(message, self._budget, self._refused)

    def steps(self) -> Iterator[None]:
        """Go on; yields after every few URLs."""
        while self._take(PIECE):
            yield

    def finish(self) -> FoundUrls:
        """All that there is."""
        self._take(None)
        return FoundUrls(tuple(self._found.values()), tuple(self._refused), self._budget.is_spent)

    def _take(self, most: int | None) -> int:
        """Take so many more URLs, or all; returns how many there were."""
        found, budget = self._found, self._budget
        count = 0
        for one in islice(self._left, most):
            count += 1
            key = (one.url.raw, one.where, one.shown)
            if key in found:
                continue
            inner = _nested(one.url, budget)
            found[key] = one._replace(inner=inner) if inner else one
            for url in inner:
                found.setdefault((url.raw, "query", ""), FoundUrl(url, "query", "", one.is_clicked))
        return count


def collect_urls(message: "Message", budget: UrlBudget | None = None) -> FoundUrls:
    """Find the URLs of a message at once."""
    return UrlSearch(message, budget).finish()


def domains_of(urls: tuple[FoundUrl, ...]) -> tuple[str, ...]:
    """The registrable domains and addresses that URLs lead to, each once."""
    return tuple(dict.fromkeys([one.url.domain for one in urls if one.is_web and one.url.domain]))


def _all(message: "Message", budget: UrlBudget, refused: dict[str, None]) -> Iterator[FoundUrl]:
    if subject := message.subject:
        for url in find_urls(subject, budget):
            yield FoundUrl(url, "subject")
    yield from _links(message.text_parts, budget, refused)
    for text in (message.text.plain, message.text.html):
        for url in find_urls(text, budget):
            yield FoundUrl(url, "text")
    yield from _of_other_readings(message, budget, refused)
    for part in message.leaves:
        if part.type == "text/calendar":
            for url in find_urls(_UNFOLD.sub("", part.text), budget):
                yield FoundUrl(url, "calendar")
    attachments = [part for part in message.leaves if part.is_attachment][:MAX_NAMES]
    for name in [name for part in attachments for name in part.filenames]:
        for url in find_urls(name, budget):
            # A name ends like that of a site by chance: `.com` is an old kind of programs.
            if "no_scheme" not in url.traits:
                yield FoundUrl(url, "attachment")


def _of_other_readings(
    message: "Message", budget: UrlBudget, refused: dict[str, None]
) -> Iterator[FoundUrl]:
    """What only those see whose program reads an ambiguous message another way."""
    parts: list[Part] = []
    left = MAX_OTHER
    for part in message.alternatives:
        left -= part.end - part.body_start
        if left >= 0 and part.is_text and not part.is_attachment:
            parts.append(part)
    yield from _links(parts, budget, refused)
    for part in parts:
        for url in find_urls(part.text if part.html is None else part.html.text, budget):
            yield FoundUrl(url, "text")


def _links(
    parts: Iterable[Part], budget: UrlBudget, refused: dict[str, None]
) -> Iterator[FoundUrl]:
    """The addresses in HTML, as a program that shows it would follow them."""
    for part in parts:
        view = part.html
        if view is None:
            continue
        for link in view.links:
            href = link.href
            if href.startswith(_MARKUP):
                continue
            url = budget.read_url(_with_scheme(href))
            if url is not None:
                if not budget.take_url():
                    return
                yield FoundUrl(url, "html", link.text[:MAX_SHOWN], link.is_clicked)
            elif _LIKE_URL.match(href) and len(refused) < MAX_REFUSED:
                refused[href[:MAX_URL]] = None


def _with_scheme(href: str) -> str:
    """A link with the scheme that programs give it where it has none."""
    if not (found := _NO_SCHEME.match(href)):
        return href
    return f"https:{href}" if found[0][0] in "/\\" else f"http://{href}"


def _nested(url: Url, budget: UrlBudget) -> tuple[Url, ...]:
    """URLs within one, one level deep."""
    # Any other may stand at the beginning only.
    if "http" not in url.raw[5:].lower() or url.scheme not in PORTS:
        return ()
    found: dict[str, Url] = {}
    for piece in _PIECES.split(f"{url.path[1:]}?{url.query}#{url.fragment}"):
        text = unquote(piece)
        if "%" in text and "://" not in text:
            text = unquote(text)
        nested = _NESTED.search(text)
        # Some redirectors put underscores around what they were given.
        inner = budget.read_url(nested[0].rstrip("_")) if nested else None
        if inner is not None and inner.raw not in found:
            if not budget.take_url():
                break
            found[inner.raw] = inner
    return tuple(found.values())
