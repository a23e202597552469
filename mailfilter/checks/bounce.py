"""Is the message one about mail that was not delivered?"""

import re

from ..mail import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import author_of

_NOBODIES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailer_daemon"})
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers"})
_SUBJECT = re.compile(
    r"deliver(?:y|ed)\b.*\b(?:status|fail|delay|notification|error)|fail(?:ed|ure)\b.*\b(?:deliver|"
    r"notice)|^(?:returned mail|failure notice|mail failure)\b|undeliver(?:ed|able)|"
    r"non[ -]?deliver|could not be delivered|unzustellbar|non remis|недоставленн",
    re.I,
)
MOST = 200
"""Characters of a subject that are looked at."""


class Bounce(Check):
    """Asks for a null sender, and for a delivery report (RFC 3464).

    Without one it takes two signs: a mail server as author, the words of the subject, or the
    returned message.
    """

    name = "bounce"
    symbols = {"BOUNCE": Symbol(-0.1, "headers", "delivery status notification")}

    def run(self, task: Task) -> Findings:
        message = task.message
        sender = task.envelope.sender
        if sender is None:
            path = message.headers.get("Return-Path")
            sender = path.unfolded.strip("<> ") if path is not None else None
        if sender != "":
            return ()
        root = message.root
        if root.type == "multipart/report" and any(
            part.type == "message/delivery-status" for part in message.parts
        ):
            return [Hit("BOUNCE", options=("report",))]
        signs = _signs(message)
        return [Hit("BOUNCE", options=("+".join(signs),))] if len(signs) > 1 else ()


def _signs(message: Message) -> list[str]:
    author = author_of(message)
    found = {
        "author": author is not None and author.local.lower() in _NOBODIES,
        "subject": _SUBJECT.search((message.subject or "")[:MOST]) is not None,
        "message": any(part.type in _RETURNED for part in message.parts),
    }
    return [name for name, is_there in found.items() if is_there]
