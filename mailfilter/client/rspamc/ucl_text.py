"""UCL as rspamc prints it.

Sources: runs of rspamc 3.4 against canned replies.
"""

import re
from collections.abc import Callable
from typing import Any

from .json_text import Repeated, quoted, scalar

_PLAIN = re.compile(r"[!#-*,-9;<>-Z\]-z|}~\x80-\U0010ffff]+")
"""Names that stand without quotes."""


def emit(value: Any) -> str:
    """An object as its members, one behind the other; a line end behind the last of them."""
    parts: list[str] = []
    write(value, parts.append)
    return "".join(parts)


def write(value: Any, put: Callable[[str], None]) -> None:
    """The same as `emit`, part by part."""
    if isinstance(value, dict):
        _members(value, put, "")
    else:
        _value(value, put, "")


def _members(value: dict[str, Any], put: Callable[[str], None], indent: str) -> None:
    for name, member in value.items():
        shown = name if _PLAIN.fullmatch(name) else quoted(name)
        for one in member if isinstance(member, Repeated) else (member,):
            is_deep = isinstance(one, dict | list)
            put(f"{indent}{shown} " if is_deep else f"{indent}{shown} = ")
            _value(one, put, indent)
            put("\n" if is_deep else ";\n")


def _value(value: Any, put: Callable[[str], None], indent: str) -> None:
    deeper = indent + "    "
    match value:
        case dict() if value:
            put("{\n")
            _members(value, put, deeper)
            put(indent + "}")
        case list() if value:
            put("[\n")
            for element in value:
                put(deeper)
                _value(element, put, deeper)
                put("\n" if isinstance(element, dict | list) else ",\n")
            put(indent + "]")
        case dict():
            put("{}")
        case list():
            put("[]")
        case _:
            put(scalar(value))
