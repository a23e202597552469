"""Values of the Content-* fields: a type or token, then parameters (RFC 2045 5.1, RFC 2231)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from . import charset, words
from .anomaly import SAME_KIND, Anomaly, AnomalyKind, AnomalyLog

_TOKEN = rb"[^\s/;()<>@,\"=]++"
_TYPE = re.compile(rb"\s*+\"?(" + _TOKEN + rb"/" + _TOKEN + rb")\"?")
_WORD = re.compile(rb"\s*+\"?(" + _TOKEN + rb")\"?")
# ; name = "quoted" or anything up to the next semicolon. A quote that is never closed takes all.
_PARAMETER = re.compile(
    rb';\s*+([^\s=;"]++)\s*+=\s*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|([^;]*+))', re.DOTALL
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n")
# A comment behind white space or a semicolon. Quoted strings match first and stay.
_COMMENT = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+"?)|(?<=[\s;])\([^()]*+\)', re.DOTALL)
_PIECE = re.compile(rb"(.+?)\*(?:(\d{1,4})(\*)?)?", re.DOTALL)

EXTENDED_FIRST = frozenset({"filename", "name"})
"""Parameters whose RFC 2231 form wins over the plain one, as in RFC 6266 4.3 and in mail
programs; of all others the plain form wins, since most programs know no other for them."""


EMPTY: Mapping[str, str] = MappingProxyType({})
NO_READINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({})

CACHED = 128
"""Octets of the longest value kept in the cache: `text/plain; charset=utf-8` and its like are
parsed once. Values with a boundary never come again."""
WORDS = 64
"""Encoded words decoded in one parameter."""


class ContentValue(NamedTuple):
    """A parsed value. (A tuple, since one is made for every part: it costs a third.)"""

    value: str
    """Lower case text before the parameters: `text/plain`, `attachment`; `""` if malformed."""
    params: Mapping[str, str] = EMPTY
    """Lower case names; RFC 2231 pieces joined and decoded."""
    readings: Mapping[str, tuple[str, ...]] = NO_READINGS
    """For each name all values that programs may see, if there is more than one; first wins."""
    boundaries: tuple[bytes, ...] = ()
    """Exact octets of all readings of the parameter `boundary`, first wins."""
    anomalies: tuple[Anomaly, ...] = ()


def token(value: bytes) -> str:
    """The first token of a value in lower case, `""` if there is none."""
    return _cached_token(value) if len(value) <= CACHED else _token(value)


def parse(value: bytes, is_type: bool, most: int) -> ContentValue:
    """Parse a value with folds in it, at most `most` of its parameters.

    Wants a `type/subtype` if `is_type`, else one token.
    """
    if len(value) <= CACHED and b"oundary" not in value:
        return _cached_parse(value, is_type, most)
    return _parse(value, is_type, most)


def _token(value: bytes) -> str:
    found = _WORD.match(value)
    return found[1].decode("latin_1").lower() if found else ""


def _parse(value: bytes, is_type: bool, most: int) -> ContentValue:
    found = (_TYPE if is_type else _WORD).match(value)
    main = found[1].decode("latin_1").lower() if found else ""
    rest = value[found.end() :] if found else value
    if b"=" not in rest:
        return ContentValue(main)
    if found and not rest.lstrip().startswith(b";"):
        rest = b";" + rest
    return _Parameters(rest, most).value(main)


_cached_token = lru_cache(maxsize=256)(_token)
_cached_parse = lru_cache(maxsize=1024)(_parse)


class _Parameters:
    """The parameters of one value: plain ones, and RFC 2231 pieces."""

    def __init__(self, rest: bytes, most: int) -> None:
        self._plain: dict[str, list[bytes]] = {}
        self._pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
        self._log = AnomalyLog(SAME_KIND)
        if b"(" in rest:
            rest = _COMMENT.sub(rb"\1", rest)
        for count, found in enumerate(_PARAMETER.finditer(rest)):
            if count >= most:
                self._log.add(AnomalyKind.BAD_PARAMETER, "too many")
                break
            name, quoted, bare = found.groups()
            self._add(name, _unquote(quoted) if quoted is not None else _trim(bare))

    def _add(self, name: bytes, content: bytes) -> None:
        piece = _PIECE.fullmatch(name) if b"*" in name else None
        if piece is None:
            self._plain.setdefault(name.decode("latin_1").lower(), []).append(content)
            return
        number = int(piece[2]) if piece[2] else 0
        is_extended = piece[3] is not None or piece[2] is None
        pieces = self._pieces.setdefault(piece[1].decode("latin_1").lower(), {})
        if number in pieces:
            self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        pieces.setdefault(number, (content, is_extended))

    def value(self, main: str) -> ContentValue:
        """Choose what counts."""
        params: dict[str, str] = {}
        readings: dict[str, tuple[str, ...]] = {}
        for name in dict.fromkeys((*self._plain, *self._pieces)):
            values = [self._text(content) for content in self._plain.get(name, ())]
            if name in self._pieces:
                joined = self._join(self._pieces[name])
                values.insert(0 if name in EXTENDED_FIRST else len(values), joined)
            params[name] = values[0]
            different = tuple(dict.fromkeys(values))
            if len(different) > 1:
                readings[name] = different
                self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        return ContentValue(
            main,
            MappingProxyType(params),
            MappingProxyType(readings) if readings else NO_READINGS,
            self._boundaries() if "boundary" in params else (),
            self._log.found(),
        )

    def _boundaries(self) -> tuple[bytes, ...]:
        """What the boundary may be: the plain values, their first words, the RFC 2231 value."""
        found = [content.rstrip() for content in self._plain.get("boundary", ())]
        found += [content.split(None, 1)[0] for content in found if b" " in content.strip()]
        if "boundary" in self._pieces:
            found.append(_octets(self._pieces["boundary"])[0].rstrip())
        return tuple(dict.fromkeys(found))

    def _text(self, content: bytes) -> str:
        """A plain value: raw 8-bit octets and encoded words are wrong here and common."""
        if not content.isascii():
            self._log.add(AnomalyKind.BAD_PARAMETER, "8bit")
            return charset.decode_header(content, None)
        text = content.decode("ascii")
        return words.decode(text, self._log, WORDS) if "=?" in text else text

    def _join(self, pieces: dict[int, tuple[bytes, bool]]) -> str:
        """The text of RFC 2231 pieces."""
        data, name = _octets(pieces)
        if any(number not in pieces for number in range(len(pieces))):
            self._log.add(AnomalyKind.BAD_PARAMETER, "gap")
        decoded = charset.decode(data, name or None)
        if decoded.anomaly is not None:
            self._log.add(decoded.anomaly, "parameter")
        return decoded.text if name else words.decode(decoded.text, self._log, WORDS)


def _unquote(content: bytes) -> bytes:
    if b"\n" in content:
        content = _FOLD.sub(b"", content)
    return _ESCAPED.sub(rb"\1", content) if b"\\" in content else content


def _trim(content: bytes) -> bytes:
    """An unquoted value up to the semicolon."""
    content = content.strip()
    return _FOLD.sub(b"", content) if b"\n" in content else content


def _octets(pieces: dict[int, tuple[bytes, bool]]) -> tuple[bytes, str]:
    """Octets and charset of the pieces from 0 up to the first gap (RFC 2231 3 and 4)."""
    name = ""
    found: list[bytes] = []
    for number in range(len(pieces)):
        piece = pieces.get(number)
        if piece is None:
            break
        content, is_extended = piece
        if is_extended and number == 0 and content.count(b"'") >= 2:
            label, _language, content = content.split(b"'", 2)
            name = label.decode("latin_1").lower()
        found.append(unquote_to_bytes(content) if is_extended else content)
    return b"".join(found), name
