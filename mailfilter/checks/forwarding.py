"""Has somebody forwarded the message, on behalf of a recipient?"""

import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MOST = 1000
"""Characters of a field that are looked at."""

_SRS = re.compile(r"srs[01][=+-].", re.I)
_MAIL_RU = re.compile(r"(?:\A|\.)mail\.ru\.?\Z")
_YANDEX = re.compile(r"(?:\A|\.)yandex\.(?:net|ru|com|by|kz|uz)\.?\Z")
_FIELDS = ("X-Forwarded-To", "Delivered-To", "X-Original-To", "Resent-To")


class Forwarding(Check):
    """Looks for fields that forwarders add, and for the senders that they make.

    Fields that name a recipient tell of one if it is none of the envelope's. Anybody can write
    those of Mail.ru and Yandex, so the client must bear a name of theirs.
    """

    name = "forwarding"
    symbols = {
        "FWD_GOOGLE": Symbol(0.0, "forwarding", "forwarded by Google"),
        "FWD_MAILRU": Symbol(0.0, "forwarding", "forwarded by Mail.ru"),
        "FWD_SIEVE": Symbol(0.0, "forwarding", "forwarded by a Sieve redirect"),
        "FWD_SRS": Symbol(0.0, "forwarding", "SRS rewritten envelope"),
        "FWD_YANDEX": Symbol(0.0, "forwarding", "forwarded by Yandex"),
        "FORWARDED": Symbol(0.0, "forwarding", "mail was forwarded by some means"),
    }

    def run(self, task: Task) -> Findings:
        headers = task.message.headers
        sender = task.envelope.sender or ""
        client = (task.origin.hostname or "").lower()
        hits = []
        if "+caf_=" in sender and "X-Forwarded-To" in headers:
            hits.append(Hit("FWD_GOOGLE"))
        if "X-MailRu-Forward" in headers and _MAIL_RU.search(client):
            hits.append(Hit("FWD_MAILRU"))
        if "X-Sieve-Redirected-From" in headers:
            hits.append(Hit("FWD_SIEVE"))
        if _SRS.match(sender):
            hits.append(Hit("FWD_SRS"))
        if "X-Yandex-Forward" in headers and _YANDEX.search(client):
            hits.append(Hit("FWD_YANDEX"))
        before = _recipient_before(task)
        if before is not None:
            hits.append(Hit("FORWARDED", options=(before,)))
        return hits


def _recipient_before(task: Task) -> str | None:
    """A recipient that the message had before those of the envelope."""
    recipients = task.envelope.recipients
    if not recipients:
        return None
    told = {one.address.lower() for one in recipients}
    for name in _FIELDS:
        header = task.message.headers.get(name)
        if header is None:
            continue
        address = header.unfolded[:MOST].strip("<> ").lower()
        if "@" in address and " " not in address and address not in told:
            return address
    return None
