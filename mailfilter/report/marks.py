"""The fields by which a message that is not refused bears its action, on every protocol."""

from collections.abc import Sequence

from ..scan.verdict import Action, AddHeader, ChangeHeader, Edit, RemoveHeader, Verdict
from .headers import encode_header_text

ACTION_HEADER = "X-Rspamd-Action"
"""What a listener that takes no action says of the one that it would have taken."""

_STRONGER = frozenset((Action.REJECT, Action.QUARANTINE, Action.DISCARD))


def marks(verdict: Verdict, action: Action, spam_header: str) -> Sequence[Edit]:
    """The fields of an action, which need not be that of the verdict."""
    if action is Action.ADD_HEADER:
        return RemoveHeader(spam_header), AddHeader(spam_header, "Yes")
    if action is Action.REWRITE_SUBJECT and verdict.subject is not None:
        return (ChangeHeader("Subject", encode_header_text(verdict.subject)),)
    return ()


def marks_of_stronger(verdict: Verdict, spam_header: str) -> Sequence[Edit]:
    """The same for a client that can do nothing but deliver: stronger actions mark as spam, too."""
    action = Action.ADD_HEADER if verdict.action in _STRONGER else verdict.action
    return marks(verdict, action, spam_header)


def action_marks(verdict: Verdict) -> Sequence[Edit]:
    """The field with the action, unless the verdict brings it already."""
    name = ACTION_HEADER.lower()
    if any(isinstance(edit, AddHeader) and edit.name.lower() == name for edit in verdict.edits):
        return ()
    return RemoveHeader(ACTION_HEADER), AddHeader(ACTION_HEADER, verdict.action.value)
