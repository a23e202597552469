"""Macros of SPF: `%{ir}.%{v}._spf.%{d2}` (RFC 7208 7)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from ..codec.dns_name import BadName, normal_name

MAX_NAME_TEXT = 253
"""Characters of a name; what is longer loses labels on the left (7.3)."""

IN_TERMS = frozenset("slodiphv")
IN_EXPLANATIONS = IN_TERMS | frozenset("crt")

_MACRO = re.compile(r"%(?:\{([a-zA-Z])([0-9]*)([rR]?)([-.+,/_=]*)\}|([%_-]))")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
_LABEL = re.compile(r"[0-9a-zA-Z-]+")
_MANY = 128
"""More parts than any value has; longer numbers are not worked out."""


class BadMacro(ValueError):
    """A text that breaks the rules; the message says how, without the text."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A value with what is done to it."""

    letter: str
    """Lower case."""
    parts: int = 0
    """So many from the right; 0: all."""
    is_reversed: bool = False
    delimiters: str = "."
    is_quoted: bool = False
    """For URLs."""

    def of(self, value: str) -> str:
        """The value, split, turned, cut and quoted."""
        if self.is_reversed or self.parts or self.delimiters != ".":
            for delimiter in self.delimiters[1:]:
                value = value.replace(delimiter, self.delimiters[0])
            found = value.split(self.delimiters[0])
            if self.is_reversed:
                found.reverse()
            value = ".".join(found[-self.parts :])
        return quote(value, safe="") if self.is_quoted else value


Tokens = Sequence[str | Macro]


def parse_text(text: str, letters: frozenset[str] = IN_TERMS) -> Tokens:
    """The pieces of a text: literals, and macros of these letters.

    Raises:
        BadMacro: a percent sign that begins nothing, an unknown letter, zero parts.
    """
    tokens: list[str | Macro] = []
    at = 0
    while (start := text.find("%", at)) >= 0:
        found = _MACRO.match(text, start)
        if not found:
            raise BadMacro("percent sign without macro")
        if start > at:
            tokens.append(text[at:start])
        letter, digits, turn, delimiters, escaped = found.groups()
        if escaped:
            tokens.append(_ESCAPES[escaped])
        else:
            tokens.append(_macro(letter, digits, turn, delimiters, letters))
        at = found.end()
    if at < len(text):
        tokens.append(text[at:])
    return tuple(tokens)


# Records that have macros have them by hundreds, if they are hostile.
@lru_cache(maxsize=256)
def _macro(letter: str, digits: str, turn: str, delimiters: str, letters: frozenset[str]) -> Macro:
    if letter.lower() not in letters:
        raise BadMacro("unknown macro")
    parts = int(digits or 0) if len(digits) <= 3 else _MANY
    if digits and not parts:
        raise BadMacro("macro with zero parts")
    return Macro(letter.lower(), parts, bool(turn), delimiters or ".", letter.isupper())


def parse_domain(text: str) -> Tokens:
    """The same of a text that must be able to be a domain: it ends with a macro or a top label.

    Raises:
        BadMacro: it does not; and as `parse_text`.
    """
    tokens = parse_text(text)
    if not tokens:
        raise BadMacro("empty domain")
    last = tokens[-1]
    # A literal has neither percent signs nor spaces, so it is never taken for an escape.
    if isinstance(last, Macro) or last in _ESCAPES.values() or _has_top_label(text):
        return tokens
    raise BadMacro("not a domain")


def _has_top_label(text: str) -> bool:
    _, dot, label = text.removesuffix(".").rpartition(".")
    if not dot or not _LABEL.fullmatch(label) or label.isdigit():
        return False
    return not label.startswith("-") and not label.endswith("-")


def expand(tokens: Tokens, value_of: Callable[[str], str], most: int) -> str:
    """The text with the values of macros put in; the function gives that of a letter.

    Of what is longer than `most` characters the end may lack.
    """
    return "".join(_pieces(tokens, value_of, most))


def expand_name(tokens: Tokens, value_of: Callable[[str], str]) -> str | None:
    """The same as a name of DNS, of whose text the end counts; None if it cannot be one."""
    # With a final dot there is one more.
    pieces = _pieces(reversed(tokens), value_of, MAX_NAME_TEXT + 1)
    return name_of("".join(reversed(pieces)))


def _pieces(tokens: Iterable[str | Macro], value_of: Callable[[str], str], most: int) -> list[str]:
    """The texts of tokens, until there are more than so many characters."""
    values: dict[Macro, str] = {}
    pieces = []
    size = 0
    for token in tokens:
        if isinstance(token, str):
            piece = token
        elif token in values:
            piece = values[token]
        else:
            piece = values[token] = token.of(value_of(token.letter))
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return pieces


def letters_of(tokens: Tokens) -> frozenset[str]:
    """Which values are needed."""
    return frozenset(token.letter for token in tokens if isinstance(token, Macro))


@lru_cache(maxsize=1024)
def name_of(text: str) -> str | None:
    """An expanded text as a name of DNS; None if it cannot be one."""
    text = text.removesuffix(".")
    if len(text) > MAX_NAME_TEXT:
        cut = text.find(".", len(text) - MAX_NAME_TEXT - 1)
        text = text[cut + 1 :] if cut >= 0 else ""
    try:
        return normal_name(text.replace("\\", "\\\\")) or None
    except BadName:
        return None
