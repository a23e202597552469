"""Edits of a message as milter frames, right for all MTAs (milter.md 5.1, milter-mapping.md 4.4).

The numbers of fields mean those of the message as it came, whatever else is edited: Postfix counts
anew after each edit, Sendmail does not, so the order of the frames is chosen to give the same in
both. Fields are changed first, then removed from the last of a name up, then inserted from the
bottom up, then appended.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..codec import milter_replies as replies
from ..codec.milter import Edits
from ..codec.milter_agreement import Agreement
from ..codec.milter_headers import count_fields
from ..report.edits import occurrences, with_crlf, without_body
from ..scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
)

_APPEND = -1
_BEYOND = 100_000
"""An index behind the last field of any message that an MTA takes."""


@dataclass(slots=True)
class _Writer:
    """Collects frames and what had to be left out."""

    agreement: Agreement
    head: bytes
    frames: list[bytes] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_verbatim(self) -> bool:
        """See `Agreement.is_verbatim`."""
        return self.agreement.is_verbatim

    def may(self, needed: Edits, what: str) -> bool:
        """Whether the MTA agreed to such an edit; notes it if not."""
        if self.agreement.edits & needed:
            return True
        self.dropped.append(f"{what}: not agreed with the MTA")
        return False

    def add(self, needed: Edits, what: str, frames: bytes) -> None:
        """Add the frames of an edit if the MTA agreed to such."""
        if self.may(needed, what):
            self.frames.append(frames)

    def spaced(self, value: str) -> str:
        """Add the blank after the colon, if it is on the filter to give it."""
        return " " + value if self.agreement.has_leading_space else value

    def count(self, name: str) -> int:
        """How many fields of that name the message has."""
        key = name.lower()
        if key not in self.counts:
            self.counts[key] = count_fields(self.head, name)
        return self.counts[key]


def encode_edits(
    edits: Iterable[Edit], agreement: Agreement, head: bytes, fields: int
) -> tuple[list[bytes], list[str]]:
    """The frames of clean edits, and what the MTA has not agreed to.

    `head` is the header block of the message, of that many fields.
    """
    writer = _Writer(agreement, head)
    edits = _appended(writer, _told(writer, tuple(edits)))
    changed = _change_headers(writer, edits)
    fields -= _remove_headers(writer, edits, changed)
    adds = _places(edits, fields)
    if agreement.is_verbatim:
        _put_on_top(writer, adds)
    else:
        _add_headers(writer, adds)
    for kind, write in _OTHERS.items():
        for edit in edits:
            if isinstance(edit, kind):
                write(writer, edit)
    _replace_body(writer, edits)
    return writer.frames, writer.dropped


def _told(writer: _Writer, edits: Sequence[Edit]) -> Sequence[Edit]:
    """Leave a new body out if the MTA takes none, and what was made for it."""
    if any(isinstance(edit, ReplaceBody) for edit in edits):
        return edits if writer.may(Edits.CHANGE_BODY, "replace body") else without_body(edits)
    return edits


def _appended(writer: _Writer, edits: Iterable[Edit]) -> list[Edit]:
    """Have a field that is to be changed and is not there be added: MTAs differ in where."""
    return [
        AddHeader(edit.name, edit.value)
        if isinstance(edit, ChangeHeader) and edit.occurrence > writer.count(edit.name)
        else edit
        for edit in edits
    ]


def _change_headers(writer: _Writer, edits: Iterable[Edit]) -> set[tuple[str, int]]:
    """Change fields; returns which, since such a field is not to be removed."""
    changed: set[tuple[str, int]] = set()
    for edit in edits:
        if not isinstance(edit, ChangeHeader):
            continue
        frame = replies.change_header(
            edit.occurrence, edit.name, writer.spaced(edit.value), is_verbatim=writer.is_verbatim
        )
        writer.add(Edits.CHANGE_HEADER, f"change header {edit.name}", frame)
        # Also if it was not agreed: then it is not to vanish, either.
        changed.add((edit.name.lower(), edit.occurrence))
    return changed


def _remove_headers(writer: _Writer, edits: Iterable[Edit], changed: set[tuple[str, int]]) -> int:
    """Delete fields, each once and those of a name from the last up; returns how many."""
    doomed: dict[str, tuple[str, set[int]]] = {}
    for edit in edits:
        if isinstance(edit, RemoveHeader):
            _, indexes = doomed.setdefault(edit.name.lower(), (edit.name, set()))
            indexes.update(occurrences(edit.occurrence, writer.count(edit.name)))
    removed = 0
    for key, (name, found) in doomed.items():
        ordered = sorted((at for at in found if (key, at) not in changed), reverse=True)
        if not ordered or not writer.may(Edits.CHANGE_HEADER, f"remove header {name}"):
            continue
        writer.frames += [replies.change_header(index, name, "") for index in ordered]
        removed += len(ordered)
    return removed


def _places(edits: Iterable[Edit], fields: int) -> list[tuple[int, AddHeader]]:
    """The fields to add with the index of each, by index, those of one index in their order.

    An index counts the MTA's own Received, too; behind the last field there is but one place.
    """
    adds = [(_index(edit.order, fields), edit) for edit in edits if isinstance(edit, AddHeader)]
    return sorted(adds, key=lambda item: item[0])


def _index(order: int, fields: int) -> int:
    # Below the MTA's own Received is no end, even if there is nothing more.
    if order == _APPEND or order > max(fields, 1):
        return _BEYOND
    return order if order >= 0 else max(fields + order + 2, 0)


def _add_headers(writer: _Writer, adds: list[tuple[int, AddHeader]]) -> None:
    """Insert fields from the bottom up, those of one place last first; then append the others.

    Sendmail appends a field before others of its name, if there are any, but inserts one at the end
    that has a large index.
    """
    for index, edit in reversed(adds):
        if index != _BEYOND:
            value = writer.spaced(edit.value)
            _add(writer, edit.name, replies.insert_header(index, edit.name, value))
    names = Counter(edit.name.lower() for _, edit in adds)
    for index, edit in adds:
        if index != _BEYOND:
            continue
        name, value = edit.name, writer.spaced(edit.value)
        is_alone = not writer.count(name) and names[name.lower()] == 1
        if is_alone:
            _add(writer, name, replies.add_header(name, value))
        else:
            _add(writer, name, replies.insert_header(_BEYOND, name, value))


def _put_on_top(writer: _Writer, adds: list[tuple[int, AddHeader]]) -> None:
    """Add fields in an MTA that knows no other place than the top of the header.

    It puts all of them there in their order, but one after the other if it has to write the header
    anew, since fields were changed or removed.
    """
    for _, edit in reversed(adds) if writer.frames else adds:
        value = writer.spaced(edit.value)
        _add(writer, edit.name, replies.add_header(edit.name, value, is_verbatim=True))


def _add(writer: _Writer, name: str, frame: bytes) -> None:
    writer.add(Edits.ADD_HEADER, f"add header {name}", frame)


def _change_sender(writer: _Writer, edit: ChangeSender) -> None:
    frame = replies.change_sender(
        f"<{edit.address}>", " ".join(edit.args), is_verbatim=writer.is_verbatim
    )
    writer.add(Edits.CHANGE_SENDER, "change sender", frame)


def _add_recipient(writer: _Writer, edit: AddRecipient) -> None:
    frame = replies.add_recipient(f"<{edit.address}>")
    writer.add(Edits.ADD_RECIPIENT, "add recipient", frame)


def _remove_recipient(writer: _Writer, edit: RemoveRecipient) -> None:
    frame = replies.remove_recipient(f"<{edit.address}>")
    writer.add(Edits.REMOVE_RECIPIENT, "remove recipient", frame)


_OTHERS: Mapping[type[Edit], Callable[[_Writer, Any], None]] = {
    ChangeSender: _change_sender,
    AddRecipient: _add_recipient,
    RemoveRecipient: _remove_recipient,
}


def _replace_body(writer: _Writer, edits: Iterable[Edit]) -> None:
    """Replace the body by the last one asked for: MTAs would join several."""
    bodies = [edit.body for edit in edits if isinstance(edit, ReplaceBody)]
    if bodies:
        frames = replies.replace_body(with_crlf(bodies[-1]))
        writer.add(Edits.CHANGE_BODY, "replace body", frames)
