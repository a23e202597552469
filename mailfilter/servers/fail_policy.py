"""The answers to messages that cannot be scanned, by the policy of a listener."""

from collections.abc import Mapping, Sequence

from ..config.model import FailPolicy
from ..scan.unscanned import Reason, Unscanned
from ..scan.verdict import Action

FAILURE_TEXT = "Message could not be scanned"
OVERSIZE_TEXT = "Message is too large to be scanned"

ACTIONS: Mapping[FailPolicy, Action] = {
    "accept": Action.NO_ACTION,
    "tempfail": Action.SOFT_REJECT,
    "reject": Action.REJECT,
}

_TEXTS: Mapping[tuple[bool, FailPolicy], str] = {
    (False, "tempfail"): f"451 4.7.1 {FAILURE_TEXT}",
    (False, "reject"): f"554 5.7.1 {FAILURE_TEXT}",
    (True, "tempfail"): f"451 4.3.4 {OVERSIZE_TEXT}",
    (True, "reject"): f"552 5.3.4 {OVERSIZE_TEXT}",
}
"""Whether a message is too large, and the policy -> text of the reply with its codes."""


MAX_LISTED = 5
"""Edits that could not be told and are named in the log."""


def listed(dropped: Sequence[str]) -> str:
    """The edits that were left out of a reply, in one line."""
    more = len(dropped) - MAX_LISTED
    return "; ".join(dropped[:MAX_LISTED]) + (f"; and {more} more" if more > 0 else "")


def unscanned(reason: Reason, policy: FailPolicy, head: bytes, size: int) -> Unscanned:
    """What a policy asks for of a message of that header and so many octets."""
    text = _TEXTS.get((reason == "size", policy), "")
    return Unscanned(reason, ACTIONS[policy], text, head, size)
