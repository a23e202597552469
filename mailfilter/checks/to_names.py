"""Do the recipients in the header have display names, and what are these?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class ToNames(Check):
    """Looks at the addresses of To and Cc."""

    name = "to_names"
    symbols = {
        "TO_DN_ALL": Symbol(0.0, "headers", "every recipient has a name"),
        "TO_DN_SOME": Symbol(0.0, "headers", "some recipients have names"),
        "TO_DN_NONE": Symbol(0.0, "headers", "no recipient has a name"),
        "TO_DN_EQ_ADDR_ALL": Symbol(0.0, "headers", "all names repeat the address"),
        "TO_DN_EQ_ADDR_SOME": Symbol(0.0, "headers", "some names repeat the address"),
        "TO_DN_RECIPIENTS": Symbol(2.0, "headers", "To name is the word Recipients"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        addresses = message.to + message.cc
        if not addresses:
            return ()
        named = [item for item in addresses if item.name]
        equal = sum(item.name.lower() == item.address.lower() for item in named)
        hits = [_of_all(len(named), len(addresses), "TO_DN_")]
        if equal:
            hits.append(_of_all(equal, len(addresses), "TO_DN_EQ_ADDR_"))
        if any(item.name.lower() in ("recipient", "recipients") for item in named):
            hits.append(Hit("TO_DN_RECIPIENTS"))
        return hits


def _of_all(count: int, total: int, prefix: str) -> Hit:
    ending = "ALL" if count == total else "SOME" if count else "NONE"
    return Hit(prefix + ending)
