"""The trace of a scan, as it is kept beside its row of the history."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from ..scan.envelope import Envelope
from ..scan.verdict import (
    AddHeader,
    AddRecipient,
    ChangeHeader,
    ChangeSender,
    CheckRun,
    Edit,
    RemoveHeader,
    RemoveRecipient,
    ReplaceBody,
    TraceEntry,
    Verdict,
)
from .edits import clean_edits
from .privacy import Masks
from .reply_json import encode_json, finite

MAX_DETAIL = 256 * 1024
"""Octets of a trace."""

COMMON_FIELDS = frozenset(
    (
        "authentication-results",
        "cc",
        "content-type",
        "date",
        "dkim-signature",
        "from",
        "message-id",
        "received",
        "reply-to",
        "sender",
        "subject",
        "to",
        "x-spam",
        "x-spam-flag",
        "x-spam-level",
        "x-spam-status",
        "x-spamd-bar",
        "x-spamd-result",
        "x-virus",
    )
)
"""Names of header fields that say nothing of a message, in lower case."""

CUT = "cut: too large to be kept whole"


@dataclass(frozen=True, slots=True)
class TraceCuts:
    """How much of a trace is kept."""

    checks: int
    symbols: int
    """Of each check."""
    entries: int
    edits: int
    chars: int
    """Of each text."""


USUAL_TRACE = TraceCuts(checks=1000, symbols=100, entries=1000, edits=50, chars=512)
NARROW_TRACE = TraceCuts(checks=200, symbols=3, entries=100, edits=10, chars=80)
"""Below `MAX_DETAIL` even if each character takes the six octets of an escape."""


def detail_of(envelope: Envelope, verdict: Verdict, at: float, masks: Masks) -> bytes:
    """The trace as JSON, for `mailfilteradm explain`."""
    encoded = encode_json(detail_dict(envelope, verdict, at, masks, USUAL_TRACE))
    if len(encoded) <= MAX_DETAIL:
        return encoded
    narrow = detail_dict(envelope, verdict, at, masks, NARROW_TRACE)
    narrow["note"] = CUT
    return encode_json(narrow)


def detail_dict(
    envelope: Envelope, verdict: Verdict, at: float, masks: Masks, cuts: TraceCuts
) -> dict[str, Any]:
    """What decided, and how it came to that; texts as they are kept."""
    chars = cuts.chars
    detail: dict[str, Any] = {
        "trace_id": verdict.trace_id,
        "time": round(at, 3),
        "listener": envelope.listener,
        "queue_id": _cut(envelope.queue_id, chars),
        "helo": masks.address(_cut(envelope.helo, chars) or "") or None,
        "hostname": masks.address(_cut(envelope.hostname, chars) or "") or None,
        "recipients": len(envelope.recipients),
        "elapsed": round(verdict.elapsed, 6),
        "action": verdict.action.value,
        "score": finite(verdict.score),
        "required_score": finite(verdict.required_score),
        "thresholds": {name.value: finite(score) for name, score in verdict.thresholds},
        "forced_by": _cut(verdict.forced_by, chars),
        "profile": _cut(verdict.profile, chars),
        "smtp_message": masks.quote(_cut(verdict.smtp_message, chars) or "") or None,
        "new_subject": masks.quote(_cut(verdict.subject, chars) or "") or None,
        "checks": [_run(run, cuts) for run in verdict.runs[: cuts.checks]],
        "trace": [_entry(entry, masks, chars) for entry in verdict.trace[: cuts.entries]],
    }
    if verdict.edits:
        detail["edits"] = list(_edits(verdict, masks, cuts))
    return detail


def _cut(text: str | None, chars: int) -> str | None:
    return text if text is None or len(text) <= chars else text[:chars]


def _run(run: CheckRun, cuts: TraceCuts) -> CheckRun:
    symbols = run.symbols if len(run.symbols) <= cuts.symbols else run.symbols[: cuts.symbols]
    at, took = round(finite(run.at), 6), round(finite(run.took), 6)
    return CheckRun(run.check, run.stage, at, took, symbols, run.reads, run.trouble)


def _entry(entry: TraceEntry, masks: Masks, chars: int) -> dict[str, Any]:
    text = entry.text[:chars]
    if entry.quotes:
        text = masks.quote(text)
    return {"at": round(finite(entry.at), 6), "source": entry.source[:chars], "text": text}


def _edits(verdict: Verdict, masks: Masks, cuts: TraceCuts) -> Iterator[str]:
    """Edits as they can be told to an MTA, as text."""
    clean = clean_edits(verdict.edits)
    added = {edit.name.lower() for edit in clean.edits if isinstance(edit, AddHeader)}
    for edit in clean.edits[: cuts.edits]:
        yield edit_text(edit, masks, cuts.chars, COMMON_FIELDS | added)
    if len(clean.edits) > cuts.edits:
        yield f"{len(clean.edits) - cuts.edits} more"
    for dropped in clean.dropped[: cuts.edits]:
        yield f"left out: {dropped}"


def edit_text(edit: Edit, masks: Masks, chars: int, known: Set[str]) -> str:
    """An edit for people; what may be from the message is masked.

    So are names of fields that are changed or removed, which may be all that a sender wrote,
    but for those that are `known` (in lower case).
    """
    match edit:
        case AddHeader(name, value, _):
            return f"add header {name[:chars]}: {masks.quote(value[:chars])}"
        case ChangeHeader(name, value, occurrence):
            shown = _field(name[:chars], masks, known)
            return f"change header {shown} ({occurrence}): {masks.quote(value[:chars])}"
        case RemoveHeader(name, occurrence):
            which = "all" if occurrence == 0 else str(occurrence)
            return f"remove header {_field(name[:chars], masks, known)} ({which})"
        case ChangeSender(address, _):
            return f"change sender: {masks.address(address[:chars])}"
        case AddRecipient(address):
            return f"add recipient: {masks.address(address[:chars])}"
        case RemoveRecipient(address):
            return f"remove recipient: {masks.address(address[:chars])}"
        case ReplaceBody(body):
            return f"replace body: {len(body)} octets"


def _field(name: str, masks: Masks, known: Set[str]) -> str:
    return name if name.lower() in known else masks.quote(name) or "?"
