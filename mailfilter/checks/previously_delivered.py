"""Was the message delivered to a recipient of its header before it came to us?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

HOPS = 20
RECIPIENTS = 10
"""How many are compared."""


class PreviouslyDelivered(Check):
    """Looks for Received fields that name a recipient of To: lists and forwarders have it so."""

    name = "previously_delivered"
    symbols = {
        "PREVIOUSLY_DELIVERED": Symbol(0.0, "headers", "list or forwarded earlier"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        told = {one.address.lower() for one in task.envelope.recipients}
        wanted = {one.address.lower() for one in message.to[:RECIPIENTS] if one.domain} - told
        if not wanted:
            return ()
        for hop in message.received[:HOPS]:
            # The text is searched, which costs a tenth of reading the field.
            _, _, rest = hop.raw.partition(" for <")
            recipient = rest.partition(">")[0].lower()
            if recipient in wanted:
                return [Hit("PREVIOUSLY_DELIVERED", options=(recipient,))]
        return ()
