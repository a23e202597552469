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
from ..report.headers import (
    clean_header_name,
    clean_header_value,
    clean_reply_text,
    encode_header_text,
)
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

REJECT_TEXT = "Spam message rejected"
SOFT_REJECT_TEXT = "Try again later"
QUARANTINE_TEXT = "Spam message quarantined"
FAILURE_TEXT = "Message could not be scanned"
OVERSIZE_TEXT = "Message is too large to be scanned"

MAX_REASON = 200
"""Characters of a quarantine reason: MTAs print it in their queue listing."""

MAX_MAILBOX = 1024
"""Characters of an address: RFC 5321 4.5.3.1.3 has 256, and some are longer."""

MAX_INDEX = 2**31 - 1
"""MTAs read positions as signed numbers."""

_OWN_CODES = re.compile(r"([45][0-9]{2}) (([45])\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")
_PLAIN = r'[^\s<>"\x00-\x1f\x7f-\x9f]*+'
_QUOTED = r'[^"\\\x00-\x1f\x7f-\x9f]*+'
_MAILBOX = re.compile(rf'{_PLAIN}(?:"{_QUOTED}(?:\\[ -~]{_QUOTED})*"{_PLAIN})*')
_ESMTP_ARG = re.compile(r"[!-~]+")
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
    writer = _Writer(agreement, head, fields)
    marks_spam = verdict.action is Action.ADD_HEADER or (
        verdict.action is Action.QUARANTINE and not writer.may(Edits.QUARANTINE, "quarantine")
    )
    _remove_headers(writer, verdict.edits, marks_spam)
    for edit in sorted(
        (edit for edit in verdict.edits if type(edit) in _RANK), key=lambda edit: _RANK[type(edit)]
    ):
        _write(writer, edit)
    _replace_body(writer, verdict.edits)
    if marks_spam:
        _add_header(writer, AddHeader(SPAM_HEADER, "Yes"))
    elif verdict.action is Action.REWRITE_SUBJECT and verdict.subject is not None:
        # Both MTAs add a subject if there is none (milter.md 5.1).
        _change_header(writer, ChangeHeader("Subject", encode_header_text(verdict.subject)))
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
        return _reply(verdict.smtp_message, 554, "5.7.1", REJECT_TEXT)
    if verdict.action is Action.SOFT_REJECT:
        return _reply(verdict.smtp_message, 451, "4.7.1", SOFT_REJECT_TEXT)
    if verdict.action is Action.DISCARD:
        return replies.DISCARD
    return None


def _reply(message: str | None, code: int, enhanced: str, default: str) -> bytes:
    """Render a refusal; a text may begin with codes of its own, if they mean the same class."""
    lines = clean_reply_text(message or "")
    codes = _OWN_CODES.match(lines[0]) if lines else None
    if codes is not None:
        lines[0] = lines[0][codes.end() :]
        if codes[1][0] == codes[3] == enhanced[0]:
            code, enhanced = int(codes[1]), codes[2]
        lines = [line for line in lines if line]
    return replies.reply_code(code, enhanced, lines or [default])


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
        name = clean_header_name(edit.name)
        if name is None:
            writer.dropped.append("remove header: bad name")
            continue
        count = count_fields(writer.head, name)
        _, indexes = doomed.setdefault(name.lower(), (name, set()))
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
        case ChangeHeader():
            _change_header(writer, edit)
        case ChangeSender():
            _change_sender(writer, edit)
        case AddRecipient():
            if mailbox := _mailbox(writer, edit.address or " ", "add recipient"):
                writer.add(Edits.ADD_RECIPIENT, "add recipient", replies.add_recipient(mailbox))
        case RemoveRecipient():
            if mailbox := _mailbox(writer, edit.address, "remove recipient"):
                frame = replies.remove_recipient(mailbox)
                writer.add(Edits.REMOVE_RECIPIENT, "remove recipient", frame)


def _add_header(writer: _Writer, edit: AddHeader) -> None:
    name = clean_header_name(edit.name)
    if name is None:
        writer.dropped.append("add header: bad name")
        return
    value = writer.spaced(clean_header_value(edit.value))
    if edit.order == -1:
        frame = replies.add_header(name, value)
    else:
        index = edit.order if edit.order >= 0 else max(writer.fields + edit.order + 2, 0)
        frame = replies.insert_header(min(index, MAX_INDEX), name, value)
    if writer.add(Edits.ADD_HEADER, f"add header {name}", frame):
        writer.fields += 1


def _change_header(writer: _Writer, edit: ChangeHeader) -> None:
    name = clean_header_name(edit.name)
    if name is None:
        writer.dropped.append("change header: bad name")
        return
    value = writer.spaced(clean_header_value(edit.value))
    index = min(max(edit.occurrence, 1), MAX_INDEX)
    frame = replies.change_header(index, name, value)
    writer.add(Edits.CHANGE_HEADER, f"change header {name}", frame)


def _change_sender(writer: _Writer, edit: ChangeSender) -> None:
    if mailbox := _mailbox(writer, edit.address, "change sender"):
        args = " ".join(arg for arg in edit.args if _ESMTP_ARG.fullmatch(arg))
        writer.add(Edits.CHANGE_SENDER, "change sender", replies.change_sender(mailbox, args))


def _mailbox(writer: _Writer, address: str, what: str) -> str | None:
    """Put an address into angle brackets; one that could break out of them is left out."""
    if len(address) <= MAX_MAILBOX and _MAILBOX.fullmatch(address):
        return f"<{address}>"
    writer.dropped.append(f"{what}: bad address")
    return None


def _replace_body(writer: _Writer, edits: Iterable[Edit]) -> None:
    """Replace the body by the last one asked for: MTAs would join several."""
    bodies = [edit.body for edit in edits if isinstance(edit, ReplaceBody)]
    if bodies:
        frames = replies.replace_body(_BARE_LF.sub(b"\r\n", bodies[-1]))
        writer.add(Edits.CHANGE_BODY, "replace body", frames)
