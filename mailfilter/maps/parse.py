"""The lines of a map: an entry each, with what follows it as its value."""

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_LINE = 4096
"""Characters: entries are names, networks and patterns."""

MAX_QUOTED = 60
"""Characters of an entry that is quoted to people."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Nothing of these is in a text that people write; in octets of something else they are."""

_COMMENT = re.compile(r"(?:^|[ \t])#")


class MapError(ValueError):
    """A map cannot be used: the line that is to blame, from 1, and what was expected there."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(f"line {line}: {expected}")
        self.line = line
        self.expected = expected


class Line(NamedTuple):
    """A line with something in it. A named tuple: there may be a million of them."""

    number: int
    """From 1."""
    text: str
    """Without white space around it."""


def read_lines(data: bytes) -> Iterator[Line]:
    """The lines that are neither empty nor only a comment, ended by LF or CRLF.

    Raises MapError for what is no text in UTF-8.
    """
    text = _decoded(data)
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise MapError(number, f"expected at most {MAX_LINE} characters in a line")
        line = line.strip(" \t")
        if line and line[0] != "#":
            yield Line(number, line)


def key_and_value(line: Line) -> tuple[str, str]:
    """The first word, and what follows it up to a comment."""
    key, _, rest = line.text.partition(" ")
    if "\t" in key:
        key, _, rest = line.text.partition("\t")
    return key, value_of(rest) if rest else ""


def value_of(text: str) -> str:
    """What follows an entry, without the comment behind it."""
    if "#" in text and (found := _COMMENT.search(text)):
        text = text[: found.start()]
    return text.strip(" \t")


def quoted(text: str) -> str:
    """An entry as people are told of it."""
    return f"'{text[:MAX_QUOTED]}...'" if len(text) > MAX_QUOTED else f"'{text}'"


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        octet = data[error.start]
        raise MapError(line, f"expected UTF-8; octet 0x{octet:02x} is not") from None
    text = text.replace("\r\n", "\n")
    if found := _CONTROLS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise MapError(line, f"expected text; character U+{ord(found[0]):04X} is not")
    return text
