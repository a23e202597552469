"""In what a rule looks: one name for each way to see a message."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from ..mail import Address, Message
from ..mail.headers import Header

MAX_VALUES = 1000
"""Values of one target; what a message has more is not looked at."""

MAX_OCTETS = 2**20
"""Of one target, from the first: a MiB takes some milliseconds to be searched."""

_FIELD = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,77}")
_BREAKS = re.compile(r"[\r\n]++")

_MAILBOXES = {"from": "from_", "sender": "sender", "reply-to": "reply_to", "to": "to", "cc": "cc"}
"""Field -> attribute of a message with its mailboxes."""

Values = Callable[[Message], list[bytes]]
Reader = Callable[[Message], bytes | None]
Mailboxes = Callable[[Message], Sequence[Address]]


class Target(NamedTuple):
    """What is searched: a kind, and the name of a field (lower case) if it is one of those."""

    kind: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.field}" if self.field else self.kind

    @property
    def is_octets(self) -> bool:
        """Whether it is searched as sent; else as characters in UTF-8."""
        return self.kind in _OCTETS

    @property
    def needs(self) -> bytes | None:
        """The field without which there is nothing to search, in lower case."""
        # A subject may be told beside a message.
        is_told = self.kind == "header" and self.field == "subject"
        return self.field.encode() if self.field and not is_told else None

    @property
    def is_header(self) -> bool:
        """Whether only the header of a message has a part in it."""
        return self.kind in _HEADER_KINDS


class TargetError(ValueError):
    """No target has this name; the text says what was expected."""


def read_target(text: str) -> Target:
    """A target by its name, such as `header:x-mailer`. Raises TargetError."""
    if text == "subject":
        return Target("header", "subject")
    kind, colon, field = text.partition(":")
    if colon and kind in _FIELD_KINDS:
        return Target(kind, _field_name(kind, field.lower()))
    if text in _WHOLE_KINDS:
        return Target(text)
    near = get_close_matches(kind, [*_FIELD_KINDS, *_WHOLE_KINDS, "subject"], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = ", ".join(["subject", *(f"{kind}:NAME" for kind in _FIELD_KINDS), *_WHOLE_KINDS])
    raise TargetError(f"expected one of {known}, got {text[:100]!r}{hint}")


def read_octets(target: Target, message: Message) -> bytes | None:
    """What is to be searched, each value on lines of its own; `None` if the message has none."""
    return reader_of(target)(message)


def reader_of(target: Target) -> Reader:
    """How to read a target, made once for all messages.

    Most rules look at fields that most messages have not: that must cost nearly nothing.
    """
    is_octets = target.is_octets
    if target.kind == "header":
        values: Values = partial(_decoded, target.field, target.field.encode())
    elif target.kind == "rawheader":
        values = partial(_raw, target.field.encode())
    elif target.field:
        values = partial(_FIELD_KINDS[target.kind], attrgetter(_MAILBOXES[target.field]))
    else:
        values = _WHOLE_KINDS[target.kind]

    def read(message: Message) -> bytes | None:
        found = values(message)
        if not found:
            return None
        octets = found[0] if len(found) == 1 else b"\n".join(found[:MAX_VALUES])
        return octets if len(octets) <= MAX_OCTETS else _cut(octets, is_octets)

    return read


def _cut(found: bytes, is_octets: bool) -> bytes:
    """The beginning, and no piece of a character at its end: what is searched must be UTF-8."""
    cut = found[:MAX_OCTETS]
    return cut if is_octets else cut.decode("utf-8", "ignore").encode()


def _field_name(kind: str, name: str) -> str:
    if kind in ("address", "name") and name not in _MAILBOXES:
        raise TargetError(f"expected one of {', '.join(_MAILBOXES)} after {kind}:, got {name!r}")
    if not _FIELD.fullmatch(name):
        raise TargetError(f"expected the name of a field after {kind}:, got {name[:100]!r}")
    return name


def _line(text: str) -> bytes:
    """A value on one line, whatever is encoded in it."""
    if "\n" in text or "\r" in text:
        text = _BREAKS.sub(" ", text)
    return text.encode("utf-8", "replace")


def _decoded(name: str, key: bytes, message: Message) -> list[bytes]:
    found = message.headers.fields(key)
    if not found:
        is_told = name == "subject" and message.subject is not None
        return [_line(message.subject or "")] if is_told else []
    return [_line(header.text) for header in found[:MAX_VALUES]]


def _raw(key: bytes, message: Message) -> list[bytes]:
    return message.headers.values(key)


def _addresses(mailboxes: Mailboxes, message: Message) -> list[bytes]:
    return [_line(item.address) for item in mailboxes(message)]


def _names(mailboxes: Mailboxes, message: Message) -> list[bytes]:
    return [_line(item.name) for item in mailboxes(message) if item.name]


def _headers(message: Message) -> list[bytes]:
    return [_header_line(header) for header in message.headers[:MAX_VALUES]]


def _header_line(header: Header) -> bytes:
    return _line(f"{header.name}: {header.text}")


def _raw_headers(message: Message) -> list[bytes]:
    start, end = message.headers.start, message.headers.end
    return [message.raw[start : min(end, start + MAX_OCTETS)]]


def _body(message: Message) -> list[bytes]:
    start = message.root.body_start
    found = message.raw[start : start + MAX_OCTETS]
    return [found] if found else []


def _text(message: Message) -> list[bytes]:
    return _some(message.text.visible)


def _words(message: Message) -> list[bytes]:
    return _some(" ".join(message.text.words))


def _urls(message: Message) -> list[bytes]:
    found = dict.fromkeys(one.url.text for one in message.urls)
    return [_line(text) for text in found]


def _some(text: str) -> list[bytes]:
    return [text.encode("utf-8", "replace")] if text else []


def _html(message: Message) -> list[bytes]:
    return [part.text.encode() for part in message.text_parts if part.type == "text/html"]


def _filenames(message: Message) -> list[bytes]:
    return [_line(name) for part in message.leaves for name in part.filenames]


_FIELD_KINDS: Mapping[str, Callable[..., list[bytes]]] = {
    "header": _decoded,
    "rawheader": _raw,
    "address": _addresses,
    "name": _names,
}

_WHOLE_KINDS: Mapping[str, Values] = {
    "headers": _headers,
    "rawheaders": _raw_headers,
    "body": _body,
    "text": _text,
    "words": _words,
    "html": _html,
    "urls": _urls,
    "filenames": _filenames,
}

_OCTETS = frozenset({"rawheader", "rawheaders", "body"})
_HEADER_KINDS = frozenset({*_FIELD_KINDS, "headers", "rawheaders"})
