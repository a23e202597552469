"""Do the links of HTML lead away from its author, as those of bulk mail do?"""

import re
from collections.abc import Iterator, Sequence

from ..mail.message import Message
from ..mail.url_parse import Url
from ..mail.urls import FoundUrl
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._people import OwnerCheck, author_of, base_of
from ._redirectors import DESKS, PICTURES, SERVICES, SHORTENERS, STORAGE, is_listed

MOST = 200
"""URLs of a message that are looked at."""

SAME = 3
"""Links to one place that are many."""

_WEB = ("http", "https")
_HERE = re.compile(
    r"\W*+(?:click|here|clique[zr]?|clic|cliquez|hier|klick\w*|aqu[ií]|ici|haga)\b", re.I
)
_FOR_OTHERS = SERVICES | DESKS
_MIXED = re.compile(r"[a-z][0-9]|[0-9][a-z]")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{7}")
_FRAGMENT_ADDRESS = re.compile(r"[\w.+-](?:@|%40)\w")
"""Behind a letter: messengers write names of their own as `#/@name`."""


class HtmlLinks(OwnerCheck):
    """Looks at where links and pictures of HTML are, beside the author's domain.

    Pixels that count readers have an owner of their own in many mailings, and do not matter there.
    """

    name = "html_links"
    symbols = {
        "LINKS_ALL_ELSEWHERE": Symbol(
            1.0, "structure", "HTML alone, all links to one domain that is not the author's"
        ),
        "LINKS_THREE_OWNERS": Symbol(
            1.4, "structure", "author, links and pictures all have different domains"
        ),
        "LINKS_ALL_SAME": Symbol(1.4, "structure", "three links or more, all to one place"),
        "LINKS_ALL_BARE": Symbol(1.0, "structure", "HTML alone, all links to hosts without a path"),
        "LINKS_CLICK_HERE": Symbol(0.7, "structure", "all links only ask for a click"),
        "LINKS_SHORTENED": Symbol(1.4, "structure", "HTML alone with a shortened link"),
        "LINKS_TO_STORAGE": Symbol(1.0, "structure", "link to storage where pages need no name"),
        "LINKS_RANDOM_HOST": Symbol(1.4, "structure", "link to a host with a random name"),
        "LINKS_FRAGMENT_ADDRESS": Symbol(2.1, "structure", "link with a mail address behind #"),
        "LINKS_FRAGMENT_TOKEN": Symbol(0.7, "structure", "HTML alone, link with a token behind #"),
        "PICTURES_ON_ADDRESS": Symbol(1.0, "structure", "picture loaded from an IP address"),
        "PICTURES_ON_HOSTER": Symbol(1.4, "structure", "picture from a host of anybody's pictures"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if all(part.type != "text/html" for part in message.text_parts):
            return []
        found = [
            one
            for one in message.urls[:MOST]
            if one.where == "html" and one.url.scheme in _WEB and one.url.host
        ]
        if not found:
            return []
        links = [one for one in found if one.is_clicked]
        pictures = [one for one in found if not one.is_clicked]
        symbols = [*_pictures(pictures), *_links(links)]
        symbols += _owners(message, links, pictures)
        if links and not message.text.plain:
            symbols += _alone(links)
        # A lone link to the first page of another is one fact.
        if len(links) == 1 and "LINKS_ALL_ELSEWHERE" in symbols and "LINKS_ALL_BARE" in symbols:
            symbols.remove("LINKS_ALL_BARE")
        return [Hit(symbol) for symbol in symbols]


def _pictures(pictures: Sequence[FoundUrl]) -> Iterator[str]:
    if any(one.url.is_ip for one in pictures):
        yield "PICTURES_ON_ADDRESS"
    if any(one.url.domain in PICTURES for one in pictures):
        yield "PICTURES_ON_HOSTER"


def _links(links: Sequence[FoundUrl]) -> Iterator[str]:
    if len(links) >= SAME and len({_place(one) for one in links}) == 1:
        yield "LINKS_ALL_SAME"
    texts = [one.shown for one in links if one.shown.strip()]
    is_most = texts and len(texts) * 2 >= len(links)
    # Links to nothing but a ticket need not say more.
    is_ticket = all(one.url.domain in DESKS for one in links)
    if is_most and not is_ticket and all(_HERE.match(text) for text in texts):
        yield "LINKS_CLICK_HERE"
    if any(is_listed(one.url.host, one.url.path, STORAGE) for one in links):
        yield "LINKS_TO_STORAGE"
    urls = [one.url for one in links]
    # Most lead to few hosts.
    if any(map(_is_random, {url.host for url in urls if _has_own_name(url)})):
        yield "LINKS_RANDOM_HOST"
    if any(_FRAGMENT_ADDRESS.search(one.url.fragment) for one in links):
        yield "LINKS_FRAGMENT_ADDRESS"


def _alone(links: Sequence[FoundUrl]) -> Iterator[str]:
    """What tells something where no plain text goes with the HTML."""
    if all(_is_bare(one) for one in links):
        yield "LINKS_ALL_BARE"
    if any(is_listed(one.url.host, one.url.path, SHORTENERS) for one in links):
        yield "LINKS_SHORTENED"
    if any(len(one.url.fragment) > 20 for one in links):
        yield "LINKS_FRAGMENT_TOKEN"


def _owners(
    message: Message, links: Sequence[FoundUrl], pictures: Sequence[FoundUrl]
) -> Iterator[str]:
    author = author_of(message)
    if not links or author is None or "." not in author.domain:
        return
    own = base_of(author.domain)
    led = {one.url.domain for one in links}
    loaded = {one.url.domain for one in pictures}
    if own in led or led & _FOR_OTHERS:
        return
    if len(led) == 1 and not message.text.plain:
        yield "LINKS_ALL_ELSEWHERE"
    if loaded and own not in loaded and not led & loaded:
        counters = _counters(message)
        if any(one.url.raw not in counters for one in pictures):
            yield "LINKS_THREE_OWNERS"


def _is_bare(link: FoundUrl) -> bool:
    """Whether it leads to a host without a path that it does not itself show."""
    url = link.url
    return url.path in ("", "/") and not url.query and url.host not in link.shown.lower()


def _counters(message: Message) -> set[str]:
    """Addresses of pictures of one pixel, by which mailings learn who has read them."""
    views = [part.html for part in message.text_parts]
    return {
        image.src.strip()
        for view in views
        if view is not None and "tiny_image" in view.traits
        for image in view.images
        if image.is_tiny
    }


def _place(one: FoundUrl) -> tuple[str, str, str]:
    return one.url.host, one.url.path, one.url.query


def _has_own_name(url: Url) -> bool:
    return not url.is_ip and url.domain not in SERVICES


def _is_random(host: str) -> bool:
    return any(map(_is_random_label, host.split(".")))


def _is_random_label(label: str) -> bool:
    if label.startswith("xn--"):
        return False
    # In German, where words are joined, one sound: rechtsschutz, deutschschweiz.
    if _CONSONANTS.search(label.replace("sch", "s")):
        return True
    return len(label) > 7 and "-" not in label and len(_MIXED.findall(label)) >= 3
