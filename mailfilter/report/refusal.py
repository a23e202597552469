"""The text of an SMTP reply that refuses or defers a message: the same for every protocol."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..config.model import Texts
from ..scan.verdict import Action, Verdict
from ..syntax import MAX_REPLY_LINE
from .headers import clean_refusal

_USUAL = Texts()
REJECT_TEXT = _USUAL.reject
SOFT_REJECT_TEXT = _USUAL.soft_reject
QUARANTINE_TEXT = _USUAL.quarantine

_CLASSES: Mapping[Action, tuple[str, str]] = {
    Action.REJECT: ("5", REJECT_TEXT),
    Action.SOFT_REJECT: ("4", SOFT_REJECT_TEXT),
}
"""Action -> class of the reply's codes, and what is said where nothing else is."""

_TRACED = frozenset((*_CLASSES, Action.GREYLIST))
"""Actions whose replies may end with the trace id."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """What a reply says; safe to send."""

    codes: str = ""
    """Its own codes, as `450 4.7.1`; only of the class that the action has."""
    lines: tuple[str, ...] = ()
    """Printable ASCII without line breaks; there may be none."""


def reply_text(verdict: Verdict) -> ReplyText:
    """What a check, else the configuration, wants the reply to say, with the trace id at its end
    if that is set.

    Where neither says anything there are no lines, unless the trace id is to be told.
    """
    digit, default = _CLASSES.get(verdict.action, ("", ""))
    text = verdict.smtp_message or verdict.texts.get(verdict.action, "")
    codes, lines = clean_refusal(text, digit)
    if verdict.shows_trace and verdict.action in _TRACED:
        lines = _with_trace(lines or [default], verdict.trace_id)
    return ReplyText(codes, tuple(lines))


def _with_trace(lines: list[str], trace_id: str) -> list[str]:
    """The lines, the last of which ends with the trace id; one of nothing stays so."""
    if not lines[-1]:
        return []
    ending = f" (trace {trace_id})"
    return [*lines[:-1], lines[-1][: MAX_REPLY_LINE - len(ending)] + ending]
