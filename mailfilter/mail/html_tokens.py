"""HTML cut into text and tags, in time linear to its size.

As browsers cut it (HTML Living Standard, 13.2.5), by one regular expression and without a tree: a
parser that makes a tree as browsers do takes quadratic time for elements that never end, of which
one message may have 200,000.
"""

import re
from functools import lru_cache
from html import unescape
from html.entities import html5
from itertools import islice

MAX_ATTRIBUTES = 100
"""Attributes of one element that are read."""

LONG = 4096
"""Characters of attributes from which on none is read that is not kept."""

MAX_DIGITS = 7
"""Of the number of a character, without zeros before it."""

MANY = 500
"""Values of attributes in one tag, behind which it ends with the next `>` in whatever quotes."""

SLASHES = 16
"""At the end of an address without quotes that are kept."""

_S = r"[ \t\n\f\r]"
_VALUE = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)?"""
_NAME = r"[a-zA-Z][^ \t\n\f\r/>]*+"
# An equal sign that no name stands before begins a name.
_TO_VALUE = r"[ \t\n\f\r/]*+=?+[^>=]*+"
_ATTRIBUTES = rf"{_TO_VALUE}(?:={_S}*+{_VALUE}{_TO_VALUE}){{0,{MANY}}}[^>]*+"
_END = r"(?:>|\Z)"
_RAW = r"(?i:script|style|title|textarea|xmp|iframe|noembed|noframes)"
"""Elements whose content is text alone, up to their own end tag."""

_TOKEN = re.compile(
    r"([^<]*+(?:<(?![a-zA-Z!/?])[^<]*+)*)"
    rf"(?:<(?:/({_NAME})(?:>|{_ATTRIBUTES}{_END})"
    rf"|({_RAW})(?=[ \t\n\f\r/>])({_ATTRIBUTES}){_END}"
    r"([^<]*+(?:<(?!/(?i:\3)[ \t\n\f\r/>])[^<]*+)*)"
    rf"|({_NAME})({_ATTRIBUTES}){_END}"
    r"|!--(?:-?>|(.*?)(?:--!?>|\Z))"
    rf"|[!/?][^>]*+{_END})|\Z)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"[ \t\n\f\r/]*+([^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)"
    rf"""(?:{_S}*+={_S}*+("[^"]*+"?|'[^']*+'?|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)?)?"""
)
_SPACE = " \t\n\f\r"
_GAPS = " \t\n\f\r/"
_NUMBER = r"#(?:[0-9]++|[xX][0-9a-fA-F]++);?"
_IN_TEXT = re.compile(rf"&(?:{_NUMBER}|[A-Za-z][A-Za-z0-9]{{1,31}}+;?)")
_IN_ATTRIBUTE = re.compile(rf"&(?:{_NUMBER}|[A-Za-z][A-Za-z0-9]{{1,31}}+(?:;|(?![=A-Za-z0-9])))")


def tokens(source: str) -> list[tuple[str, ...]]:
    """Cut a document into pieces of text, each with the tag behind it.

    Each is a tuple: text as written; name of an end tag; name, attributes and content of a start
    tag whose element holds no others; name and attributes of any other start tag; a comment.
    What there is not is empty.
    """
    return _TOKEN.findall(source)


def cut_tags(source: str, most: int) -> str:
    """The document up to so many tags."""
    if source.count("<") <= most:
        return source
    return source[: len(source) - len(source.split("<", most + 1)[-1]) - 1]


class Attributes(dict[str, str]):
    """Attributes by name in lower case, as written; of several of one name the first counts."""

    __slots__ = ()

    def read(self, name: str) -> str:
        """The value of an attribute, empty if there is none."""
        value = self.get(name)
        if not value:
            return ""
        quote = value[0]
        if quote in ("'", '"'):
            value = value[1:-1] if len(value) > 1 and value[-1] == quote else value[1:]
        return _IN_ATTRIBUTE.sub(_in_attribute, value) if "&" in value else value


def read_attributes(text: str) -> Attributes:
    """Read attributes, only some if there are very many."""
    # Without a long gap at its end, at each character of which the search would fail anew; some
    # slashes may end a value.
    core = text.rstrip(_GAPS)
    text = core + text[len(core) : len(core) + SLASHES].rstrip(_SPACE)
    if len(text) < LONG:
        pieces = _ATTRIBUTE.findall(text)
    else:
        found = islice(_ATTRIBUTE.finditer(text), MAX_ATTRIBUTES)
        pieces = [match.groups("") for match in found]
    if len(pieces) > MAX_ATTRIBUTES:
        del pieces[MAX_ATTRIBUTES:]
    pieces.reverse()
    return Attributes([(name.lower(), value) for name, value in pieces])


def read_text(text: str) -> str:
    """Text with its character references read; a blank for one that does not break."""
    text = text.replace("&nbsp;", " ")
    return _IN_TEXT.sub(_in_text, text) if "&" in text else text


def _in_attribute(found: re.Match[str]) -> str:
    """What a reference in an attribute stands for: `&copy=` is none, it is part of an address."""
    reference = found[0]
    if reference[1] == "#":
        return _character(reference)
    return html5.get(reference[1:], reference)


def _in_text(found: re.Match[str]) -> str:
    return _character(found[0])


def _character(reference: str) -> str:
    """What a reference stands for; no number is too long."""
    if reference[1] == "#" and len(reference) > MAX_DIGITS:
        digits = reference[2:].rstrip(";").lstrip("xX").lstrip("0")
        if len(digits) > MAX_DIGITS:
            return "\ufffd"
        base = "x" if reference[2] in "xX" else ""
        return unescape(f"&#{base}{digits or 0};")
    return _remembered(reference)


_remembered = lru_cache(maxsize=2048)(unescape)
