"""Is there one author, with a valid address?"""

from ..mail.addresses import Address
from ..mail.message import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import is_valid

MOST = 4
"""Addresses that are told of."""


class FromValid(Check):
    """Looks at all mailboxes of From (RFC 5322 3.6.2 and 3.4.1)."""

    name = "from_valid"
    symbols = {
        "FROM_INVALID": Symbol(2.0, "headers", "From cannot be parsed"),
        "MULTIPLE_FROM": Symbol(8.0, "headers", "more than one From address"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if "From" not in message.headers:
            return ()
        authors = message.from_
        addresses = dict.fromkeys(author.address.lower() for author in authors if author.domain)
        if len(addresses) > 1:
            return [Hit("MULTIPLE_FROM", options=tuple(addresses)[:MOST])]
        if not authors or not all(_is_good(author, message) for author in authors):
            return [Hit("FROM_INVALID")]
        return ()


def _is_good(author: Address, message: Message) -> bool:
    return is_valid(author.local, author.domain) or _is_quoted(author, message)


def _is_quoted(author: Address, message: Message) -> bool:
    """Whether a local part that needs quotes has them."""
    if not author.local or not is_valid("quoted", author.domain):
        return False
    quoted = f'"{author.local}"@'
    return any(quoted in header.unfolded for header in message.headers.all("From")[:MOST])
