"""Is Reply-To an address?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import is_valid

MAX_LOCAL = 64
MAX_DOMAIN = 255


class ReplyToValid(Check):
    """Looks at the first mailbox of Reply-To (RFC 5321 4.5.3.1, lengths in octets)."""

    name = "reply_to_valid"
    symbols = {
        "REPLYTO_UNPARSEABLE": Symbol(1.0, "headers", "Reply-To cannot be parsed"),
        "REPLYTO_INVALID": Symbol(1.0, "headers", "Reply-To breaks address rules"),
        "REPLYTO_LOCALPART_LONG": Symbol(2.0, "headers", "Reply-To local part over 64 octets"),
        "REPLYTO_DOMAIN_LONG": Symbol(2.0, "headers", "Reply-To domain over 255 octets"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if "Reply-To" not in message.headers:
            return ()
        first = message.reply_to[0] if message.reply_to else None
        if first is None or not first.address:
            return [Hit("REPLYTO_UNPARSEABLE")]
        hits = []
        if _octets(first.local) > MAX_LOCAL:
            hits.append(Hit("REPLYTO_LOCALPART_LONG"))
        if _octets(first.domain) > MAX_DOMAIN:
            hits.append(Hit("REPLYTO_DOMAIN_LONG"))
        # A local part that needs quotes is written with them.
        if not hits and not is_valid(first.address.rpartition("@")[0], first.domain):
            hits.append(Hit("REPLYTO_INVALID"))
        return hits


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
