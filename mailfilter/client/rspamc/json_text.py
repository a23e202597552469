"""JSON as rspamc prints it: numbers and escapes are not those of Python.

Sources: runs of rspamc 3.4 against canned replies.
"""

import re
from collections.abc import Callable
from typing import Any

_INT_MAX = 2**31
_NEAR = 1e-7
"""A float that is nearer to a whole number, but none, is printed with all its digits."""

_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPES = {
    "\0": r"\u0000",
    "\b": r"\b",
    "\t": r"\t",
    "\n": r"\n",
    "\v": r"\u000B",
    "\f": r"\f",
    "\r": r"\r",
    '"': r"\"",
    "\\": r"\\",
}
_LOST = r"\uFFFD"
"""What other control characters become."""


class Repeated(list[Any]):
    """The values of a name that occurs several times: in JSON, an array."""


def compact(value: Any) -> str:
    """On one line."""
    parts: list[str] = []
    write_compact(value, parts.append)
    return "".join(parts)


def pretty(value: Any) -> str:
    """On lines of its own for each member; no line end behind the last."""
    parts: list[str] = []
    write_pretty(value, parts.append)
    return "".join(parts)


def quoted(text: str) -> str:
    """A text in quotes."""
    return f'"{_ESCAPED.sub(lambda found: _ESCAPES.get(found[0], _LOST), text)}"'


def scalar(value: Any) -> str:
    """A value that is neither object nor array."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return _real(value)
    return "null" if value is None else str(value).lower()


def _real(value: float) -> str:
    is_int = -_INT_MAX - 1 < value < _INT_MAX
    whole = int(value) if is_int else -_INT_MAX
    if value == whole:
        return f"{value:.1f}"
    return f"{value:.15g}" if abs(value - whole) < _NEAR else f"{value:f}"


def write_compact(value: Any, put: Callable[[str], None]) -> None:
    """The same as `compact`, part by part."""
    match value:
        case dict() if value:
            for number, (name, member) in enumerate(value.items()):
                put(f"{',' if number else '{'}{quoted(name)}:")
                write_compact(member, put)
            put("}")
        case list() if value:
            for number, element in enumerate(value):
                put("," if number else "[")
                write_compact(element, put)
            put("]")
        case _:
            put(_flat(value))


def write_pretty(value: Any, put: Callable[[str], None]) -> None:
    """The same as `pretty`, part by part."""
    _pretty(value, put, "\n")


def _pretty(value: Any, put: Callable[[str], None], line: str) -> None:
    """`line` begins a line as deep as the value."""
    deeper = line + "    "
    match value:
        case dict() if value:
            for number, (name, member) in enumerate(value.items()):
                put(f"{',' if number else '{'}{deeper}{quoted(name)}: ")
                _pretty(member, put, deeper)
            put(line + "}")
        case list() if value:
            for number, element in enumerate(value):
                put(f"{',' if number else '['}{deeper}")
                _pretty(element, put, deeper)
            put(line + "]")
        case _:
            put(_flat(value))


def _flat(value: Any) -> str:
    """What takes no lines of its own."""
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list) else scalar(value)
