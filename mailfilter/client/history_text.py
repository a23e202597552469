"""Rows of the history as lines for people: aligned, and nothing in them that a terminal obeys."""

from collections.abc import Mapping
from typing import Any

from ..report.escape import escape
from ..syntax import moment

ADDRESS = 28
"""Characters of an address in a line, and of the first recipient with the number of the others."""
SUBJECT = 60
TRACE_ID = 12
ACTION = 15
SCORE = 13

HEAD = "  ".join(
    (
        "time".ljust(20),
        "trace".ljust(TRACE_ID),
        "action".ljust(ACTION),
        "score".rjust(SCORE),
        "from".ljust(ADDRESS),
        "to".ljust(ADDRESS),
        "subject",
    )
)


def row_line(trace_id: str, row: Mapping[str, Any]) -> str:
    """One line for a row; `row` is its body."""
    score = f"{number(row, 'score'):.2f}/{number(row, 'required_score'):.2f}"
    if text(row, "unscanned"):
        score = "not scanned"
    cells = (
        moment(number(row, "unix_time")).ljust(20),
        cell(trace_id, TRACE_ID),
        cell(text(row, "action"), ACTION),
        score.rjust(SCORE),
        cell(text(row, "sender_smtp") or text(row, "sender_mime") or "-", ADDRESS),
        cell(recipients(row), ADDRESS),
        escape(text(row, "subject") or "-", SUBJECT),
    )
    return "  ".join(cells).rstrip()


def recipients(row: Mapping[str, Any]) -> str:
    """The first recipient of the envelope, else of the header, and how many others there are."""
    found = texts(row, "rcpt_smtp") or texts(row, "rcpt_mime")
    if not found:
        return "-"
    rest = f" +{len(found) - 1}" if len(found) > 1 else ""
    return escape(found[0], ADDRESS - len(rest)) + rest


def cell(value: str, width: int) -> str:
    """A text of just this width."""
    return escape(value, width)[:width].ljust(width)


def text(row: Mapping[str, Any], name: str) -> str:
    """A value that is a text; empty if it is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def number(row: Mapping[str, Any], name: str) -> float:
    """A value that is a number; 0 if it is none."""
    value = row.get(name)
    try:
        return float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:
        return 0.0


def texts(row: Mapping[str, Any], name: str) -> list[str]:
    """A value that is a list of texts, without what is none."""
    return [item for item in items(row, name) if isinstance(item, str)]


def items(row: Mapping[str, Any], name: str) -> list[Any]:
    """A value that is a list; empty if it is none."""
    value = row.get(name)
    return value if isinstance(value, list) else []


def table(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A value that is a table; empty if it is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}
