"""A verdict as milter frames: edits, then the one final reply (milter-mapping.md 4.4).

Everything here is a pure function; what could not be expressed is handed back for the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..codec import milter_replies as replies
from ..codec.milter import Edits
from ..codec.milter_agreement import Agreement
from ..config.model import FailPolicy, Listener
from ..report.edits import clean_edits
from ..report.headers import clean_refusal
from ..report.marks import ACTION_HEADER, action_marks, marks
from ..report.refusal import QUARANTINE_TEXT, REJECT_TEXT, SOFT_REJECT_TEXT, reply_text
from ..scan.verdict import Action, Edit, RemoveHeader, Verdict
from .milter_edits import encode_edits

MAX_REASON = 200
"""Characters of a quarantine reason: MTAs print it in their queue listing."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Frames for the MTA, the final reply last, and what was left out of them."""

    frames: bytes
    dropped: tuple[str, ...] = ()


def render_verdict(
    verdict: Verdict, listener: Listener, agreement: Agreement, head: bytes = b"", fields: int = 0
) -> Rendered:
    """Render a verdict for a message whose header block is `head`, of that many fields.

    Edits are left out where the message is refused or discarded: they would be void.
    """
    dropped: list[str] = []
    action = _action(verdict, listener, agreement, dropped)
    final = _refusal(verdict, action, agreement)
    if final is not None:
        return Rendered(final, tuple(dropped))
    edits = (*verdict.edits, *_marks(verdict, listener, action))
    frames, left_out = _edits(edits, agreement, head, fields)
    dropped += left_out
    if action is Action.QUARANTINE:
        frames.append(replies.quarantine(_reason(verdict)))
    frames.append(replies.ACCEPT)
    return Rendered(b"".join(frames), tuple(dropped))


def render_unscanned(
    verdict: Verdict, listener: Listener, agreement: Agreement, head: bytes, fields: int
) -> Rendered:
    """Render the verdict of a message that was not scanned; policies on verdicts do not hold.

    But the fields by which this listener tells an action are its own there, too.
    """
    final = _refusal(verdict, verdict.action, agreement)
    if final is not None:
        return Rendered(final)
    own = (listener.spam_header, ACTION_HEADER) if listener.no_action else (listener.spam_header,)
    edits = (*map(RemoveHeader, own), *verdict.edits)
    frames, dropped = _edits(edits, agreement, head, fields)
    return Rendered(b"".join((*frames, replies.ACCEPT)), tuple(dropped))


def render_failure(policy: FailPolicy) -> bytes:
    """Answer for a message of which nothing more can be said."""
    return _FAILURES[policy]


_FAILURES: Mapping[FailPolicy, bytes] = {
    "accept": replies.ACCEPT,
    "tempfail": replies.TEMPFAIL,
    "reject": replies.REJECT,
}


def _edits(
    edits: Sequence[Edit], agreement: Agreement, head: bytes, fields: int
) -> tuple[list[bytes], list[str]]:
    """The frames of edits, and what is left out of them."""
    if not edits:
        return [], []
    clean = clean_edits(edits)
    frames, not_agreed = encode_edits(clean.edits, agreement, head, fields)
    return frames, [*clean.dropped, *not_agreed]


def _action(
    verdict: Verdict, listener: Listener, agreement: Agreement, dropped: list[str]
) -> Action:
    """What is done, by the listener's policy and as far as the MTA can do it.

    A message that the MTA cannot hold is marked, or refused if it was to be.
    """
    if listener.no_action:
        return Action.NO_ACTION
    action = verdict.action
    if action is Action.REJECT and listener.on_reject != "reject":
        action = Action(listener.on_reject)
    if action is not Action.QUARANTINE or agreement.edits & Edits.QUARANTINE:
        return action
    dropped.append("quarantine: not agreed with the MTA")
    return verdict.action if verdict.action is Action.REJECT else Action.ADD_HEADER


def _refusal(verdict: Verdict, action: Action, agreement: Agreement) -> bytes | None:
    if action is Action.REJECT:
        return _reply(verdict, agreement, 554, "5.7.1", REJECT_TEXT)
    if action is Action.SOFT_REJECT:
        return _reply(verdict, agreement, 451, "4.7.1", SOFT_REJECT_TEXT)
    if action is Action.DISCARD:
        return replies.DISCARD
    return None


def _reply(verdict: Verdict, agreement: Agreement, code: int, enhanced: str, default: str) -> bytes:
    """Render a refusal; a text may begin with codes of its own, if they mean the same class."""
    text = reply_text(verdict)
    if text.codes:
        own_code, _, enhanced = text.codes.partition(" ")
        code = int(own_code)
    lines = text.lines or (default,)
    return replies.reply_code(code, enhanced, lines, is_verbatim=agreement.is_verbatim)


def _reason(verdict: Verdict) -> str:
    """Why a message is held; codes for a reply are no part of it."""
    text = verdict.smtp_message or verdict.texts.get(Action.QUARANTINE, "")
    _, lines = clean_refusal(text, "")
    return " ".join(lines)[:MAX_REASON] or QUARANTINE_TEXT


def _marks(verdict: Verdict, listener: Listener, action: Action) -> Sequence[Edit]:
    if listener.no_action:
        return action_marks(verdict)
    return marks(verdict, action, listener.spam_header)
