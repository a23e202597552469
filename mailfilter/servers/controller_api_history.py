"""The history for our own pages: /api/history and /api/trace."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeVar

from ..codec.http_body import Refused
from ..report.history_search import (
    Wanted,
    find_page,
    find_trace,
    parse_action,
    parse_address,
    parse_cursor,
    parse_ip,
)
from ..report.identifiers import parse_trace_id
from ..report.privacy import Kind
from ..report.reply_json import read_json
from .controller_call import Call, Endpoint, Endpoints, json_reply
from .http_reply import Reply, error_reply

T = TypeVar("T")

LIMIT = 50
"""Rows of a page unless it is said."""

MAX_VALUES = 16
"""That are looked for at once."""

_KINDS: Mapping[str, tuple[Kind, Callable[[str], str]]] = {
    "address": ("address", parse_address),
    "from": ("from", parse_address),
    "to": ("to", parse_address),
    "symbol": ("symbol", str.strip),
    "action": ("action", parse_action),
    "ip": ("ip", parse_ip),
    "user": ("user", str.strip),
    "identity": ("identity", str.strip),
    "queue_id": ("queue-id", str.strip),
    "message_id": ("message-id", parse_address),
}
"""Arguments that rows are found by; each may be there several times, and all must hold."""


async def history(asked: Call) -> Reply:
    """A page of rows, newest first, and where the next begins."""
    cursor = _read(parse_cursor, "cursor", asked.argument("cursor"))
    found = await find_page(asked.services.store, _wanted(asked), cursor)
    rows = [
        {**read_json(row.body), "trace_id": row.row_id.decode("utf-8", "replace")}
        for row in found.rows
    ]
    settings = asked.services.config.history
    return json_reply(
        {
            "rows": rows,
            "cursor": found.cursor,
            "enabled": settings.enabled,
            "addresses": settings.addresses,
        }
    )


async def trace(asked: Call) -> Reply:
    """One scan: its row, and the trace of its checks."""
    trace_id = _read(parse_trace_id, "id", asked.argument("id"))
    if trace_id is None:
        raise Refused(400, "id: expected a trace id")
    row = await find_trace(asked.services.store, trace_id)
    if row is None:
        return error_reply(404, f"no scan {trace_id} is remembered")
    body, detail = read_json(row.body), read_json(row.detail)
    return json_reply({"row": {**body, "trace_id": trace_id}, "detail": detail})


def _wanted(asked: Call) -> Wanted:
    values: list[tuple[Kind, str]] = []
    for raw_name, raw_value in asked.head.arguments:
        name, value = raw_name.decode("ascii", "replace"), raw_value.decode("utf-8", "replace")
        if name in _KINDS and value:
            kind, parse = _KINDS[name]
            values.append((kind, _parsed(parse, name, value)))
    if len(values) > MAX_VALUES:
        raise Refused(400, f"expected at most {MAX_VALUES} filters")
    return Wanted(
        values,
        _read(_number, "since", asked.argument("since")),
        _read(_number, "until", asked.argument("until")),
        int(_read(_limit, "limit", asked.argument("limit")) or LIMIT),
    )


def _read(parse: Callable[[str], T], name: str, text: str | None) -> T | None:
    """An argument that may be missing. Raises `Refused`."""
    return _parsed(parse, name, text) if text else None


def _parsed(parse: Callable[[str], T], name: str, text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise Refused(400, f"{name}: {error}") from None


def _number(text: str) -> float:
    """Seconds since 1970. Raises ValueError."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError("expected seconds since 1970")
    return number


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 200):
        raise ValueError("expected a number of rows from 1 to 200")
    return int(text[:9])


ENDPOINTS: Endpoints = {
    "/api/history": Endpoint(history),
    "/api/trace": Endpoint(trace),
}
