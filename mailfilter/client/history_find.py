"""What is looked for in the history, and how it is read page by page."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import msgspec

from ..config.units import parse_duration
from ..report.history_row import HISTORY
from ..report.history_terms import ip_text
from ..report.privacy import SECRET, Hasher, Kind
from ..scan.verdict import Action
from ..store.base import Get, HistoryFind, HistoryGet, Row, Store

PAGE_ROWS = 200

_TRACED = re.compile(r"""\btrace(?:[_-]id)?["']?[=:\s]+["']?([0-9a-f]{12})\b""")
_LISTED = re.compile(r"\s*\d{4}-\d\d-\d\dt[\d:]+z\s+([0-9a-f]{12})\s")
"""How a line of `mailfilteradm history` begins, in lower case."""

_ID = re.compile(r"\b([0-9a-f]{12})\b")

TIME_FORM = 'a duration back from now such as "2h", or a time such as "2026-11-27T14:00" (UTC)'


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; all of what is given must hold."""

    values: Sequence[tuple[Kind, str]] = ()
    since: float | None = None
    """Unix time of the oldest row."""
    until: float | None = None
    """Unix time that rows are before."""
    limit: int = 0
    """How many rows; 0 is all."""


async def find_rows(store: Store, wanted: Wanted, show: Callable[[Row], None]) -> int:
    """Show the newest rows that are wanted, one by one; returns how many. Raises StoreError."""
    (secret,) = await store.do(Get([SECRET]))
    if secret is None:
        # The first row that was ever stored brought it.
        return 0
    hasher = Hasher(secret)
    terms = [hasher.term(kind, value) for kind, value in wanted.values]
    seen: set[bytes] = set()
    before: bytes | None = None
    while True:
        find = HistoryFind(HISTORY, terms, wanted.since, wanted.until, PAGE_ROWS, before)
        page = await store.do(find)
        for row in _fresh(page.rows, seen):
            show(row)
            if len(seen) == wanted.limit:
                return len(seen)
        if page.cursor is None:
            return len(seen)
        before = page.cursor


def _fresh(rows: Iterable[Row], seen: set[bytes]) -> Iterable[Row]:
    """Those that were not seen; a row may be there twice (see `report.history`)."""
    for row in rows:
        if row.row_id not in seen:
            seen.add(row.row_id)
            yield row


async def find_trace(store: Store, trace_id: str) -> Row | None:
    """The row of a scan, with its trace. Raises StoreError."""
    return await store.do(HistoryGet(HISTORY, trace_id.encode()))


def read_json(octets: bytes) -> dict[str, Any]:
    """A body or detail; empty where nobody can read it."""
    try:
        found = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def parse_trace_id(text: str) -> str:
    """The trace id in what was pasted: itself, a log line, a reply, a header field, JSON.

    Of several the last is meant that is said to be one, by "trace" before it: in log lines and
    replies ours is behind what strangers may have written. In a line of `mailfilteradm history` it
    comes before that. If none is marked, it is the first. Raises ValueError.
    """
    told = _told_in_json(text)
    if told is not None:
        return told
    text = text.lower()
    listed = _LISTED.match(text)
    if listed is not None:
        return listed[1]
    marked = _TRACED.findall(text)
    if marked:
        return str(marked[-1])
    found = _ID.search(text)
    if found is None:
        raise ValueError('expected a trace id such as "0123456789ab"')
    return found[1]


def _told_in_json(text: str) -> str | None:
    """What an object says its trace id is: a line of the log, or of `--json`."""
    if not text.rstrip().endswith("}"):
        # A reply, say, of which a stranger may have written a part.
        return None
    found = read_json(text[text.find("{") :].rstrip().encode("utf-8", "replace"))
    for name in ("trace_id", "trace"):
        value = found.get(name)
        if isinstance(value, str) and _ID.fullmatch(value.lower()):
            return value.lower()
    return None


def parse_time(text: str, now: float) -> float:
    """Unix time of "2h" (before now) or of an ISO time, in UTC where it says nothing else.

    Raises ValueError.
    """
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected {TIME_FORM}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def parse_address(text: str) -> str:
    """An address or @domain; `<>` is the null sender."""
    return text.strip().removeprefix("<").removesuffix(">")


def parse_action(text: str) -> str:
    """The name of an action, also with hyphens for blanks. Raises ValueError."""
    name = re.sub("[-_]", " ", text.strip().lower())
    try:
        return Action(name).value
    except ValueError:
        names = ", ".join(action.value for action in Action)
        raise ValueError(f"expected one of: {names}") from None


def parse_ip(text: str) -> str:
    """The address of a client. Raises ValueError."""
    try:
        return ip_text(ip_address(text.strip("[] ")))
    except ValueError:
        raise ValueError("expected the address of a client such as 192.0.2.1") from None
