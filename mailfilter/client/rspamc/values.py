"""Values of replies as rspamc takes them: what is of another type than expected counts as nothing.

Sources: runs of rspamc 3.4 against canned replies.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import json_text

REPLACEMENT = "\ufffd"

Named = tuple[str, Any]
"""A name, and what belongs to it: a symbol."""


def number(value: Any) -> float:
    """A number; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def whole(value: Any) -> int:
    """A number without its fraction; 0 for what is none."""
    if isinstance(value, float):
        return int(value) if value - value == 0 else 0
    return 0 if isinstance(value, bool) or not isinstance(value, int) else value


def text(value: Any) -> str:
    """A text as it is, but for NUL, which would end it for others; what is none as JSON."""
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT)
    return json_text.compact(value)


def members(value: Any) -> Mapping[str, Any]:
    """The members of an object; none if it is something else."""
    return value if isinstance(value, dict) else {}


def elements(value: Any) -> Iterable[Any]:
    """The elements of an array; none if it is something else."""
    return value if isinstance(value, list) else ()


def printable(shown: str) -> str:
    """A text with everything escaped that a terminal would obey, or that misleads who reads it."""
    if shown.isprintable():
        return shown
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in shown)


def printable_lines(shown: str) -> str:
    """The same for several lines, whose ends and tabs stay. What was JSON is JSON afterwards."""
    return "".join(part if part in ("\n", "\t") else printable(part) for part in _parts(shown))


def _parts(shown: str) -> list[str]:
    return re.split(r"([\n\t])", shown)
