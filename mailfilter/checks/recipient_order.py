"""Were the recipients taken from a list of addresses?"""

from collections.abc import Sequence
from itertools import pairwise

from ..mail.addresses import Address
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

LEAST_SORTED = 6
"""Recipients in order of the alphabet; fewer are so by chance."""

LEAST_ALIKE = 5
"""Recipients whose local parts begin alike."""

ALIKE = 3
"""Characters by which they begin."""

SHARE = 0.7
"""Of neighbours that begin alike."""

MOST = 1000
"""Recipients that are looked at."""


class RecipientOrder(Check):
    """Looks at recipients in the header: who collects addresses has them in order.

    People write those first whom it concerns most.
    """

    name = "recipient_order"
    symbols = {
        "SORTED_RECIPS": Symbol(3.5, "headers", "recipients sorted alphabetically"),
        "SUSPICIOUS_RECIPS": Symbol(1.5, "headers", "recipients look generated"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        hits = []
        if _are_sorted(message.to[:MOST]):
            hits.append(Hit("SORTED_RECIPS"))
        if _are_alike((message.to + message.cc)[:MOST]):
            hits.append(Hit("SUSPICIOUS_RECIPS"))
        return hits


def _are_sorted(recipients: Sequence[Address]) -> bool:
    addresses = [item.address.lower() for item in recipients if item.domain]
    if len(set(addresses)) < LEAST_SORTED:
        return False
    return all(one <= other for one, other in pairwise(addresses))


def _are_alike(recipients: Sequence[Address]) -> bool:
    beginnings = [item.local[:ALIKE].lower() for item in recipients if item.domain]
    if len(beginnings) < LEAST_ALIKE:
        return False
    alike = sum(one == other and len(one) == ALIKE for one, other in pairwise(beginnings))
    return alike >= SHARE * (len(beginnings) - 1)
