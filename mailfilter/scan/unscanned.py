"""What is said and done of a message that cannot be scanned, in place of a verdict by a scan."""

from dataclasses import dataclass
from typing import Literal

from ..config.model import Scan
from ..mail import Message
from .profiles import Settings
from .summary import summarize
from .trace import Trace
from .verdict import Action, RemoveHeader, Verdict

Reason = Literal["size", "failure", "deadline"]


@dataclass(frozen=True, slots=True)
class Unscanned:
    """A message that is not scanned, and the answer to it that a policy asks for."""

    reason: Reason
    action: Action
    text: str
    """For the SMTP reply; it may begin with codes."""
    head: bytes
    """Its header, or what is known of it."""
    size: int
    """Octets of the message."""


def unscanned_verdict(
    given: Unscanned, message: Message, settings: Settings, trace: Trace, options: Scan
) -> Verdict:
    """The verdict of a message of which `message` has the header alone."""
    trace.add("verdict", f"{given.action}: not scanned, {given.reason}")
    name = options.trace_header
    return Verdict(
        action=given.action,
        score=0.0,
        required_score=settings.required_score,
        thresholds=settings.thresholds,
        trace_id=trace.trace_id,
        edits=(RemoveHeader(name),) if name else (),
        smtp_message=given.text,
        unscanned=given.reason,
        message_id=(message.message_id or "undef") if given.size else None,
        size=given.size,
        trace=trace.entries(),
        summary=summarize(message),
        shows_trace=options.trace_in_reply,
    )
