"""The message that LDA mode puts out: what came in, or what the server made of it, and its verdict.

Fields are changed by `report.rewrite` alone. A message whose lines end with CR is kept so.

Sources: lda-client.md 5.3 and 5.5, http-scan.md 1.7 and 1.8.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TypeGuard

from ...mail.head import line_end
from ...report.edits import clean_edits
from ...report.rewrite import MAX_HEADER, fields_end, rewrite
from ...scan.verdict import Edit, RemoveHeader
from .exchange import Pieces, Reply, Unanswered
from .marks import OWN, error_fields, result_fields, verdict_fields
from .milter_block import additions, new_subject, removals
from .options import Options
from .values import text

_MARK = re.compile(rb"^(x-spam[^\x00-\x20:\x7f]*+)[ \t]*+:", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\n\r?\n")
_ANY_FIELD = re.compile(rb"^[^\x00-\x20:\x7f]++[ \t]*+:", re.MULTILINE)
_FOLDED_LINE = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")
_NOT_OF_NAMES = re.compile(rb"[\x00-\x20\x7f]+")
_BARE_CR = re.compile(rb"\r(?!\n)")
_MAX_ERROR = 200
"""Characters of an error that the server names."""


def scanned(raw: bytes, reply: Reply, options: Options) -> Pieces:
    """The message with its verdict. Raises Unanswered for a reply that is none."""
    _check(reply)
    fields = reply.fields
    added = [edit for edit in additions(fields) if edit.name.lower() not in OWN]
    edits: Sequence[Edit] = (
        *_allowed(removals(fields), options),
        *new_subject(fields),
        *verdict_fields(reply),
        *added,
        *result_fields(reply, options),
    )
    # The server may well have changed the header, but not to nothing.
    return _edited(reply.body or raw, edits, options)


def _allowed(edits: Iterable[RemoveHeader], options: Options) -> Iterator[RemoveHeader]:
    """Without those of marks if these are to stay, which a filter removes by itself."""
    for edit in edits:
        if not (options.keeps_marks and edit.name.lower().startswith("x-spam")):
            yield edit


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
    head, body = _rewritten(lines, (*marks, *clean_edits(edits).edits), options.keeps_marks)
    if not is_cr:
        return head, body
    return head.replace(b"\n", b"\r"), memoryview(raw)[len(raw) - len(body) :]


def _rewritten(
    lines: bytes, edits: Sequence[Edit], keeps_marks: bool
) -> tuple[bytes, bytes | memoryview]:
    """The header, and the octets of the message that follow it."""
    end = fields_end(lines)
    rest = end + _size_of_rest(lines, end)
    if rest == end:
        whole = rewrite(lines, edits)
        return whole.head, whole.body
    newline = line_end(lines)
    head = rewrite(lines[:end] + newline, edits).head.removesuffix(newline)
    names = {edit.name.lower().encode("latin_1", "replace") for edit in edits if _is_of_all(edit)}
    return head + _without(lines[end:rest], names, keeps_marks), memoryview(lines)[rest:]


def _is_of_all(edit: Edit) -> TypeGuard[RemoveHeader]:
    return isinstance(edit, RemoveHeader) and edit.occurrence == 0


def _size_of_rest(lines: bytes, at: int) -> int:
    """Octets of a header behind a line that is no field, if it seems to go on there.

    Some readers end the header at such a line, as Postfix does, and others at the first blank
    line. So our fields go before it, where both see them, and none is left behind it that the
    latter would take for ours. What has no more fields is the text, and so is what does not end
    within `MAX_HEADER`, as in `rewrite`.
    """
    blank = _HEADER_END.search(lines, at, MAX_HEADER)
    # A fold would continue a field of ours.
    if blank is None or lines.startswith((b"\n", b"\r\n", b" ", b"\t"), at):
        return 0
    rest = blank.start() + 1 - at
    return rest if _ANY_FIELD.search(lines, at, at + rest) else 0


def _without(lines: bytes, names: Set[bytes], keeps_marks: bool) -> bytes:
    """Lines with their folds, but fields of those names, and what anybody could take for a mark."""

    def goes(line: bytes) -> bool:
        name, colon, _ = line.partition(b":")
        name = _NOT_OF_NAMES.sub(b"", name).lower()
        return bool(colon) and (name in names or (name.startswith(b"x-spam") and not keeps_marks))

    found = _FOLDED_LINE.findall(lines)
    return b"".join(line for line in found if not any(map(goes, _BARE_CR.split(line))))


def _marks(lines: bytes) -> Iterator[RemoveHeader]:
    """Whatever says in the name of a filter what a message is; names as they are in it."""
    end = _HEADER_END.search(lines, 0, MAX_HEADER)
    header = lines[: end.start() if end else MAX_HEADER]
    names = {found[1].lower() for found in _MARK.finditer(header)}
    yield from (RemoveHeader(name.decode("latin_1")) for name in sorted(names))
