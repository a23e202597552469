"""A message as it leaves: with the edits of its verdict, for those who sign it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..mail.canon import Canonical, CanonicalBody, Field
from .envelope import Envelope
from .verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    Edit,
    RemoveHeader,
    ReplaceBody,
    Verdict,
)

GOES_NOWHERE = frozenset({Action.REJECT, Action.SOFT_REJECT, Action.DISCARD})
"""Actions after which nobody sees a signature."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What signatures are made for."""

    message: Canonical
    envelope: Envelope
    verdict: Verdict
    unsure: frozenset[bytes] = frozenset()
    """Names of fields (lower case) of which it is not known what they will be: whoever gets the
    verdict makes them. They cannot be signed, nor can it be signed that there are no more."""


def leaving(message: Canonical, envelope: Envelope, verdict: Verdict) -> Leaving:
    """The message as the edits of its verdict leave it."""
    unsure = {b"subject"} if verdict.action is Action.REWRITE_SUBJECT else set()
    if not verdict.edits:
        return Leaving(message, envelope, verdict, frozenset(unsure))
    fields, open_names = _edited(message.fields, verdict.edits)
    bodies = [edit.body for edit in verdict.edits if isinstance(edit, ReplaceBody)]
    body = CanonicalBody(bodies[-1]) if bodies else None
    return Leaving(
        message.with_fields(fields, body), envelope, verdict, frozenset(unsure | open_names)
    )


def with_added(leaving: Leaving, added: Sequence[AddHeader]) -> Leaving:
    """The same with more fields on top."""
    fields = [_made(_key(edit.name), edit.name, edit.value) for edit in added]
    message = leaving.message.with_fields((*fields, *leaving.message.fields))
    return Leaving(message, leaving.envelope, leaving.verdict, leaving.unsure)


def _edited(fields: Sequence[Field], edits: Iterable[Edit]) -> tuple[list[Field], set[bytes]]:
    """Fields after edits, numbered as in the message that came, and names that are unsure."""
    places: dict[bytes, list[int]] = {}
    for at, field in enumerate(fields):
        places.setdefault(field.name, []).append(at)
    kept: list[Field | None] = list(fields)
    top: list[Field] = []
    end: list[Field] = []
    unsure: set[bytes] = set()
    for edit in edits:
        if isinstance(edit, RemoveHeader):
            for at in _meant(places.get(_key(edit.name), []), edit.occurrence):
                kept[at] = None
        elif isinstance(edit, ChangeHeader):
            key = _key(edit.name)
            # An empty value removes it, one that is not there is added: protocols see to that.
            unsure.add(key)
        elif isinstance(edit, AddHeader):
            key = _key(edit.name)
            if not _is_plain(edit.value):
                unsure.add(key)
            (end if edit.order < 0 else top).append(_made(key, edit.name, edit.value))
    return [*top, *(field for field in kept if field is not None), *end], unsure


def _meant(places: Sequence[int], occurrence: int) -> Sequence[int]:
    """Which fields of a name an edit means: the n-th, the n-th from the end, or all."""
    if occurrence == 0:
        return places
    at = occurrence - 1 if occurrence > 0 else len(places) + occurrence
    return places[at : at + 1] if 0 <= at < len(places) else ()


def _is_plain(value: str) -> bool:
    """Whether a value is told to the MTA as it is."""
    return value.isascii() and value.isprintable()


def _made(key: bytes, name: str, value: str) -> Field:
    text = f"{name}: {value}\n".replace("\r\n", "\n").replace("\n", "\r\n")
    return Field(key, text.encode("utf-8", "replace"))


def _key(name: str) -> bytes:
    return name.lower().encode("utf-8", "replace")
