"""Where do receipts go that the message asks for?"""

from ..mail.message import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._lists import is_list
from ._people import MAX_NAME, address_in, author_of


class Receipts(Check):
    """Fires for receipts to strangers, by which many are made to write to one (RFC 8098 2.1).

    Lists write their own address into the envelope, so that those to the author are no lie.
    """

    name = "receipts"
    symbols = {
        "HEADER_FORGED_MDN": Symbol(2.0, "headers", "receipt address differs from return path"),
        "HEADER_RCONFIRM_MISMATCH": Symbol(
            2.0, "headers", "read confirmation address differs from From"
        ),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        author = author_of(message)
        address = author.address.lower() if author is not None else ""
        hits = []
        wanted = message.receipts_to[0].address.lower() if message.receipts_to else ""
        if wanted and not is_list(message.headers):
            sender = _sender(task)
            if sender and wanted not in (sender, address):
                hits.append(Hit("HEADER_FORGED_MDN", options=(wanted, sender)))
        confirm = _confirm_to(message)
        if confirm and address and confirm != address:
            hits.append(Hit("HEADER_RCONFIRM_MISMATCH", options=(confirm, address)))
        return hits


def _sender(task: Task) -> str:
    """The return path in lower case; that of the header if the envelope is not known."""
    sender = task.envelope.sender
    if sender is None:
        header = task.message.headers.get("Return-Path")
        sender = header.unfolded.strip("<> \t")[:MAX_NAME] if header is not None else ""
    return sender.lower()


def _confirm_to(message: Message) -> str | None:
    """The first address of X-Confirm-Reading-To, an older form of Disposition-Notification-To."""
    header = message.headers.get("X-Confirm-Reading-To")
    return address_in(header.unfolded) if header is not None else None
