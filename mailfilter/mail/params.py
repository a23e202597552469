"""Values of the Content-* fields: a type or token, then parameters (RFC 2045 5.1, RFC 2231)."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from . import charset, words
from .anomaly import SAME_KIND, Anomaly, AnomalyKind, AnomalyLog
from .budget import Budget

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


Pieces = dict[int, tuple[bytes, bool]]
"""RFC 2231 pieces of a value: by number, content, and whether that is percent encoded."""

EMPTY: Mapping[str, str] = MappingProxyType({})
NO_READINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({})

CACHED = 128
"""Octets of the longest value kept in the cache: `text/plain; charset=utf-8` and its like are
parsed once. Values with a boundary never come again."""
LONG = 128
"""Octets of a value that count as much as a parameter."""
WORDS = 64
"""Encoded words decoded in one parameter."""


class ContentValue(NamedTuple):
    """A parsed value. (A tuple, since one is made for every part: it costs a third.)"""

    value: str
    """Lower case text before the parameters: `text/plain`, `attachment`; `""` if malformed."""
    params: Mapping[str, str] = EMPTY
    """Lower case names; RFC 2231 pieces joined and decoded."""
    several: Mapping[str, tuple[str, ...]] = NO_READINGS
    """The values of names that have more than one; see `readings`."""
    boundaries: tuple[bytes, ...] = ()
    """Exact octets of all readings of the parameter `boundary`, first wins."""
    anomalies: tuple[Anomaly, ...] = ()

    def readings(self, name: str) -> tuple[str, ...]:
        """All values of a parameter that programs may see, the first wins; `()` if none."""
        if isinstance(self.params, _Undecoded):
            return self.params.readings(name)
        if name in self.several:
            return self.several[name]
        return (self.params[name],) if name in self.params else ()


def token(value: bytes) -> str:
    """The first token of a value in lower case, `""` if there is none."""
    return _cached_token(value) if len(value) <= CACHED else _token(value)


def parse(value: bytes, is_type: bool, most: int, log: AnomalyLog, budget: Budget) -> ContentValue:
    """Parse a value with folds in it, at most `most` of its parameters.

    Wants a `type/subtype` if `is_type`, else one token. Parameters that are not plain ASCII are
    decoded when they are asked for, as far as the budget goes; `log` takes what is odd then.
    """
    left = budget.parameters
    if len(value) <= CACHED and b"oundary" not in value and left > 0 and not _is_odd(value):
        found = _cached_parse(value, is_type, most)
    else:
        found = _parse(value, is_type, min(most, left), log, budget)
    # Equals signs: as many as there are parameters, those of one name too, or a few more.
    budget.parameters = left - min(value.count(b"="), most) - len(value) // LONG
    return found


def _is_odd(value: bytes) -> bool:
    """Whether there may be 8-bit octets, encoded words or RFC 2231 pieces."""
    return not value.isascii() or b"*" in value or b"=?" in value


def _token(value: bytes) -> str:
    found = _WORD.match(value)
    return found[1].decode("latin_1").lower() if found else ""


def _parse(
    value: bytes,
    is_type: bool,
    most: int,
    log: AnomalyLog | None = None,
    budget: Budget | None = None,
) -> ContentValue:
    found = (_TYPE if is_type else _WORD).match(value)
    main = found[1].decode("latin_1").lower() if found else ""
    rest = value[found.end() :] if found else value
    if b"=" not in rest:
        return ContentValue(main)
    if found and not rest.lstrip().startswith(b";"):
        rest = b";" + rest
    if most <= 0:
        return ContentValue(main, anomalies=(Anomaly(AnomalyKind.BAD_PARAMETER, "too many"),))
    found_parameters = _Parameters(rest, most)
    if log is not None and budget is not None and _is_odd(rest):
        return found_parameters.undecoded(main, log, budget)
    return found_parameters.value(main)


_cached_token = lru_cache(maxsize=256)(_token)
_cached_parse = lru_cache(maxsize=1024)(_parse)


class _Parameters:
    """The parameters of one value: plain ones, and RFC 2231 pieces."""

    def __init__(self, rest: bytes, most: int) -> None:
        self._plain: dict[str, list[bytes]] = {}
        self._pieces: dict[str, Pieces] = {}
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
        """The parameters as text: all are plain ASCII."""
        params: dict[str, str] = {}
        several: dict[str, tuple[str, ...]] = {}
        for name, contents in self._plain.items():
            params[name] = contents[0].decode("ascii")
            different = tuple(dict.fromkeys(contents)) if len(contents) > 1 else ()
            if len(different) > 1:
                several[name] = tuple([content.decode("ascii") for content in different])
                self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        return ContentValue(
            main,
            MappingProxyType(params),
            MappingProxyType(several) if several else NO_READINGS,
            self._boundaries() if "boundary" in params else (),
            self._log.found(),
        )

    def undecoded(self, main: str, log: AnomalyLog, budget: Budget) -> ContentValue:
        """The parameters as they are: what is asked for is decoded then."""
        for contents in self._plain.values():
            if len(contents) > 1 and len(set(contents)) > 1:
                self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        for pieces in self._pieces.values():
            if max(pieces) >= len(pieces):
                self._log.add(AnomalyKind.BAD_PARAMETER, "gap")
        if not all(content.isascii() for contents in self._plain.values() for content in contents):
            self._log.add(AnomalyKind.BAD_PARAMETER, "8bit")
        boundaries = self._boundaries()
        if "boundary" in self._pieces and len(boundaries) > 1:
            self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        return ContentValue(
            main,
            _Undecoded(self._plain, self._pieces, log, budget),
            NO_READINGS,
            boundaries,
            self._log.found(),
        )

    def _boundaries(self) -> tuple[bytes, ...]:
        """What the boundary may be: the plain values, their first words, the RFC 2231 value."""
        found = [content.rstrip() for content in self._plain.get("boundary", ())]
        found += [content.split(None, 1)[0] for content in found if b" " in content.strip()]
        if "boundary" in self._pieces:
            found.append(_octets(self._pieces["boundary"])[0].rstrip())
        return tuple(dict.fromkeys(found))


class _Undecoded(Mapping[str, str]):
    """Parameters whose values become text when they are asked for, then are kept."""

    __slots__ = ("_budget", "_known", "_log", "_pieces", "_plain")

    def __init__(
        self,
        plain: dict[str, list[bytes]],
        pieces: dict[str, Pieces],
        log: AnomalyLog,
        budget: Budget,
    ) -> None:
        self._plain = plain
        self._pieces = pieces
        self._log = log
        self._budget = budget
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> str:
        readings = self.readings(name)
        if not readings:
            raise KeyError(name)
        return readings[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._plain, *self._pieces)))

    def __len__(self) -> int:
        return len(self._plain.keys() | self._pieces.keys())

    def __contains__(self, name: object) -> bool:
        return name in self._plain or name in self._pieces

    def readings(self, name: str) -> tuple[str, ...]:
        """All values of a parameter that programs may see, the first wins."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._readings(name)
        return found

    def _readings(self, name: str) -> tuple[str, ...]:
        values = [self._text(content) for content in dict.fromkeys(self._plain.get(name, ()))]
        if name in self._pieces:
            joined = self._join(self._pieces[name])
            values.insert(0 if name in EXTENDED_FIRST else len(values), joined)
        different = tuple(dict.fromkeys(values))
        if len(different) > 1:
            self._log.add(AnomalyKind.DUPLICATE_PARAMETER)
        return different

    def _text(self, content: bytes) -> str:
        """A plain value: raw 8-bit octets and encoded words are wrong here and common."""
        if not content.isascii():
            return charset.decode_header(content, None, self._budget.guess_field)
        return self._words(content.decode("ascii"))

    def _join(self, pieces: Pieces) -> str:
        """The text of RFC 2231 pieces."""
        data, name = _octets(pieces)
        decoded = charset.decode(data, name or None, guess=self._budget.guess_field)
        if decoded.anomaly is not None:
            self._log.add(decoded.anomaly, "parameter")
        return decoded.text if name else self._words(decoded.text)

    def _words(self, text: str) -> str:
        if "=?" not in text:
            return text
        most = min(WORDS, max(self._budget.parameter_words, 0))
        self._budget.parameter_words -= min(text.count("=?"), WORDS)
        return words.decode(text, self._log, most, self._budget.guess_field)


def _unquote(content: bytes) -> bytes:
    if b"\n" in content:
        content = _FOLD.sub(b"", content)
    return _ESCAPED.sub(rb"\1", content) if b"\\" in content else content


def _trim(content: bytes) -> bytes:
    """An unquoted value up to the semicolon."""
    content = content.strip()
    return _FOLD.sub(b"", content) if b"\n" in content else content


def _octets(pieces: Pieces) -> tuple[bytes, str]:
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
