"""A verdict as milter frames: edits, then the one final reply (milter-mapping.md 4.4).

Everything here is a pure function; what could not be expressed is handed back for the log.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..codec import milter_replies as replies
from ..codec.milter import Edits
from ..codec.milter_agreement import Agreement
from ..codec.milter_headers import count_fields
from ..config.model import FailPolicy
from ..report.edits import MAX_INDEX, clean_edits
from ..report.headers import clean_reply_text, encode_header_text
from ..report.refusal import REJECT_TEXT, SOFT_REJECT_TEXT, reply_text
from ..scan.verdict import (
    Action,
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    Verdict,
)

SPAM_HEADER = "X-Spam"
SKIPPED_HEADER = "X-Spam-Skipped"

QUARANTINE_TEXT = "Spam message quarantined"
FAILURE_TEXT = "Message could not be scanned"
OVERSIZE_TEXT = "Message is too large to be scanned"

MAX_REASON = 200
"""Characters of a quarantine reason: MTAs print it in their queue listing."""

_BARE_LF = re.compile(rb"(?<!\r)\n")

_RANK: dict[type[Edit], int] = {
    AddHeader: 0,
    ChangeHeader: 0,
    ChangeSender: 1,
    AddRecipient: 2,
    RemoveRecipient: 2,
}
"""The order of edits; fields are removed before, the body is replaced after."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Frames for the MTA, the final reply last, and what was left out of them."""

    frames: bytes
    dropped: tuple[str, ...] = ()


@dataclass(slots=True)
class _Writer:
    """Collects frames and what had to be left out."""

    agreement: Agreement
    head: bytes
    fields: int
    """Header fields that the message has by now, for positions counted from the end."""
    frames: list[bytes] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def may(self, needed: Edits, what: str) -> bool:
        """Whether the MTA agreed to such an edit; notes it if not."""
        if self.agreement.edits & needed:
            return True
        self.dropped.append(f"{what}: not agreed with the MTA")
        return False

    def add(self, needed: Edits, what: str, frames: bytes) -> bool:
        """Add the frames of an edit if the MTA agreed to such."""
        if not self.may(needed, what):
            return False
        self.frames.append(frames)
        return True

    def spaced(self, value: str) -> str:
        """Add the blank after the colon, if it is on the filter to give it."""
        return " " + value if self.agreement.has_leading_space else value


def render_verdict(
    verdict: Verdict, agreement: Agreement, head: bytes = b"", fields: int = 0
) -> Rendered:
    """Render a verdict for a message whose header block is `head`, of that many fields.

    Edits are left out where the message is refused or discarded: they would be void.
    """
    refusal = _refusal(verdict)
    if refusal is not None:
        return Rendered(refusal)
    clean = clean_edits(verdict.edits)
    writer = _Writer(agreement, head, fields, dropped=list(clean.dropped))
    marks_spam = verdict.action is Action.ADD_HEADER or (
        verdict.action is Action.QUARANTINE and not writer.may(Edits.QUARANTINE, "quarantine")
    )
    _remove_headers(writer, clean.edits, marks_spam)
    for edit in sorted(
        (edit for edit in clean.edits if type(edit) in _RANK), key=lambda edit: _RANK[type(edit)]
    ):
        _write(writer, edit)
    _replace_body(writer, clean.edits)
    if marks_spam:
        _add_header(writer, AddHeader(SPAM_HEADER, "Yes"))
    elif verdict.action is Action.REWRITE_SUBJECT and verdict.subject is not None:
        # Both MTAs add a subject if there is none (milter.md 5.1).
        _write(writer, ChangeHeader("Subject", encode_header_text(verdict.subject)))
    elif verdict.action is Action.QUARANTINE:
        writer.frames.append(replies.quarantine(_reason(verdict)))
    writer.frames.append(replies.ACCEPT)
    return Rendered(b"".join(writer.frames), tuple(writer.dropped))


def render_failure(policy: FailPolicy) -> bytes:
    """Answer for a message that got no verdict."""
    if policy == "accept":
        return replies.ACCEPT
    if policy == "reject":
        return replies.reply_code(554, "5.7.1", [FAILURE_TEXT])
    return replies.reply_code(451, "4.7.1", [FAILURE_TEXT])


