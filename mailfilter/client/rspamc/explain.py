"""`mailfilterc explain TRACE-ID`: how a verdict came about, as the filter remembers it."""

import sys
from collections.abc import Iterator, Sequence

from ...codec.http_client import HttpRequest
from ...report.identifiers import parse_trace_id
from ..explain_text import explain_text, not_remembered
from .commands import EXPLAIN
from .exchange import Item, Misused, Unanswered
from .options import Options
from .own_api import NotFound, ask_for_trace
from .trace_json import document_json


def explain(options: Options, words: Sequence[str]) -> int:
    """Print one trace; the id may be among other words, as it was pasted.

    Returns the exit code. Raises Misused.
    """
    try:
        trace_id = parse_trace_id(" ".join(words))
    except ValueError as error:
        raise Misused(f"explain: {error}") from None
    request = HttpRequest("GET", f"{EXPLAIN.path}?id={trace_id}", tuple(_headers(options)))
    try:
        reply = ask_for_trace(request, options, Item(trace_id))
    except NotFound as error:
        return _fail(f"{error}\n{not_remembered()}")
    except Unanswered as error:
        return _fail(str(error))
    row, detail = reply.fields["row"], reply.fields["detail"]
    document = {"trace_id": trace_id, "row": row, "detail": detail}
    octets = document_json(document, reply, options.output)
    if options.output == "human":
        octets = explain_text(trace_id, row, detail).encode() + b"\n"
    sys.stdout.buffer.write(octets)
    return 0


def _headers(options: Options) -> Iterator[tuple[str, str]]:
    yield "User-Agent", options.user_agent
    if options.password is not None:
        yield "Password", options.password
    yield from options.headers


def _fail(text: str) -> int:
    print(f"mailfilterc: {text}", file=sys.stderr)
    return 1
