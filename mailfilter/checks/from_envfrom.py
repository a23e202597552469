"""Is the sender that people see the sender of the envelope?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class FromEnvfrom(Check):
    """Compares the one address of From with MAIL FROM; bounces have none to compare."""

    name = "from_envfrom"
    symbols = {
        "FROM_EQ_ENVFROM": Symbol(0.0, "headers", "From equals the envelope sender"),
        "FROM_NEQ_ENVFROM": Symbol(0.0, "headers", "From differs from the envelope sender"),
    }

    def run(self, task: Task) -> Findings:
        sender = task.envelope.sender
        addresses = task.message.from_
        if not sender or len(addresses) != 1:
            return ()
        address = addresses[0].address
        if address.lower() == sender.lower():
            return [Hit("FROM_EQ_ENVFROM")]
        return [Hit("FROM_NEQ_ENVFROM", options=(address, sender))]
