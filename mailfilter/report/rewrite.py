"""Edits applied to the octets of a message, for whoever hands the message on itself.

What comes out is what an MTA makes of the same edits (milter.md 5.1): the numbers of fields mean
those of the message as it came; fields are changed first, then removed, then inserted and
appended. What is not edited stays as it is, octet by octet, but that a blank line is put where the
header ends without one, as Postfix does.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..mail.head import line_end
from ..scan.verdict import AddHeader, ChangeHeader, Edit, RemoveHeader, ReplaceBody
from .edits import occurrences, placed, with_crlf, without_body

MAX_FIELDS = 2048
"""Fields that are looked at, as many as `mail.Limits.block_headers`."""

MAX_HEADER = 2**20
"""Octets of them. Where a header goes on behind this, or behind `MAX_FIELDS`, it ends in the
message that is given back: so no field is left in it that was to be removed, and it costs the
same however long it is. Exim takes no longer header, and Postfix 100 KiB."""

_FIRST_LINES = re.compile(rb"(?:From [^\n]*+(?:\n|\Z))?(?:[ \t][^\n]*+(?:\n|\Z))*")
"""What may stand before the first field: the line of an mbox, and folds of nothing."""
_FIELD = re.compile(
    rb"([^\x00-\x20:\x7f]++)[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)"
    # What some mbox programs leave in the middle of a header.
    rb"|>From [^\n]*+(?:\n|\Z)"
)
_ENDS_FOR_SPAMC = (b"\n\n", b"\r\n\r\n")
_OF_MESSAGE = (AddHeader, ChangeHeader, RemoveHeader, ReplaceBody)
_APPEND = -1


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A message after its edits."""

    head: bytes
    """Its header, with the blank line behind it; empty if nothing was changed."""
    body: bytes | memoryview
    """What follows."""


@dataclass(slots=True)
class _Field:
    """A field of the message; `name` is in lower case, and empty for what is no field."""

    name: bytes
    octets: bytes
    is_changed: bool = False
    is_removed: bool = False


def rewrite(raw: bytes, edits: Iterable[Edit]) -> Rewritten:
    """Apply clean edits (see `report.edits`); those of the envelope change nothing.

    The message has LF or CRLF line ends; new lines get what its first line has. A line of an mbox
    (`From SENDER DATE`) that comes first stays there and is no field. Fields that belong below the
    Received of an MTA come on top if there is none.
    """
    edits = placed([edit for edit in edits if isinstance(edit, _OF_MESSAGE)], raw)
    if not edits:
        return Rewritten(b"", memoryview(raw))
    newline = line_end(raw)
    first, fields, end = _split(raw)
    had_fields = bool(fields)
    header = b"".join(_edited(fields, edits, newline))
    head = _whole(first, newline) + header if header else first
    blank = _blank_line(raw, end)
    body: bytes | memoryview = memoryview(raw)[end + len(blank) :]
    if bodies := [edit.body for edit in edits if isinstance(edit, ReplaceBody)]:
        body = with_crlf(bodies[-1]).replace(b"\r\n", newline)
    if not blank and len(body) and (bodies or head or had_fields):
        blank = newline
    return Rewritten(_whole(head, newline) + blank if blank else head, body)


def fields_end(raw: bytes) -> int:
    """Where the fields end that `rewrite` can edit; there is a blank line, or what is no field."""
    return _split(raw)[2]


def rewritten_header(raw: bytes, edits: Iterable[Edit]) -> Rewritten:
    """The header after the edits, for spamc, which puts the body behind it that it has itself.

    That begins after two line ends of one kind, wherever these are: what is before that comes as
    the body here.
    """
    rewritten = rewrite(raw, without_body(edits))
    own = len(raw) - len(rewritten.body)
    return Rewritten(rewritten.head, memoryview(raw)[own : _end_for_spamc(raw)])


def _end_for_spamc(raw: bytes) -> int:
    """Where spamc takes the body to begin; the end if it finds none."""
    # Usually one is near, and the other would be looked for in all of the body.
    for stop in (MAX_HEADER, len(raw)):
        ends = [at + len(end) for end in _ENDS_FOR_SPAMC if (at := raw.find(end, 0, stop)) >= 0]
        if ends:
            return min(ends)
    return len(raw)


def _whole(lines: bytes, newline: bytes) -> bytes:
    """Lines of which the last one has its end, too."""
    return lines if not lines or lines.endswith(b"\n") else lines + newline


def _blank_line(raw: bytes, at: int) -> bytes:
    for line in (b"\n", b"\r\n"):
        if raw.startswith(line, at):
            return line
    return b""


def _split(raw: bytes) -> tuple[bytes, list[_Field], int]:
    """What stands before the header, its fields, and where those end that are looked at."""
    stop = min(len(raw), MAX_HEADER)
    fields: list[_Field] = []
    first = _FIRST_LINES.match(raw, 0, stop)
    assert first is not None
    if _goes_on(raw, first):
        return b"", fields, 0
    at = first.end()
    while at < stop and len(fields) < MAX_FIELDS:
        field = _FIELD.match(raw, at, stop)
        if field is None or _goes_on(raw, field):
            break
        fields.append(_Field((field[1] or b"").lower(), field[0]))
        at = field.end()
    return first[0], fields, at


def _goes_on(raw: bytes, found: re.Match[bytes]) -> bool:
    """Whether it may be longer than what is looked at."""
    return found.end() == found.endpos < len(raw)


def _edited(fields: list[_Field], edits: Sequence[Edit], newline: bytes) -> Iterable[bytes]:
    named: dict[bytes, list[_Field]] = {}
    for field in fields:
        named.setdefault(field.name, []).append(field)
    adds: list[AddHeader] = []
    for edit in edits:
        match edit:
            case AddHeader():
                adds.append(edit)
            case ChangeHeader(name, value, occurrence):
                found = named.get(_key(name), [])
                if occurrence > len(found):
                    adds.append(AddHeader(name, value))
                    continue
                field = found[occurrence - 1]
                field.octets, field.is_changed = _line(name, value, newline), True
            case RemoveHeader(name, occurrence):
                found = named.get(_key(name), [])
                for number in occurrences(occurrence, len(found)):
                    found[number - 1].is_removed = True
    # A field that is changed is not to be removed.
    kept = [field.octets for field in fields if field.is_changed or not field.is_removed]
    return _with(kept, adds, newline)


def _with(kept: list[bytes], adds: list[AddHeader], newline: bytes) -> list[bytes]:
    """Add fields from the bottom up, so that no place moves; those of one place in their order."""
    if adds and kept:
        kept[-1] = _whole(kept[-1], newline)
    total = len(kept)
    placed = sorted(((_place(add.order, total), add) for add in adds), key=lambda item: item[0])
    for at, add in reversed(placed):
        kept.insert(min(at, total), _line(add.name, add.value, newline))
    return kept


def _place(order: int, total: int) -> int:
    # What is to be below the first field is put there, also if there is nothing more.
    if order == _APPEND or order >= max(total, 2):
        return total + 1
    return order if order >= 0 else max(total + order + 1, 0)


def _line(name: str, value: str, newline: bytes) -> bytes:
    octets = f"{name}: {value}\n".encode("ascii", "replace")
    return octets if newline == b"\n" else octets.replace(b"\n", newline)


def _key(name: str) -> bytes:
    # Of octets, only letters of ASCII have another case.
    return name.encode("latin_1", "replace").lower()
