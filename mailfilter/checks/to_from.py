"""Is the message to its author, or to one other of the author's domain?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._people import author_of


class ToFrom(Check):
    """Compares every mailbox of To with the one of From."""

    name = "to_from"
    symbols = {
        "TO_EQ_FROM": Symbol(0.0, "headers", "To equals From"),
        "TO_DOM_EQ_FROM_DOM": Symbol(0.0, "headers", "To and From share a domain"),
    }

    def run(self, task: Task) -> Findings:
        author = author_of(task.message)
        recipients = task.message.to
        if author is None or not author.domain or not recipients:
            return ()
        address = author.address.lower()
        if all(one.address.lower() == address for one in recipients):
            return [Hit("TO_EQ_FROM")]
        if len(recipients) == 1 and recipients[0].domain == author.domain:
            return [Hit("TO_DOM_EQ_FROM_DOM")]
        return ()
