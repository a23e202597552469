"""The lines of a map: an entry each, with what follows it as its value."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import BytesIO
from time import sleep
from typing import NamedTuple

MAX_LINE = 4096
"""Characters: entries are names, networks and patterns."""

MAX_QUOTED = 60
"""Characters of an entry that is quoted to people."""

TURN_LINES = 256
"""Lines that are read while other threads wait, a third of a millisecond. Python itself would let
a reactor wait for 5 ms at each of its calls to the system, of which a scan has many."""

TURN_SECONDS = 1e-5
"""Long enough for one that waits to be woken."""

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


def read_lines(data: bytes, turn: int = TURN_LINES) -> Iterator[Line]:
    """The lines that are neither empty nor only a comment, ended by LF or CRLF.

    After each `turn` of lines other threads have theirs. Raises MapError for what is no text in
    UTF-8.
    """
    for number, octets in enumerate(BytesIO(data.removeprefix(BOM_UTF8)), 1):
        if not number % turn:
            sleep(TURN_SECONDS)
        line = _decoded(number, octets)
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


def _decoded(number: int, octets: bytes) -> str:
    """A line as text, without white space around it."""
    try:
        line = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        octet = octets[error.start]
        raise MapError(number, f"expected UTF-8; octet 0x{octet:02x} is not") from None
    line = line.removesuffix("\n").removesuffix("\r")
    if len(line) > MAX_LINE:
        raise MapError(number, f"expected at most {MAX_LINE} characters in a line")
    if not line.isprintable() and (found := _CONTROLS.search(line)):
        raise MapError(number, f"expected text; character U+{ord(found[0]):04X} is not")
    return line.strip(" \t")