def render_oversize(policy: FailPolicy, agreement: Agreement) -> Rendered:
    """Answer for a message that is too large to be scanned."""
    if policy == "reject":
        return Rendered(replies.reply_code(552, "5.3.4", [OVERSIZE_TEXT]))
    if policy == "tempfail":
        return Rendered(replies.reply_code(451, "4.3.4", [OVERSIZE_TEXT]))
    writer = _Writer(agreement, b"", 0)
    _add_header(writer, AddHeader(SKIPPED_HEADER, "size"))
    writer.frames.append(replies.ACCEPT)
    return Rendered(b"".join(writer.frames), tuple(writer.dropped))


def _refusal(verdict: Verdict) -> bytes | None:
    if verdict.action is Action.REJECT:
        return _reply(verdict, 554, "5.7.1", REJECT_TEXT)
    if verdict.action is Action.SOFT_REJECT:
        return _reply(verdict, 451, "4.7.1", SOFT_REJECT_TEXT)
    if verdict.action is Action.DISCARD:
        return replies.DISCARD
    return None


def _reply(verdict: Verdict, code: int, enhanced: str, default: str) -> bytes:
    """Render a refusal; a text may begin with codes of its own, if they mean the same class."""
    text = reply_text(verdict)
    if text.codes:
        own_code, _, enhanced = text.codes.partition(" ")
        code = int(own_code)
    return replies.reply_code(code, enhanced, text.lines or (default,))


def _reason(verdict: Verdict) -> str:
    return " ".join(clean_reply_text(verdict.smtp_message or ""))[:MAX_REASON] or QUARANTINE_TEXT


def _remove_headers(writer: _Writer, edits: Iterable[Edit], marks_spam: bool) -> None:
    """Delete fields, each once and those of a name from the last up: right for all MTAs
    (milter.md 5.1)."""
    wanted = [edit for edit in edits if isinstance(edit, RemoveHeader)]
    if marks_spam:
        wanted.append(RemoveHeader(SPAM_HEADER))
    doomed: dict[str, tuple[str, set[int]]] = {}
    for edit in wanted:
        count = count_fields(writer.head, edit.name)
        _, indexes = doomed.setdefault(edit.name.lower(), (edit.name, set()))
        indexes.update(_occurrences(edit.occurrence, count))
    for name, indexes in doomed.values():
        if not indexes or not writer.may(Edits.CHANGE_HEADER, f"remove header {name}"):
            continue
        for index in sorted(indexes, reverse=True):
            writer.frames.append(replies.change_header(index, name, ""))
        writer.fields -= len(indexes)


def _occurrences(occurrence: int, count: int) -> Iterable[int]:
    """The 1-based numbers of the fields meant, of those that there are."""
    if occurrence == 0:
        return range(1, count + 1)
    index = occurrence if occurrence > 0 else count + occurrence + 1
    return (index,) if 1 <= index <= count else ()


def _write(writer: _Writer, edit: Edit) -> None:
    match edit:
        case AddHeader():
            _add_header(writer, edit)
        case ChangeHeader(name, value, occurrence):
            frame = replies.change_header(occurrence, name, writer.spaced(value))
            writer.add(Edits.CHANGE_HEADER, f"change header {name}", frame)
        case ChangeSender(address, args):
            frame = replies.change_sender(f"<{address}>", " ".join(args))
            writer.add(Edits.CHANGE_SENDER, "change sender", frame)
        case AddRecipient(address):
            frame = replies.add_recipient(f"<{address}>")
            writer.add(Edits.ADD_RECIPIENT, "add recipient", frame)
        case RemoveRecipient(address):
            frame = replies.remove_recipient(f"<{address}>")
            writer.add(Edits.REMOVE_RECIPIENT, "remove recipient", frame)


def _add_header(writer: _Writer, edit: AddHeader) -> None:
    value = writer.spaced(edit.value)
    if edit.order == -1:
        frame = replies.add_header(edit.name, value)
    else:
        index = edit.order if edit.order >= 0 else max(writer.fields + edit.order + 2, 0)
        frame = replies.insert_header(min(index, MAX_INDEX), edit.name, value)
    if writer.add(Edits.ADD_HEADER, f"add header {edit.name}", frame):
        writer.fields += 1


def _replace_body(writer: _Writer, edits: Iterable[Edit]) -> None:
    """Replace the body by the last one asked for: MTAs would join several."""
    bodies = [edit.body for edit in edits if isinstance(edit, ReplaceBody)]
    if bodies:
        frames = replies.replace_body(_BARE_LF.sub(b"\r\n", bodies[-1]))
        writer.add(Edits.CHANGE_BODY, "replace body", frames)
