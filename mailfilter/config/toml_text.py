"""TOML as text: values and key paths written so that they can be read back, and key paths read.

Whatever is written here may end in a log or on a terminal, so nothing unprintable is let through.
"""

import datetime
import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the root of a document down; a number is an index into an array."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_PART = re.compile(rf"[A-Za-z0-9_-]++|{_BASIC}|'[^'\n]*+'")
_DOT = re.compile(r"[ \t]*+\.[ \t]*+")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def string_text(text: str) -> str:
    """A TOML basic string."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    known = _ESCAPES.get(character)
    if known is not None:
        return known
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def printable(text: str) -> str:
    """Text with everything unprintable escaped, for a message."""
    return "".join(
        character if character.isprintable() else _escaped(character) for character in text
    )


def key_text(path: KeyPath) -> str:
    """A key path as TOML writes it: `listeners."my own".endpoint`, `profiles.a.networks[1]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        text += ("." if text else "") + part_text(part)
    return text


def part_text(part: str) -> str:
    """One key, quoted if it has to be."""
    return part if _BARE.fullmatch(part) else string_text(part)


def value_text(value: object) -> str:
    """A value as TOML writes it in one line. Takes what tomllib gives, and tuples."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        items = (f"{part_text(str(key))} = {value_text(item)}" for key, item in value.items())
        inner = ", ".join(items)
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    return str(value)


def scan_key(text: str, at: int) -> tuple[tuple[str, ...], int] | None:
    """Read a (dotted) key at an offset: its parts and the offset behind it, or `None`."""
    parts: list[str] = []
    while True:
        match = _PART.match(text, at)
        part = _decoded(match[0]) if match else None
        if match is None or part is None:
            return None
        parts.append(part)
        dot = _DOT.match(text, match.end())
        if dot is None:
            return tuple(parts), match.end()
        at = dot.end()


def parse_key(text: str) -> tuple[str, ...] | None:
    """The parts of a dotted key that stands alone, or `None` if it is not one."""
    found = scan_key(text, 0)
    return found[0] if found and found[1] == len(text) else None


def _decoded(part: str) -> str | None:
    if part[0] == "'":
        return part[1:-1]
    if part[0] != '"':
        return part
    if "\\" not in part:
        return part[1:-1]
    try:
        return str(tomllib.loads("key = " + part)["key"])
    except tomllib.TOMLDecodeError:
        return None
