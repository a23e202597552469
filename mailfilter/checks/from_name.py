"""What does the display name of From say?"""

from ..mail.addresses import Address
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._people import MAX_NAME, OwnerCheck, address_in, author_of, domain_of, has_title, is_one_owner


class FromName(OwnerCheck):
    """Looks at the one mailbox of From.

    A name that shows an address of another owner leads readers to believe that it is the author.
    """

    name = "from_name"
    symbols = {
        "FROM_HAS_DN": Symbol(0.0, "headers", "From has a display name"),
        "FROM_NO_DN": Symbol(0.0, "headers", "From has no display name"),
        "FROM_DN_EQ_ADDR": Symbol(1.0, "headers", "display name repeats the address"),
        "FROM_NAME_EXCESS_SPACE": Symbol(1.0, "headers", "display name padded with spaces"),
        "FROM_NAME_HAS_TITLE": Symbol(1.0, "headers", "display name starts with a title"),
        "FROM_NEQ_DISPLAY_NAME": Symbol(4.0, "headers", "display name shows another address"),
        "SPOOF_DISPLAY_NAME": Symbol(8.0, "headers", "display name imitates a local address"),
    }

    def run(self, task: Task) -> Findings:
        author = author_of(task.message)
        if author is None:
            return ()
        name = author.name
        if not name:
            return [Hit("FROM_NO_DN")]
        if name.lower() == author.address.lower():
            return [Hit("FROM_DN_EQ_ADDR")]
        hits = [Hit("FROM_HAS_DN")]
        if "   " in name[:MAX_NAME]:
            hits.append(Hit("FROM_NAME_EXCESS_SPACE"))
        if has_title(name):
            hits.append(Hit("FROM_NAME_HAS_TITLE"))
        if (shown := address_in(name)) is not None:
            hits += _other(shown, author, task)
        return hits


def _other(shown: str, author: Address, task: Task) -> list[Hit]:
    domain = domain_of(shown)
    if is_one_owner(domain, author.domain):
        return []
    options = (author.address, shown)
    recipients = task.envelope.recipients
    if recipients and is_one_owner(domain_of(recipients[0].address), domain):
        return [Hit("SPOOF_DISPLAY_NAME", options=options)]
    return [Hit("FROM_NEQ_DISPLAY_NAME", options=options)]
