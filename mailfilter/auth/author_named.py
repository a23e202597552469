"""The domains that anybody could take for the author's, where it is in doubt whose they are.

Nothing passes by what is found here. Who wants to get around the policy of a domain writes it so
that one program shows it and another one does not find it: so all readings count.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from unicodedata import normalize

from ..codec.dns_name import BadName, normal_name
from ..mail import words
from ..mail.anomaly import AnomalyLog
from ..mail.headers import Headers
from .author import MAX_FIELD, is_domain

MAX_FIELDS = 8
"""From fields in which domains are looked for: the first and the last ones, as programs differ."""

MAX_NAMED = 5
"""Domains that are looked for."""

MAX_OCTETS = 2 * MAX_FIELD
"""Of all fields together; of longer ones the beginning and the end."""

MAX_WORK = 16_384
"""Characters behind an `@` that are looked at, and some for each of them."""

_WORK_OF_ONE = 20
_MAX_WORDS = 100
"""Encoded words of a field."""

_MAX_LABELS = 10
"""Of the end of a domain whose beginning is none: more than lead to an organization."""

_RUN = re.compile(r'@\s*+([^\x00-\x20\x7f"(),:;<>@\[\]\\]++)')
_FOLD_AND_BLANKS = re.compile(r"\r?\n[ \t]++")
_BLANK = r"[\x00-\x20\x7f]"
_AROUND_SIGN = re.compile(rf"{_BLANK}++(?=[.@])|(?<=[.@]){_BLANK}++")
_BLANKS = re.compile(rf"{_BLANK}++")
_BRACKETED = re.compile(r"<[^<>]*+")
_QUOTES = str.maketrans("", "", '"\\[]')
_ESCAPED_PAREN = re.compile(r"\\[()]")
_PARENS = re.compile(r"[()]")
_PLAIN = re.compile(r"\w[\w.-]*+")
_NOT_PLAIN = re.compile(r"[^\w.-]++")
# What is not seen (Default_Ignorable_Code_Point of Unicode, and other signs of format).
_UNSEEN = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]++"
)
_FULL_STOP = "\u3002"
# No part of a domain, and eighteen characters in its usual form.
_LONGEST = "\ufdfa"


class Named(NamedTuple):
    """What has been found."""

    domains: tuple[str, ...]
    """As `dns_name.normal_name` makes them, in the order in which they were found."""
    is_all: bool
    """Whether all was looked at."""


def named_domains(headers: Headers) -> Named:
    """The first domains that a program may see in From, whichever field it takes for that."""
    values = [field.value for field in headers.all("from")]
    is_all = not headers.is_cut
    if not headers.is_whole():
        possible, has_all = headers.possible(b"from", MAX_FIELDS)
        values = list(dict.fromkeys((*values, *possible)))
        is_all = is_all and has_all
    short = list(_shortened(values))
    is_all = is_all and sum(map(len, short)) == sum(map(len, values))
    found: dict[str, None] = {}
    work = MAX_WORK
    for run in _runs(short):
        work -= len(run) + _WORK_OF_ONE
        if work < 0:
            return Named(tuple(found), False)
        for name in _names(run):
            if name not in found and len(found) == MAX_NAMED:
                return Named(tuple(found), False)
            found[name] = None
    return Named(tuple(found), is_all)


def _shortened(values: Sequence[bytes]) -> Iterator[bytes]:
    """The ends of what is too much: some programs show the first, and some the last."""
    if len(values) > MAX_FIELDS:
        values = (*values[: MAX_FIELDS // 2], *values[-MAX_FIELDS // 2 :])
    half = MAX_OCTETS // 2 // max(len(values), 1)
    for value in values:
        if len(value) <= 2 * half:
            yield value
        else:
            yield value[:half]
            yield value[-half:]


def _runs(values: Iterable[bytes]) -> Iterator[str]:
    """What stands behind an `@`, in any reading, once."""
    seen: set[str] = set()
    for value in values:
        for text in _texts(value):
            for reading in _readings(_as_seen(text)):
                for match in _RUN.finditer(reading):
                    if match[1] not in seen:
                        seen.add(match[1])
                        yield match[1]


def _texts(value: bytes) -> Iterator[str]:
    """The text of octets, with and without what is no character, with and without decoding."""
    texts = [value.decode("utf-8", "ignore")]
    if not value.isascii() and texts[0].encode() != value:
        texts.append(value.decode("latin_1"))
    for text in texts:
        yield text
        if "=?" in text:
            yield words.decode(text, AnomalyLog(1), _MAX_WORDS)


def _as_seen(text: str) -> str:
    """Without what nobody sees, and in the usual forms of characters (as UTS #46 maps them)."""
    if text.isascii():
        return text
    text = normalize("NFKC", text.replace(_LONGEST, " "))
    return _UNSEEN.sub("", text).replace(_FULL_STOP, ".")


def _readings(text: str) -> Iterator[str]:
    """As it is; without quotes; without comments; without blanks, as far as programs leave out."""
    yield text
    yield _joined(text)
    bare = _without_comments(text)
    yield _joined(bare)
    bare = _BRACKETED.sub(lambda match: _BLANKS.sub("", match[0]), _FOLD_AND_BLANKS.sub("", bare))
    yield _joined(bare)


def _joined(text: str) -> str:
    return _AROUND_SIGN.sub("", text.translate(_QUOTES))


def _without_comments(text: str) -> str:
    text = _ESCAPED_PAREN.sub("", text)
    kept: list[str] = []
    depth = start = 0
    for match in _PARENS.finditer(text):
        if not depth:
            kept.append(text[start : match.start()])
        depth = depth + 1 if match[0] == "(" else max(depth - 1, 0)
        start = match.end()
    if not depth:
        kept.append(text[start:])
    return "".join(kept)


def _names(run: str) -> Iterator[str]:
    """The domain, or what looks like one at its beginning and at its end."""
    if name := _name(run):
        found = [name]
    else:
        plain = _PLAIN.search(run)
        found = [
            _name(plain[0].strip(".-_")) if plain else "",
            _name(_end(_NOT_PLAIN.split(run)[-1])),
        ]
    # One label alone is mostly a part of a domain in another reading, and has no policy.
    yield from [name for name in found if "." in name]


def _end(run: str) -> str:
    """The last labels, without those that can be none."""
    kept: list[str] = []
    for label in reversed(run.rsplit(".", _MAX_LABELS)[-_MAX_LABELS:]):
        if not _name(f"{label}.x" if kept else label):
            break
        kept.append(label)
    return ".".join(reversed(kept))


def _name(text: str) -> str:
    """As DNS has it; empty if it is none."""
    try:
        name = normal_name(text)
    except BadName:
        return ""
    return name if is_domain(name) else ""
