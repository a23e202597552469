"""Tokens of what a message is made of: sender, links, MIME and HTML, the form of its header.

Nothing of what receivers and lists add is looked at (classifier.md section 2, "Header policy").
"""

import re
from collections.abc import Iterator

from ..mail import Message
from ..mail.addresses import Address
from ..mail.html import HtmlView
from ..mail.urls import FoundUrl

MAX_LINKS = 100
MAX_PARTS = 50
MAX_NAMES = 8
MAX_SUBJECT = 1000
"""Characters of a subject whose words are looked at."""

MAX_SUBJECT_WORDS = 20
MAX_TOKEN = 64
"""Characters of a token that are looked at."""

_WORD = re.compile(r"[^\W\d_]{2,20}")
_PATH_WORD = re.compile(r"[A-Za-z]{3,15}")
_RE = re.compile(r"(?:re|fwd?|aw|sv|wg|tr)\s*:", re.IGNORECASE)
_SHAPE = str.maketrans(
    "bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ123456789", "a" * 25 + "A" * 25 + "0" * 9
)
_RUNS = re.compile(r"(.)\1+")


def sender_tokens(message: Message) -> Iterator[str]:
    """Who the message says it is from."""
    author = _first(message.from_)
    yield from (f"fn:{word}" for word in _words(author.name)[:MAX_NAMES])
    labels = author.domain.split(".")
    yield f"fd:{author.domain[:MAX_TOKEN]}"
    yield f"ft:{labels[-1][:MAX_TOKEN]}"
    if len(labels) > 2:
        yield f"fo:{'.'.join(labels[-2:])[:MAX_TOKEN]}"
    yield f"fl:{shape(author.local)}"


def subject_tokens(message: Message) -> Iterator[str]:
    """Words of the subject."""
    words = _words((message.subject or "")[:MAX_SUBJECT])
    yield from (f"sw:{word}" for word in words[:MAX_SUBJECT_WORDS])


def link_tokens(message: Message) -> Iterator[str]:
    """Where links lead to."""
    for found in message.urls[:MAX_LINKS]:
        yield from _link(found)


def _link(found: FoundUrl) -> Iterator[str]:
    url = found.url
    kind = "a" if found.is_clicked else "i"
    if not found.is_web:
        yield f"us:{kind}{url.scheme[:MAX_TOKEN]}"
        return
    yield f"uh:{kind}{url.host[:MAX_TOKEN]}"
    yield f"ud:{kind}{url.domain[:MAX_TOKEN]}"
    yield f"ut:{kind}{url.host.rpartition('.')[2][:MAX_TOKEN]}"
    if url.is_ip:
        yield f"ui:{kind}"
    yield from (f"up:{word.lower()}" for word in _PATH_WORD.findall(url.path[:200])[:4])
    yield from (f"uq:{trait}" for trait in url.traits)


def mime_tokens(message: Message) -> Iterator[str]:
    """Types, encodings, names of files, and how much there is of what."""
    for part in message.parts[:MAX_PARTS]:
        yield f"ct:{part.type[:MAX_TOKEN]}"
        yield f"ce:{part.encoding[:20]}/{part.type[:MAX_TOKEN]}"
        if part.charset:
            yield f"cs:{part.charset[:20].lower()}"
        if part.disposition:
            yield f"cd:{part.disposition[:12]}"
        for name in part.filenames[:1]:
            stem, dot, extension = name.lower().rpartition(".")
            yield f"fx:{extension[-8:] if dot else ''}"
            yield from (f"fw:{word}" for word in _words(stem)[:MAX_NAMES])
    text = message.text
    yield f"lp:{len(text.plain).bit_length()}"
    yield f"lh:{len(text.html).bit_length()}"
    yield f"lu:{min(len(message.urls), 255).bit_length()}"
    attachments = sum(part.is_attachment for part in message.leaves[:MAX_PARTS])
    yield f"la:{min(attachments, 4)}"
    for part in message.text_parts[:4]:
        if part.html is not None:
            yield from _html(part.html, len(part.text))


def _html(view: HtmlView, length: int) -> Iterator[str]:
    yield from (f"ht:{tag}{min(3, count.bit_length())}" for tag, count in view.tags.items())
    yield from (f"hq:{trait}" for trait in view.traits)
    yield from (f"hh:{why}" for why in {one.why for one in view.hidden})
    yield f"hr:{(length // (len(view.text) + 1)).bit_length()}"


def header_tokens(message: Message) -> Iterator[str]:
    """The form of what the sender's program writes; no values of a site."""
    author, subject = _first(message.from_), message.subject or ""
    reply = _first(message.reply_to)
    yield f"rt:{0 if not reply.address else 1 if reply.domain == author.domain else 2}"
    yield f"re:{bool(_RE.match(subject))}"
    yield f"ir:{'in-reply-to' in message.headers}{'references' in message.headers}"
    for name in ("x-mailer", "user-agent"):
        header = message.headers.get(name)
        words = _words(header.text[:200])[:4] if header is not None else ["-"]
        yield from (f"xm:{word}" for word in words)
    left, _, right = (message.message_id or "").rpartition("@")
    right = right.lower()
    is_own = bool(author.domain) and (
        right.endswith(author.domain) or (bool(right) and author.domain.endswith(right))
    )
    yield f"mi:{0 if not right else 1 if is_own else 2}"
    yield f"mf:{shape(left)}"
    yield f"to:{min(4, len(message.to))}{min(3, len(message.cc))}"
    yield f"tn:{any(one.name for one in message.to)}"
    yield f"su:{subject.isupper()}{len(subject).bit_length()}{min(2, subject.count('!'))}"
    yield f"pr:{'x-priority' in message.headers}{'importance' in message.headers}"
    header = message.headers.get("subject")
    if header is not None and "=?" in header.unfolded:
        yield f"se:{header.unfolded[:10].lower()}"


def shape(text: str) -> str:
    """What a text looks like: `a`, `A` and `0` for runs of letters and digits."""
    return _RUNS.sub(r"\1", text[:MAX_TOKEN].translate(_SHAPE))[:16]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _first(addresses: tuple[Address, ...]) -> Address:
    return addresses[0] if addresses else Address("", "", "", "")
