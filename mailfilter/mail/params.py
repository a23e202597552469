"""Values of the Content-* fields: a type or token, then parameters (RFC 2045 5.1, RFC 2231)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from . import charset, words
from .anomaly import AnomalyKind, AnomalyLog
from .limits import Limits

_TOKEN = rb"[^\s/;()<>@,\"=]++"
_TYPE = re.compile(rb"\s*+\"?(" + _TOKEN + rb"/" + _TOKEN + rb")\"?")
_WORD = re.compile(rb"\s*+\"?(" + _TOKEN + rb")\"?")
# ; name = "quoted" or anything up to the next semicolon. A quote that is never closed takes all.
_PARAMETER = re.compile(
    rb';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"?|([^;]*+))', re.DOTALL
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n")
_COMMENT_BEHIND = re.compile(rb"\s\(")
_PIECE = re.compile(rb"(.+?)\*(?:(\d{1,4})(\*)?)?", re.DOTALL)

EXTENDED_FIRST = frozenset({"filename", "name"})
"""Parameters whose RFC 2231 form wins over the plain one, as in RFC 6266 4.3 and in mail
programs; of all others the plain form wins, since most programs know no other for them."""


@dataclass(frozen=True, slots=True)
class ContentValue:
    """A parsed value."""

    value: str
    """Lower case text before the parameters: `text/plain`, `attachment`; `""` if malformed."""
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Lower case names; RFC 2231 pieces joined and decoded."""
    readings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """For each name all values that programs may see, if there is more than one; first wins."""
    boundaries: tuple[bytes, ...] = ()
    """Exact octets of all readings of the parameter `boundary`, first wins."""


def main_type(value: bytes) -> str | None:
    """The `type/subtype` of a Content-Type value in lower case, `None` if malformed."""
    found = _TYPE.match(value)
    return found[1].decode("latin_1").lower() if found else None


def token(value: bytes) -> str:
    """The first token of a value in lower case, `""` if there is none."""
    found = _WORD.match(value)
    return found[1].decode("latin_1").lower() if found else ""


def parse(value: bytes, is_type: bool, log: AnomalyLog, limits: Limits) -> ContentValue:
    """Parse a value with folds in it. Wants a `type/subtype` if `is_type`, else one token."""
    found = (_TYPE if is_type else _WORD).match(value)
    main = found[1].decode("latin_1").lower() if found else ""
    rest = value[found.end() :] if found else value
    if b"=" not in rest:
        return ContentValue(main)
    if found and not rest.lstrip().startswith(b";"):
        rest = b";" + rest
    plain: dict[str, list[bytes]] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    _collect(rest, plain, pieces, log, limits)
    return _combine(main, plain, pieces, log)


def _collect(
    rest: bytes,
    plain: dict[str, list[bytes]],
    pieces: dict[str, dict[int, tuple[bytes, bool]]],
    log: AnomalyLog,
    limits: Limits,
) -> None:
    """Sort the parameters into plain ones and RFC 2231 pieces."""
    for count, found in enumerate(_PARAMETER.finditer(rest)):
        if count >= limits.parameters:
            log.add(AnomalyKind.BAD_PARAMETER, "too many")
            return
        name, quoted, bare = found.groups()
        content = _unquote(quoted) if quoted is not None else _trim(bare)
        piece = _PIECE.fullmatch(name) if b"*" in name else None
        if piece is None:
            plain.setdefault(name.decode("latin_1").lower(), []).append(content)
            continue
        number = int(piece[2]) if piece[2] else 0
        is_extended = piece[3] is not None or piece[2] is None
        of_name = pieces.setdefault(piece[1].decode("latin_1").lower(), {})
        if number in of_name:
            log.add(AnomalyKind.DUPLICATE_PARAMETER)
        of_name.setdefault(number, (content, is_extended))


def _unquote(content: bytes) -> bytes:
    if b"\n" in content:
        content = _FOLD.sub(b"", content)
    return _ESCAPED.sub(rb"\1", content) if b"\\" in content else content


def _trim(content: bytes) -> bytes:
    """An unquoted value up to the semicolon without a comment behind it."""
    content = content.strip()
    if b"(" in content:
        content = _COMMENT_BEHIND.split(content, 1)[0]
    return _FOLD.sub(b"", content) if b"\n" in content else content


def _combine(
    main: str,
    plain: dict[str, list[bytes]],
    pieces: dict[str, dict[int, tuple[bytes, bool]]],
    log: AnomalyLog,
) -> ContentValue:
    params: dict[str, str] = {}
    readings: dict[str, tuple[str, ...]] = {}
    for name in (*plain, *(name for name in pieces if name not in plain)):
        values = [_text(value, log) for value in plain.get(name, ())]
        if name in pieces:
            joined = _join(pieces[name], log)
            values.insert(0 if name in EXTENDED_FIRST else len(values), joined)
        if len(values) > 1 and (different := tuple(dict.fromkeys(values)))[1:]:
            readings[name] = different
            log.add(AnomalyKind.DUPLICATE_PARAMETER)
        params[name] = values[0]
    return ContentValue(
        main, MappingProxyType(params), MappingProxyType(readings), _boundaries(plain, pieces)
    )


def _boundaries(
    plain: dict[str, list[bytes]], pieces: dict[str, dict[int, tuple[bytes, bool]]]
) -> tuple[bytes, ...]:
    """What the boundary may be: the plain values, their first words, the RFC 2231 value."""
    found = [value.rstrip() for value in plain.get("boundary", ())]
    found += [value.split(None, 1)[0] for value in found if b" " in value.strip()]
    if "boundary" in pieces:
        found.append(_octets(pieces["boundary"])[0].rstrip())
    return tuple(dict.fromkeys(found))


def _text(value: bytes, log: AnomalyLog) -> str:
    """A plain value: raw 8-bit octets and encoded words are wrong here and common."""
    if not value.isascii():
        log.add(AnomalyKind.BAD_PARAMETER, "8bit")
        return charset.decode_header(value, None)
    text = value.decode("ascii")
    return words.decode(text, log, 64) if "=?" in text else text


def _join(pieces: dict[int, tuple[bytes, bool]], log: AnomalyLog) -> str:
    """The text of RFC 2231 pieces."""
    data, name = _octets(pieces)
    if any(number not in pieces for number in range(len(pieces))):
        log.add(AnomalyKind.BAD_PARAMETER, "gap")
    decoded = charset.decode(data, name or None)
    if decoded.anomaly is not None:
        log.add(decoded.anomaly, "parameter")
    return decoded.text if name else words.decode(decoded.text, log, 64)


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
