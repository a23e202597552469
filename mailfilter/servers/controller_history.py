"""`/history`: the last scans, as Rspamd's interface reads them (http-controller.md 2.2)."""

import msgspec
from twisted.logger import Logger

from ..codec.http_body import Refused
from ..report.history_row import HISTORY
from ..report.reply_json import read_json, render_json
from ..store.base import HistoryClear, HistoryFind, Row
from .controller_call import SUCCESS, Call, Endpoint, Endpoints, json_reply
from .http_reply import Reply

PAGE_ROWS = 500
"""Asked of the store at once."""

MAX_ROWS = 10_000
"""Of a reply; more of them no page can show."""

MAX_OCTETS = 2**25
"""Of a reply: rows that would make it larger are left out, the oldest first."""

MAX_CALLS = 50
"""Of the store for a reply."""

log = Logger()


async def history(call: Call) -> Reply:
    """The rows between two places in the list, the newest at 0; -1 is the last."""
    first, last = _place(call, "from", 0), _place(call, "to", -1)
    rows = await _rows(call, MAX_ROWS if last < 0 else min(last + 1, MAX_ROWS))
    # As Redis counts: places below 0 are from the end.
    first = max(first + len(rows), 0) if first < 0 else first
    last = last + len(rows) if last < 0 else last
    shown = _bounded([_json(row) for row in rows[first : last + 1]])
    return Reply(200, b'{"version":2,"rows":[%b]}' % b",".join(shown))


def _place(call: Call, name: str, usual: int) -> int:
    text = call.argument(name)
    if text is None or not text:
        return usual
    if len(text) > 12 or not text.removeprefix("-").isdecimal() or not text.isascii():
        raise Refused(400, f"Invalid argument {name}")
    return int(text)


async def _rows(call: Call, count: int) -> list[Row]:
    """The newest rows, each once (see `report.history`)."""
    found: dict[bytes, Row] = {}
    before: bytes | None = None
    for _ in range(MAX_CALLS):
        limit = min(count - len(found), PAGE_ROWS)
        if limit <= 0:
            break
        page = await call.services.store.do(HistoryFind(HISTORY, limit=limit, before=before))
        for row in page.rows:
            found.setdefault(row.row_id, row)
        before = page.cursor
        if before is None:
            break
    return list(found.values())


def _json(row: Row) -> bytes:
    """A row in ASCII; nothing that is not JSON, whoever wrote it to the store."""
    try:
        msgspec.json.decode(row.body, type=msgspec.Raw)
        if row.body.isascii():
            return row.body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b"{}"
    return render_json(read_json(row.body))


def _bounded(rows: list[bytes]) -> list[bytes]:
    total = 0
    for index, row in enumerate(rows):
        total += len(row) + 1
        if total > MAX_OCTETS:
            return rows[:index]
    return rows


async def historyreset(call: Call) -> Reply:
    """Forget all rows."""
    count = await call.services.store.do(HistoryClear(HISTORY))
    log.info("history: {count} rows removed by {who!r}", count=count, who=call.who)
    return json_reply(SUCCESS)


ENDPOINTS: Endpoints = {
    "/history": Endpoint(history),
    "/historyreset": Endpoint(historyreset, "change"),
}
