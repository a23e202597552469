"""URLs and addresses in plain text, as mail programs make links of them.

What starts like a URL is one, with or without a scheme; a bare name is one if it has a path or ends
as names of sites do. Anchors are looked for (`:/`, `.com`, `@`), and what stands around them.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from itertools import takewhile

from .public_suffix import has_known_suffix
from .url_budget import UrlBudget
from .url_parse import AROUND, MAX_URL, Url

MAX_LENGTH = 64 * 1024
"""Characters of one URL that are looked at."""

MAX_NAME = 256
"""Characters before an anchor that may be a name."""

_SCHEMES = ("http:", "https:", "ftp:", "file:", "ws:", "wss:")
_ANCHOR = re.compile(
    rf":(?=[/\\])(?:{'|'.join(f'(?<={scheme})' for scheme in _SCHEMES)})", re.IGNORECASE
)
_BACK = re.compile("|".join(sorted((name[-2::-1] for name in _SCHEMES), reverse=True)), re.I)
_REST = re.compile(rf"[^\s<>\"]{{1,{MAX_LENGTH}}}+")

_SITES = (
    "com net org edu gov mil int info biz mobi xyz top site online shop store club icu website vip"
    " club link live win bid loan date stream trade download review click buzz rest cyou sbs"
    " ru su ua by kz cn hk tw jp kr vn th sg my ph eu uk de fr es pt nl be ch dk se no fi pl cz sk"
    " hu ro bg gr tr il ae sa za ng ke us ca mx br ar cl co au nz ir pk tv onion"
)


def _one_of(words: str) -> str:
    """A pattern for words that looks at their first letters first."""
    endings: dict[str, list[str]] = {}
    for word in words.split():
        endings.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in endings.items())


_BARE = re.compile(
    rf"\.(?=\w)(?:(?<=www\.)|(?:{_one_of(_SITES)})(?![\w\-@])"
    r"|[a-z]{2,24}+(?=:[0-9]{1,5}+/|/))",
    re.IGNORECASE,
)
_NO_SITE = re.compile(r"_|\.\.|^[.\-]|-\.")
_NAME = re.compile(r"[\w.\-]++")
_TAIL = re.compile(rf"(?::[0-9]{{1,5}}+(?![0-9\w]))?(?:[/?#][^\s<>\"]{{0,{MAX_LENGTH}}}+)?")
_AT = re.compile(r"@(?=\w)(?<=[\w.%+\-=]@)")
_MAILBOX = re.compile(r"[\w.%+\-=]++")

_CLOSERS = {")": "(", "]": "[", "}": "{"}
_TRAILING = (
    AROUND
    + ".,;:!?'*`|\u2018\u2019\u201c\u201d\u00bb\u2026"
    + ("\u3001\u3002\u300a\u300b\u300c\u300d\u3010\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f")
)
_NO_START = ("@", "/", "\\", "%", "&")
"""In front of a bare name: it is a piece of something else."""

MAX_CUT = 3
"""Labels behind a bare name that may be the next sentence, or what a program calls."""

_EAST = re.compile("[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\uffef]")
_EAST_BEHIND = re.compile(rf"\.[a-z]{{2,24}}+(?={_EAST.pattern})", re.IGNORECASE)


_Found = tuple[int, int, Url]
"""Where a URL begins and ends, and what it is."""


class _Spans:
    """URLs found so far, and where."""

    def __init__(self) -> None:
        self.found: list[_Found] = []
        self._starts: list[int] = []

    def add(self, more: list[_Found]) -> None:
        """Take what one search found, none of it over what is there."""
        self.found = sorted(self.found + more, key=_start)
        self._starts = list(map(_start, self.found))

    def behind(self, at: int) -> int:
        """The end of the URL that a place is in, 0 if it is in none."""
        index = bisect(self._starts, at) - 1
        end = self.found[index][1] if index >= 0 else 0
        return end if end > at else 0


def _start(found: _Found) -> int:
    return found[0]


def find_urls(text: str, budget: UrlBudget | None = None) -> tuple[Url, ...]:
    """The URLs of a text in their order, `mailto` ones for addresses; linear to its length.

    Those without a scheme have it added, but not in `raw`, and the trait `no_scheme`.
    """
    budget = budget or UrlBudget()
    spans = _Spans()
    for sign, search in ((":", _with_scheme), ("@", _addresses), (".", _bare)):
        # Most texts are short, and have none.
        if sign in text:
            spans.add(list(takewhile(lambda _: budget.take_url(), search(text, spans, budget))))
    return tuple([url for _, _, url in spans.found])


def _with_scheme(text: str, spans: _Spans, budget: UrlBudget) -> Iterator[_Found]:
    at = 0
    while anchor := _ANCHOR.search(text, at):
        colon = anchor.start()
        scheme = _BACK.match(text[max(0, colon - 5) : colon][::-1])
        rest = _REST.match(text, colon)
        assert scheme is not None and rest is not None, "the anchor has both"
        start = colon - scheme.end()
        at = rest.end()
        if url := _read(_trimmed(text[start:at]), "", budget):
            yield start, at, url
        elif budget.is_over or not budget.take_miss():
            return


def _addresses(text: str, spans: _Spans, budget: UrlBudget) -> Iterator[_Found]:
    at = 0
    while anchor := _AT.search(text, at):
        sign = anchor.start()
        at = sign + 1
        if end := spans.behind(sign):
            at = end
            continue
        before = _MAILBOX.match(text[max(0, sign - MAX_NAME) : sign][::-1])
        behind = _NAME.match(text, at, at + MAX_NAME)
        assert before is not None and behind is not None, "the anchor has both"
        start = sign - before.end()
        at = behind.end()
        domain = _site(behind[0])
        end = sign + 1 + len(domain)
        url = budget.read_url("mailto:" + text[start:end]) if domain else None
        if url and budget.take_mailbox():
            yield start, end, url._replace(raw=text[start:end])
        elif budget.is_over or not budget.take_miss():
            return


def _bare(text: str, spans: _Spans, budget: UrlBudget) -> Iterator[_Found]:
    at = 0
    while anchor := _BARE.search(text, at):
        dot = anchor.start()
        at = dot + 1
        if end := spans.behind(dot):
            at = end
            continue
        found = _bare_at(text, dot, budget)
        if found:
            at = found[1]
            yield found
        elif budget.is_over or not budget.take_miss():
            return


def _bare_at(text: str, dot: int, budget: UrlBudget) -> _Found | None:
    """The URL without a scheme that a dot is in."""
    name = _name_before(text, dot)
    start = dot - len(name)
    behind = _NAME.match(text, dot + 1, dot + 1 + MAX_NAME)
    if not name or not behind or text[start - 1 : start] in _NO_START:
        return None
    host = _site(f"{name}.{behind[0]}")
    if len(host) <= len(name) or _NO_SITE.search(host):
        return None
    end = start + len(host)
    if end == behind.end() and (tail := _TAIL.match(text, end)):
        end = tail.end()
    url = _read(_trimmed(text[start:end]), "http://", budget)
    return (start, end, url._replace(traits=url.traits | {"no_scheme"})) if url else None


def _name_before(text: str, dot: int) -> str:
    """The labels before a dot, in front of which text of East Asia may stand without a space."""
    found = _NAME.match(text[max(0, dot - MAX_NAME) : dot][::-1])
    if not found:
        return ""
    name = found[0][::-1]
    return name if name.isascii() else _EAST.split(name)[-1].lstrip(".-")


def _site(name: str) -> str:
    """The beginning of a name that is below a known suffix; empty if none is."""
    name = name.rstrip(".-_")
    for _ in range(MAX_CUT):
        if "." not in name or has_known_suffix(name):
            return name if "." in name else ""
        name = name.rpartition(".")[0]
    return ""


def _read(raw: str, scheme: str, budget: UrlBudget) -> Url | None:
    """The URL, without text of East Asia that stands behind the host."""
    url = budget.read_url(scheme + raw)
    odd = None if raw.isascii() else _EAST_BEHIND.search(raw)
    if odd and (url is None or not has_known_suffix(url.host)):
        raw = raw[: odd.end()]
        url = budget.read_url(scheme + raw)
    return url._replace(raw=raw[:MAX_URL]) if url and scheme else url


def _trimmed(raw: str) -> str:
    """Without what belongs to the sentence around it."""
    raw = raw.rstrip(_TRAILING)
    if raw[-1:] not in _CLOSERS:
        return raw
    extra = {closer: raw.count(closer) - raw.count(opener) for closer, opener in _CLOSERS.items()}
    end = len(raw)
    while end and (raw[end - 1] in _TRAILING or extra.get(raw[end - 1], 0) > 0):
        extra[raw[end - 1]] = extra.get(raw[end - 1], 0) - 1
        end -= 1
    return raw[:end]
