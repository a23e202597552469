"""A message as it leaves: with the edits of its verdict, for those who sign it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..mail.canon import Canonical, CanonicalBody, Field
from ..mail.sendmail import as_written
from ..syntax import FIELD_NAME
from .envelope import Envelope
from .verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    RemoveHeader,
    ReplaceBody,
    Verdict,
)

GOES_NOWHERE = frozenset({Action.REJECT, Action.SOFT_REJECT, Action.DISCARD})
"""Actions after which nobody sees a signature."""

HEAVY_BODY = 2**18
"""Octets of a body that takes milliseconds to hash."""

MAX_SURE = 50_000
"""Characters of a value that is told as it is; longer ones may be cut."""

MAX_LINE = 990
"""Octets of a line that is left as it is: Sendmail breaks longer ones, and Postfix beyond 998."""

# Printable ASCII, with folds; no line of it is blank.
_PLAIN = re.compile(r"[\t ]*+[!-~][\t -~]*+(?:\n[\t ]++[!-~][\t -~]*+)*")

_HeaderEdit = AddHeader | ChangeHeader | RemoveHeader


@dataclass(frozen=True, slots=True)
class Leaving:
    """What signatures are made for."""

    message: Canonical
    envelope: Envelope
    verdict: Verdict
    unsure: frozenset[bytes] = frozenset()
    """Names of fields (lower case) of which it is not known what they will be: whoever gets the
    verdict makes them. They cannot be signed, nor can it be signed that there are no more."""
    edited: frozenset[bytes] = frozenset()
    """Names of fields of which some are written or removed by whoever gets the verdict. Of those
    that are not `unsure`, the octets are known but for white space and the case of names, as
    is all of a header whose addresses the MTA writes anew."""
    is_heavy: bool = False
    """Its body is not the one that checks have seen, and takes long to hash: it is to be signed in
    a thread."""


def leaving(message: Canonical, envelope: Envelope, verdict: Verdict) -> Leaving:
    """The message as the edits of its verdict leave it.

    So are changes that an MTA makes behind us, if it is known to (`Envelope.rewrites_addresses`).
    The protocols, and the programs that carry edits out, agree on what becomes of a field that is
    the only one of its name; the order of several, where one is new, is their own affair.
    """
    edits = [
        edit
        for edit in verdict.edits
        # Protocols leave those out that name no field.
        if isinstance(edit, _HeaderEdit) and FIELD_NAME.fullmatch(edit.name)
    ]
    bodies = [edit.body for edit in verdict.edits if isinstance(edit, ReplaceBody)]
    unsure = {b"subject"} if verdict.action is Action.REWRITE_SUBJECT else set()
    fields = message.fields
    if edits:
        unsure.update(_unsure(Counter([field.name for field in fields]), edits))
        fields = _edited(fields, edits)
    fields, unknown = handed_on(fields, envelope)
    unsure |= unknown
    if bodies or fields is not message.fields:
        message = message.with_fields(fields, CanonicalBody(bodies[-1]) if bodies else None)
    return Leaving(
        message,
        envelope,
        verdict,
        frozenset(unsure),
        frozenset([_key(edit.name) for edit in edits]) | unsure,
        bool(bodies) and len(bodies[-1]) > HEAVY_BODY,
    )


def handed_on(fields: Sequence[Field], envelope: Envelope) -> tuple[Sequence[Field], set[bytes]]:
    """Fields as the MTA hands them on, and the names of those of which nobody can tell."""
    unsure = {field.name for field in fields if _has_long_line(field.raw)}
    if not envelope.rewrites_addresses:
        return fields, unsure
    written = [(field, as_written(field)) for field in fields]
    unsure.update([field.name for field, found in written if found is None])
    return [found or field for field, found in written], unsure


def with_added(left: Leaving, added: Sequence[AddHeader]) -> Leaving:
    """The same with more fields on top."""
    fields = [_made(edit) for edit in added]
    message = left.message.with_fields((*fields, *left.message.fields))
    names = {field.name for field in fields}
    several = {name for name in names if len(message.named(name)) > 1}
    return replace(
        left,
        message=message,
        unsure=left.unsure | several,
        edited=left.edited | names,
    )


def _unsure(counts: Counter[bytes], edits: Iterable[_HeaderEdit]) -> Iterable[bytes]:
    """The names of which it is not certain what fields there will be."""
    by_name: dict[bytes, list[_HeaderEdit]] = {}
    for edit in edits:
        by_name.setdefault(_key(edit.name), []).append(edit)
    return [name for name, group in by_name.items() if not _is_sure(counts[name], group)]


def _is_sure(count: int, edits: Sequence[_HeaderEdit]) -> bool:
    """Whether edits of `count` fields of one name leave one field that is known, or none."""
    removed = {
        at
        for edit in edits
        if isinstance(edit, RemoveHeader)
        for at in _meant(range(count), edit.occurrence)
    }
    written = [edit for edit in edits if not isinstance(edit, RemoveHeader)]
    if not written:
        return not 0 < len(removed) < count
    if len(written) > 1 or not _is_plain(written[0].value):
        return False
    if isinstance(written[0], ChangeHeader):
        return count <= 1 and not removed and written[0].occurrence == 1
    return len(removed) == count


def _edited(fields: Sequence[Field], edits: Iterable[_HeaderEdit]) -> list[Field]:
    """Fields after edits, which are numbered as in the message that came."""
    places: dict[bytes, list[int]] = {}
    for at, field in enumerate(fields):
        places.setdefault(field.name, []).append(at)
    kept: list[Field | None] = list(fields)
    top: list[Field] = []
    end: list[Field] = []
    for edit in edits:
        own = places.get(_key(edit.name), [])
        match edit:
            case RemoveHeader():
                for at in _meant(own, edit.occurrence):
                    kept[at] = None
            case ChangeHeader():
                # One that is not there is added.
                if found := _meant(own, edit.occurrence):
                    kept[found[0]] = _made(edit)
                else:
                    end.append(_made(edit))
            case AddHeader():
                (end if edit.order < 0 else top).append(_made(edit))
    return [*top, *(field for field in kept if field is not None), *end]


def _has_long_line(raw: bytes) -> bool:
    """Whether MTAs break a line of it: where a word is, another text comes of that."""
    return len(raw) > MAX_LINE and max(map(len, raw.split(b"\n"))) > MAX_LINE


def _meant(places: Sequence[int], occurrence: int) -> Sequence[int]:
    """Which fields of a name an edit means: the n-th, the n-th from the end, or all."""
    if occurrence == 0:
        return places
    at = occurrence - 1 if occurrence > 0 else len(places) + occurrence
    return places[at : at + 1] if 0 <= at < len(places) else ()


def _is_plain(value: str) -> bool:
    """Whether a value is told as it is."""
    return len(value) <= MAX_SURE and _PLAIN.fullmatch(value) is not None


def _made(edit: AddHeader | ChangeHeader) -> Field:
    text = f"{edit.name}: {edit.value}\n".replace("\r\n", "\n").replace("\n", "\r\n")
    return Field(_key(edit.name), text.encode("utf-8", "replace"))


def _key(name: str) -> bytes:
    return name.lower().encode("utf-8", "replace")
