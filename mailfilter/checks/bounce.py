"""Is the message one about mail that was not delivered?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import author_of

_NOBODIES = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailer_daemon"})


class Bounce(Check):
    """Asks for a null sender, and for a delivery report (RFC 3464) or a mail server as author."""

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
        author = author_of(message)
        if author is not None and author.local.lower() in _NOBODIES:
            return [Hit("BOUNCE", options=("author",))]
        return ()
