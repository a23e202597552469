"""The message that LDA mode puts out: what came in, or what the server made of it, and its verdict.

Fields are changed by `report.rewrite` alone. A message whose lines end with CR is kept so.

Sources: lda-client.md 5.3 and 5.5, http-scan.md 1.7 and 1.8.
"""

import re
from collections.abc import Iterator, Sequence

from ...report.edits import clean_edits
from ...report.rewrite import MAX_HEADER, rewrite
from ...scan.verdict import Edit, RemoveHeader
from .exchange import Reply, Unanswered
from .marks import OWN, error_fields, result_fields, verdict_fields
from .milter_block import additions, new_subject, removals
from .options import Options
from .values import text

Pieces = Sequence[bytes | memoryview]
"""Octets, in order."""

_MARK = re.compile(rb"^(x-spam[^\x00-\x20:\x7f]*+)[ \t]*+:", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\n\r?\n")
_MAX_ERROR = 200
"""Characters of an error that the server names."""


def scanned(raw: bytes, reply: Reply, options: Options) -> Pieces:
    """The message with its verdict. Raises Unanswered for a reply that is none."""
    _check(reply)
    fields = reply.fields
    added = [edit for edit in additions(fields) if edit.name.lower() not in OWN]
    edits: Sequence[Edit] = (
        *removals(fields),
        *new_subject(fields),
        *verdict_fields(reply),
        *added,
        *result_fields(reply, options),
    )
    # The server may well have changed the header, but not to nothing.
    return _edited(reply.body or raw, edits, options)


def unscanned(raw: bytes, reason: str, options: Options) -> Pieces:
    """The message with why there is no verdict, and otherwise as it came."""
    return _edited(raw, tuple(error_fields(reason)), options)


def _check(reply: Reply) -> None:
    fields = reply.fields
    if "error" in fields:
        raise Unanswered(f"its answer is an error: {text(fields['error'])[:_MAX_ERROR]}")
    if not isinstance(fields.get("action"), str) or not fields["action"]:
        raise Unanswered("its answer is no verdict: there is no action in it")
    names = {name.lower() for name, _ in reply.headers}
    if reply.body is not None and not names & {"content-length", "transfer-encoding"}:
        # Else nobody could tell the end of it from a broken connection.
        raise Unanswered("its answer has a message in it, and does not say how long that is")


def _edited(raw: bytes, edits: Sequence[Edit], options: Options) -> Pieces:
    is_cr = b"\n" not in raw and b"\r" in raw
    lines = raw.replace(b"\r", b"\n") if is_cr else raw
    marks = () if options.keeps_marks else tuple(_marks(lines))
    rewritten = rewrite(lines, (*marks, *clean_edits(edits).edits))
    if not is_cr:
        return rewritten.head, rewritten.body
    body = memoryview(raw)[len(raw) - len(rewritten.body) :]
    return rewritten.head.replace(b"\n", b"\r"), body


def _marks(lines: bytes) -> Iterator[RemoveHeader]:
    """Whatever says in the name of a filter what a message is; names as they are in it."""
    end = _HEADER_END.search(lines, 0, MAX_HEADER)
    header = lines[: end.start() if end else MAX_HEADER]
    names = {found[1].lower() for found in _MARK.finditer(header)}
    yield from (RemoveHeader(name.decode("latin_1")) for name in sorted(names))
