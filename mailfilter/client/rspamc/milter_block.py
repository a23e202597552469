"""What a reply wants changed in the header of a message (http-scan.md 1.7), read."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...scan.verdict import AddHeader, ChangeHeader, RemoveHeader
from .exchange import Unanswered
from .scan_text import action_of
from .values import members, whole

MAX_EDITS = 2048
"""As many as there are fields that can be changed."""

_APPEND = -1


def removals(fields: Mapping[str, Any]) -> Iterator[RemoveHeader]:
    """Fields to remove."""
    for name, found in _named(fields, "remove_headers"):
        if _is_number(found):
            yield RemoveHeader(name, whole(found))


def additions(fields: Mapping[str, Any]) -> Iterator[AddHeader]:
    """Fields to add: a value alone, or with the place where it goes."""
    for name, found in _named(fields, "add_headers"):
        if isinstance(found, str):
            yield AddHeader(name, found)
            continue
        value, order = members(found).get("value"), _order(members(found))
        if isinstance(value, str):
            yield AddHeader(name, value, order)


def new_subject(fields: Mapping[str, Any]) -> Iterator[ChangeHeader]:
    """The subject, if it is to be another one."""
    subject = fields.get("subject")
    if action_of(fields) == "rewrite subject" and isinstance(subject, str):
        # In replies it is one line, however long.
        yield ChangeHeader("Subject", subject.replace("?= =?", "?=\n =?"))


def _named(fields: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    """Names and what is said of each, of those that have several one by one."""
    left = MAX_EDITS
    for name, found in members(members(fields.get("milter")).get(key)).items():
        for one in found if isinstance(found, list) else [found]:
            if not left:
                raise Unanswered(f"its answer wants more than {MAX_EDITS} fields changed")
            left -= 1
            yield name, one


def _order(found: Mapping[str, Any]) -> int:
    order = found.get("order", found.get("index"))
    return whole(order) if _is_number(order) else _APPEND


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
