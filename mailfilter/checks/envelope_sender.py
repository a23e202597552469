"""What is the sender of the envelope: valid, the author, an address made for this message?"""

import re

from ..mail.addresses import Address
from ..mail.message import Message
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._lists import is_list
from ._people import OwnerCheck, author_of, is_one_owner, is_valid

# prvs=0123ABCDEF=user (BATV), and its old form with the user in front.
_PRVS = re.compile(r"(?:btv1==|msprvs1=|prvs=)[0-9a-z]{6,64}+[=/]([^=]++)=*+", re.I)


class EnvelopeSender(OwnerCheck):
    """Compares MAIL FROM with From and with the recipients; bounces have none to compare.

    An address in which a recipient is written (VERP), or in which a tag stands before the author
    (PRVS), tells the sender what a bounce is about.
    """

    name = "envelope_sender"
    symbols = {
        "ENVFROM_INVALID": Symbol(2.0, "headers", "envelope sender is not a valid address"),
        "ENVFROM_PRVS": Symbol(0.0, "headers", "PRVS envelope matching From"),
        "ENVFROM_VERP": Symbol(0.0, "headers", "VERP envelope"),
        "FORGED_SENDER": Symbol(0.3, "headers", "From differs from envelope sender"),
    }

    def run(self, task: Task) -> Findings:
        envelope = task.envelope
        sender = envelope.sender
        if envelope.lacks_sender:
            return [Hit("ENVFROM_INVALID")]
        if not sender:
            return ()
        local, _, domain = sender.rpartition("@")
        if not is_valid(local, domain):
            return [Hit("ENVFROM_INVALID")]
        lowered = local.lower()
        recipients = envelope.recipients
        if recipients and _is_within(recipients[0].address.lower(), lowered):
            return [Hit("ENVFROM_VERP")]
        author = author_of(task.message)
        if author is None or domain.lower() == author.domain:
            return () if author is None else _prvs(lowered, author)
        if is_one_owner(domain, author.domain) or _says_so(task.message, domain):
            return ()
        return [Hit("FORGED_SENDER", options=(author.address, sender))]


def _prvs(local: str, author: Address) -> Findings:
    prvs = _PRVS.fullmatch(local) if "=" in local else None
    return [Hit("ENVFROM_PRVS")] if prvs and prvs[1] == author.local.lower() else ()


def _says_so(message: Message, domain: str) -> bool:
    """Whether the header says openly that another than the author has sent it.

    Mailing lists do, forwarders that rewrite the sender (SRS), and who sends for others (Sender).
    """
    headers = message.headers
    if is_list(headers) or "Resent-From" in headers:
        return True
    return any(is_one_owner(domain, sender.domain) for sender in message.sender[:1])


def _is_within(recipient: str, local: str) -> bool:
    """Whether a local part has the recipient in it, with a sign in the place of its at sign."""
    user, _, host = recipient.rpartition("@")
    if not user or not host:
        return False
    at = local.find(host)
    return at > len(user) and local.startswith(user, at - 1 - len(user))
