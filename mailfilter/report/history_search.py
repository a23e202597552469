"""What is looked for in the history, and how it is read page by page."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ..scan.verdict import Action
from ..store.base import Get, HistoryFind, HistoryGet, Row, Store
from .history_row import HISTORY
from .history_terms import ip_text
from .privacy import SECRET, Hasher, Kind

PAGE_ROWS = 200

PAGE_CALLS = 5
"""Calls of the store for a page that somebody waits for: each may find little in many rows."""

_CURSOR = re.compile("[0-9]{1,15}")
"""Stores number their rows."""


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


@dataclass(frozen=True, slots=True)
class Found:
    """Rows, newest first, and where to go on."""

    rows: Sequence[Row] = ()
    cursor: str | None = None
    """`None` at the end. There may be one after few rows, or none."""


async def find_rows(store: Store, wanted: Wanted, show: Callable[[Row], None]) -> int:
    """Show the newest rows that are wanted, one by one; returns how many. Raises StoreError."""
    terms = await _terms(store, wanted)
    seen: set[bytes] = set()
    before: bytes | None = None
    while terms is not None:
        find = HistoryFind(HISTORY, terms, wanted.since, wanted.until, PAGE_ROWS, before)
        page = await store.do(find)
        for row in _fresh(page.rows, seen):
            show(row)
            if len(seen) == wanted.limit:
                break
        if page.cursor is None or len(seen) == wanted.limit:
            break
        before = page.cursor
    return len(seen)


async def find_page(store: Store, wanted: Wanted, cursor: str | None) -> Found:
    """A page of at most `wanted.limit` rows, up to `PAGE_ROWS`.

    `cursor` is that of the page before (see `parse_cursor`). Raises StoreError.
    """
    terms = await _terms(store, wanted)
    if terms is None:
        return Found()
    limit = min(wanted.limit or PAGE_ROWS, PAGE_ROWS)
    seen: set[bytes] = set()
    rows: list[Row] = []
    before = None if cursor is None else cursor.encode()
    for _ in range(PAGE_CALLS):
        left = limit - len(rows)
        page = await store.do(HistoryFind(HISTORY, terms, wanted.since, wanted.until, left, before))
        rows += _fresh(page.rows, seen)
        before = page.cursor
        if before is None or len(rows) == limit:
            break
    return Found(rows, None if before is None else before.decode())


async def _terms(store: Store, wanted: Wanted) -> Sequence[bytes] | None:
    """What is looked for; `None` if no row was ever stored: the first brought the secret."""
    (secret,) = await store.do(Get([SECRET]))
    if secret is None:
        return None
    hasher = Hasher(secret)
    return [hasher.term(kind, value) for kind, value in wanted.values]


def _fresh(rows: Iterable[Row], seen: set[bytes]) -> Iterable[Row]:
    """Those that were not seen; a row may be there twice (see `report.history`)."""
    for row in rows:
        if row.row_id not in seen:
            seen.add(row.row_id)
            yield row


async def find_trace(store: Store, trace_id: str) -> Row | None:
    """The row of a scan, with its trace. Raises StoreError."""
    return await store.do(HistoryGet(HISTORY, trace_id.encode()))


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


def parse_cursor(text: str) -> str:
    """The cursor of a page. Raises ValueError."""
    if _CURSOR.fullmatch(text) is None:
        raise ValueError("expected the cursor of an earlier page")
    return text
