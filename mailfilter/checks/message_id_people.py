"""Does Message-ID tell of the author or of the recipient?"""

from ..mail import Message
from ..mail.addresses import Address
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import is_answer
from ._lists import is_list
from ._people import OwnerCheck, author_of, is_one_owner

MOST = 1000
"""Characters that are looked at."""

RECIPIENTS = 10
"""Recipients that are looked for."""


class MessageIdPeople(OwnerCheck):
    """Compares Message-ID with From and To.

    Programs of authors make it, with a host of the author's. One of the recipient's is made by his
    server, since there was none, or by somebody who would look like a neighbour; or a list has it.
    """

    name = "message_id_people"
    symbols = {
        "MID_RHS_MATCH_FROM": Symbol(0.0, "Message ID", "Message-ID host equals From domain"),
        "MID_RHS_MATCH_FROMTLD": Symbol(
            0.0, "Message ID", "Message-ID host shares the registrable domain of From"
        ),
        "MID_RHS_MATCH_TO": Symbol(1.0, "Message ID", "Message-ID host equals To domain"),
        "MID_CONTAINS_FROM": Symbol(
            1.0, "Message ID", "From address appears inside the Message-ID"
        ),
        "MID_CONTAINS_TO": Symbol(1.0, "Message ID", "To address appears inside the Message-ID"),
        "MID_END_EQ_FROM_USER_PART": Symbol(4.0, "mid", "Message-ID host equals From local part"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        mid = (message.message_id or "")[:MOST].lower()
        host = mid.rpartition("@")[2]
        if not host or host == mid:
            return ()
        author = author_of(message)
        found = _by_author(mid, host, author) if author is not None else []
        if author is not None and _is_named_alike(host, author, message):
            found.append("MID_END_EQ_FROM_USER_PART")
        is_own = author is not None and is_one_owner(host, author.domain)
        if not is_own and not is_list(message.headers):
            found += _by_recipients(mid, host, author, message.to[:RECIPIENTS])
        return [Hit(symbol) for symbol in found]


def _by_author(mid: str, host: str, author: Address) -> list[str]:
    found = []
    if author.domain:
        if host == author.domain:
            found.append("MID_RHS_MATCH_FROM")
        elif is_one_owner(host, author.domain):
            found.append("MID_RHS_MATCH_FROMTLD")
        # Some programs end it with the author's address.
        address = author.address.lower()
        if address in mid and not mid.endswith(address):
            found.append("MID_CONTAINS_FROM")
    return found


def _is_named_alike(host: str, author: Address, message: Message) -> bool:
    """Whether a host is called as the author, by a program that makes up both.

    People call their own machines so too; they answer others, and write to lists.
    """
    if host != author.local.lower() or host == author.domain:
        return False
    return not is_answer(message) and not is_list(message.headers)


def _by_recipients(
    mid: str, host: str, author: Address | None, recipients: tuple[Address, ...]
) -> list[str]:
    """Of messages whose id is not of the author's own host; to oneself is to the author."""
    own = author.domain if author is not None else ""
    others = [one for one in recipients if one.domain and one.domain != own]
    found = []
    if any(one.domain == host for one in others):
        found.append("MID_RHS_MATCH_TO")
    if any(one.address.lower() in mid for one in others):
        found.append("MID_CONTAINS_TO")
    return found
