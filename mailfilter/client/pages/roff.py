"""Text for `man`, in the macros of man(7), with what would be obeyed in it escaped.

Sources: groff_char(7), groff_man_style(7), mandoc_char(7).
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

WIDTH = 79
"""Characters of a line of the source."""

_ESCAPES = {
    "\\": r"\e",
    # What typesetters make of these is not what can be typed.
    "-": r"\-",
    "^": r"\(ha",
    "~": r"\(ti",
    "'": r"\(aq",
    "`": r"\(ga",
    '"': r"\(dq",
}
_TYPED = re.compile(r"`([^`]+)`|((?<![\w-])--?[A-Za-z?][\w-]*)")


def literal(text: str) -> str:
    """Text as it would be typed. Line feeds become blanks."""
    return literal_line(" ".join(text.split()))


def prose(text: str) -> str:
    """Lines for people, with options, and what stands in backticks, in bold."""
    pieces: list[str] = []
    end = 0
    for found in _TYPED.finditer(text := " ".join(text.split())):
        pieces += [_plain(text[end : found.start()]), bold(found[1] or found[2])]
        end = found.end()
    line = "".join([*pieces, _plain(text[end:])])
    lines = textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(_no_request, lines))


def _plain(text: str) -> str:
    """Quotes, and hyphens within words, as typesetters have them."""
    return "".join(char if char in "-" else _ESCAPES.get(char, _char(char)) for char in text)


def bold(text: str) -> str:
    return rf"\fB{literal(text)}\fR"


def italic(text: str) -> str:
    return rf"\fI{literal(text)}\fR"


def _char(char: str) -> str:
    return char if " " <= char <= "~" else rf"\[u{ord(char):04X}]"


def title(name: str, section: int, source: str, manual: str) -> str:
    """The first line. Without a date: what a page says holds for the version it comes with."""
    return f'.TH {name.upper()} {section} "" "{source}" "{manual}"'


def section(name: str) -> str:
    return f'.SH "{literal(name.upper())}"'


def subsection(name: str) -> str:
    return f'.SS "{literal(name)}"'


def item(tag: str, *lines: str) -> Iterator[str]:
    """A tag in the margin, which is roff, and lines of roff beside it."""
    yield ".TP"
    yield tag
    yield from lines


def paragraphs(texts: Sequence[str]) -> Iterator[str]:
    """Parted by space."""
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield prose(text)


def example(lines: Sequence[str]) -> Iterator[str]:
    """Lines as they are typed."""
    yield ".RS 4"
    yield ".nf"
    yield from map(literal_line, lines)
    yield ".fi"
    yield ".RE"


def literal_line(line: str) -> str:
    """A line with its blanks."""
    return _no_request("".join(_ESCAPES.get(char, _char(char)) for char in line))


def _no_request(line: str) -> str:
    """A point at the beginning begins a request, and so does an apostrophe, which is escaped."""
    return rf"\&{line}" if line.startswith(".") else line
