"""What only our own filter answers: traces, asked of its controller under /api/."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from ...codec.http_client import Answer, HttpRequest
from ...syntax import NOT_PRINTABLE
from .address import CONTROL_PORT, Server, read_server
from .connection import exchange
from .exchange import Item, Reply, Unanswered
from .limits import limits_for
from .options import Options
from .reply import read_reply

_UNKNOWN_PATH = "invalid command"
"""What ports for scans alone say, ours and Rspamd's."""
_MAX_SHOWN = 200
"""Characters of what a server says."""


class NotFound(Unanswered):
    """The server has traces, but not this one."""


def ask_for_trace(request: HttpRequest, options: Options, item: Item) -> Reply:
    """A reply whose document has a row and the detail of a scan, as the history keeps them.

    Raises Unanswered, and NotFound for a scan that is not remembered.
    """
    server = read_server(options.connect, is_control=True, is_tls=options.is_tls)
    limits = limits_for(options, item)
    begun = time.monotonic()
    answer = exchange(server, request, options, limits.whole)
    seconds = time.monotonic() - begun
    if answer.status != 200:
        raise _refusal(server, answer, options)
    reply = read_reply(answer, item, seconds, limits, options.dictionary)
    if not all(isinstance(reply.fields.get(name), dict) for name in ("row", "detail")):
        raise Unanswered(f"{server}: its answer is no trace; is it the controller of mailfilter?")
    return reply


def _refusal(server: Server, answer: Answer, options: Options) -> Unanswered:
    said = _said(answer)
    if answer.status == 401:
        wrong = "it wants a password: give one with --password"
        if options.password is not None:
            wrong = "the password is wrong"
        return Unanswered(f"{server}: {wrong}")
    if (answer.header("server") or "").lower().startswith("rspamd"):
        return Unanswered(f"{server}: it is Rspamd, and only mailfilter tells how it decided")
    if said == _UNKNOWN_PATH:
        where = f"ask its controller, at port {CONTROL_PORT} unless configured otherwise"
        return Unanswered(f"{server}: it scans and does nothing else; {where}")
    if answer.status == 404 and said.startswith("no scan "):
        return NotFound(f"{server}: {said}")
    if answer.status == 404:
        return Unanswered(f"{server}: it knows no traces; is it the controller of mailfilter?")
    return Unanswered(f"{server}: HTTP error: {answer.status}, {said}")


def _said(answer: Answer) -> str:
    """Why it refuses, by its document or the line of its status."""
    try:
        document: Mapping[str, Any] = msgspec.json.decode(answer.body, type=dict[str, Any])
        error = document.get("error")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        error = None
    text = error if isinstance(error, str) else answer.reason
    return NOT_PRINTABLE.sub("?", text[:_MAX_SHOWN])
