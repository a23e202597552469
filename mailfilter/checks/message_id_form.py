"""Has Message-ID the form that it must have?"""

import re

from ..mail.message import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._lists import is_list

MOST = 1000
"""Characters that are looked at."""

_FORM = re.compile(r"<[^\s<>@\x00-\x1f\x7f]++@[^\s<>@\x00-\x1f\x7f]++>")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_LITERAL = re.compile(
    r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|(?:ipv6:)?[0-9a-f:.]{2,45}+)\]", re.I | re.ASCII
)


class MessageIdForm(Check):
    """Looks at the first Message-ID (RFC 5322 3.6.4); comments around it are no part of it.

    Members of lists write with programs of all kinds, and machines have names of one word: one that
    the first hop knows is no lie.
    """

    name = "message_id_form"
    symbols = {
        "INVALID_MSGID": Symbol(1.7, "headers", "Message-ID is not valid"),
        "MID_MISSING_BRACKETS": Symbol(0.5, "Message ID", "Message-ID lacks angle brackets"),
        "MID_BARE_IP": Symbol(2.0, "Message ID", "Message-ID right side is an unbracketed IP"),
        "MID_RHS_IP_LITERAL": Symbol(
            0.5, "Message ID", "Message-ID right side is a bracketed IP literal"
        ),
        "MID_RHS_NOT_FQDN": Symbol(0.5, "Message ID", "Message-ID host is not fully qualified"),
    }

    def run(self, task: Task) -> Findings:
        header = task.message.headers.get("Message-ID")
        if header is None:
            return ()
        text = header.unfolded[:MOST]
        hits = []
        if not _FORM.match(text):
            hits.append(Hit("INVALID_MSGID"))
        if text and not (text[0] == "<" and ">" in text):
            hits.append(Hit("MID_MISSING_BRACKETS"))
        host = (task.message.message_id or "")[:MOST].rpartition("@")[2]
        if "@" in text and host and (symbol := _of_host(host, task.message)):
            hits.append(Hit(symbol, options=(host,)))
        return hits


def _of_host(host: str, message: Message) -> str | None:
    if _IPV4.fullmatch(host):
        return "MID_BARE_IP"
    is_literal = host[0] == "[" and _LITERAL.fullmatch(host)
    if (not is_literal and "." in host.strip(".")) or is_list(message.headers):
        return None
    if is_literal:
        return "MID_RHS_IP_LITERAL"
    first = message.received[-1].raw.lower() if message.received else ""
    return None if host.lower() in first else "MID_RHS_NOT_FQDN"
