"""The verdict: the one immutable answer of a scan, which each protocol renders in its own form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from .leaving import Leaving


class Action(StrEnum):
    """What to do with a message, by Rspamd's names (http-scan.md 1.5)."""

    NO_ACTION = "no action"
    GREYLIST = "greylist"
    ADD_HEADER = "add header"
    REWRITE_SUBJECT = "rewrite subject"
    QUARANTINE = "quarantine"
    SOFT_REJECT = "soft reject"
    REJECT = "reject"
    DISCARD = "discard"


BY_SCORE = (Action.REJECT, Action.REWRITE_SUBJECT, Action.ADD_HEADER, Action.GREYLIST)
"""Actions that have thresholds, the strongest first."""

HARSHNESS = (
    Action.NO_ACTION,
    Action.GREYLIST,
    Action.ADD_HEADER,
    Action.REWRITE_SUBJECT,
    Action.QUARANTINE,
    Action.SOFT_REJECT,
    Action.REJECT,
    Action.DISCARD,
)
"""All actions, the mildest first."""

TOLD_AS_SPAM = frozenset(
    (
        Action.ADD_HEADER,
        Action.REWRITE_SUBJECT,
        Action.QUARANTINE,
        Action.REJECT,
        Action.DISCARD,
    )
)
"""Actions with which a reply says that a message is spam (http-scan.md 1.6)."""

MARKED_AS_SPAM = TOLD_AS_SPAM | {Action.SOFT_REJECT}
"""Actions with which header fields such as `X-Spam-Status` say so: all but `no action` and
`greylist`, as Rspamd's milter_headers has it."""


BELOW_RECEIVED = 1
"""Position below the field Received that the MTA itself has put on top, or will put there. If a
message is there as it leaves, and has none on top, it is the top."""


@dataclass(frozen=True, slots=True)
class AddHeader:
    """Add a field. `order` 0 is the very top, n > 0 below n fields, -1 the end."""

    name: str
    value: str
    order: int = -1


@dataclass(frozen=True, slots=True)
class RemoveHeader:
    """Remove the n-th field of that name (1-based); 0 is all, -n the n-th from the end."""

    name: str
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class ChangeHeader:
    """Give the n-th field of that name (1-based) a new value; append it if there is none."""

    name: str
    value: str
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class ChangeSender:
    """Replace the envelope sender (without angle brackets)."""

    address: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddRecipient:
    """Add an envelope recipient (without angle brackets)."""

    address: str


@dataclass(frozen=True, slots=True)
class RemoveRecipient:
    """Remove an envelope recipient (without angle brackets)."""

    address: str


@dataclass(frozen=True, slots=True)
class ReplaceBody:
    """Put another body (after the blank line, CRLF line ends) in place of the message's."""

    body: bytes


Edit = (
    AddHeader
    | RemoveHeader
    | ChangeHeader
    | ChangeSender
    | AddRecipient
    | RemoveRecipient
    | ReplaceBody
)
"""A change of the message or its envelope that a check asks for.

Values may hold anything a check put in them; the protocol that renders an edit sanitizes it.
"""


class AuthResult(Struct, frozen=True, gc=False):
    """What one method of authentication found, for Authentication-Results (RFC 8601 2.2).

    Method, result and the parts of a property's name, as `smtp.mailfrom`, are keywords. The other
    texts may hold anything; whoever writes them into a field quotes them.
    """

    method: str
    result: str
    reason: str = ""
    comment: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    """Names, as `header.d`, and values."""
    facts: tuple[tuple[str, str], ...] = ()
    """What a field of the method's own tells beside it, as Received-SPF `client-ip`: names of the
    field's, and values."""


@dataclass(frozen=True, slots=True)
class LastFields:
    """Fields that depend on all else that is in a message, as signatures do: made at the end.

    They are not made for mail that goes nowhere.
    """

    make: "Callable[[Leaving], Sequence[AddHeader]]"
    """Makes them for the message as it leaves. Those of later findings come above."""
    is_slow: bool = False
    """It takes more than a millisecond, and is called in a thread."""


class SymbolResult(Struct, frozen=True, gc=False):
    """One symbol of a verdict. `score` is final, `weight` the configured score of the symbol."""

    name: str
    score: float
    weight: float
    group: str = ""
    description: str = ""
    options: tuple[str, ...] = ()


class TraceEntry(Struct, frozen=True, gc=False):
    """One step of a scan: seconds since its start, who (check, stage, `verdict`), what."""

    at: float
    source: str
    text: str
    quotes: bool = False
    """Whether the text may hold something of the message: a check wrote it."""


NO_ANSWER = "no answer: "
"""How the trouble of a check begins that ran and failed."""

OUT_OF_TIME = NO_ANSWER + "time is spent"


class CheckRun(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a check fared in a scan.

    No dataclass: one is made for each check of each message, and a dataclass costs ten times as
    much.
    """

    check: str
    stage: str
    at: float = 0.0
    """Seconds of work after which it began."""
    took: float = 0.0
    """Seconds from its beginning to its answer; of those that wait, others work meanwhile."""
    symbols: tuple[str, ...] = ()
    """What it found; composites, caps and profiles may still take from that."""
    reads: tuple[str, ...] = ()
    """Checks whose answers it reads."""
    trouble: str | None = None
    """Why there is no answer; nothing of the message is in there."""


@dataclass(frozen=True, slots=True)
class Url:
    """One URL of a message, or `mailto:` and an address. The texts may hold anything."""

    url: str
    host: str
    tld: str = ""
    """The host's name below the public suffix, with that."""
    flags: tuple[str, ...] = ()
    """What is known of it, by Rspamd's names."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is remembered of a message beside its verdict: bounded, decoded, never escaped."""

    senders: tuple[str, ...] = ()
    """Addresses of From."""
    recipients: tuple[str, ...] = ()
    """Addresses of To and Cc."""
    subject: str | None = None
    """As it came, decoded; None if there is none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a scan."""

    action: Action
    score: float
    required_score: float
    """The highest threshold, normally reject's; always a number."""
    thresholds: tuple[tuple[Action, float], ...]
    """The actions that have a threshold, high to low."""
    trace_id: str
    symbols: tuple[SymbolResult, ...] = ()
    edits: tuple[Edit, ...] = ()
    auth_results: tuple[AuthResult, ...] = ()
    """What was found of the message's authentication, in the order in which checks end."""
    texts: Mapping[Action, str] = field(default_factory=dict)
    """What the configuration wants said of a message that gets an action, where it wants that."""
    smtp_message: str | None = None
    """Text for the SMTP reply, without codes, as the check gave it."""
    subject: str | None = None
    """The new subject (Unicode, not yet RFC 2047) when the action is `rewrite subject`."""
    forced_by: str | None = None
    """Name of the check that forced the action."""
    profile: str | None = None
    """Names of the profiles that applied, joined by commas."""
    is_skipped: bool = False
    """A profile or the client wanted no scan."""
    unscanned: str | None = None
    """Why there could be none."""
    message_id: str | None = None
    """Without angle brackets; `None` when the message is empty, `undef` when it has none."""
    size: int = 0
    elapsed: float = 0.0
    """Wall seconds of the scan."""
    trace: tuple[TraceEntry, ...] = ()
    runs: tuple[CheckRun, ...] = ()
    """The checks in the order in which they ended."""
    summary: Summary = Summary()
    """Of the message; empty if it was not scanned."""
    urls: tuple[Url, ...] = ()
    emails: tuple[str, ...] = ()
    """Addresses in the text, as `user@host`."""
    shows_trace: bool = False
    """Whether the text of a refusal ends with the trace id."""
