"""How urgent does the message call itself?"""

import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_NUMBER = re.compile(r"\s*+(\d{1,4})(?!\d)", re.ASCII)
_SYMBOLS = {
    0: "HAS_X_PRIO_ZERO",
    1: "HAS_X_PRIO_ONE",
    2: "HAS_X_PRIO_TWO",
    3: "HAS_X_PRIO_THREE",
    4: "HAS_X_PRIO_THREE",
}


class Priority(Check):
    """Looks at X-Priority: 1 is urgent, 3 usual, 5 and more can wait."""

    name = "priority"
    symbols = {
        "HAS_X_PRIO_ZERO": Symbol(0.0, "headers", "X-Priority 0"),
        "HAS_X_PRIO_ONE": Symbol(0.0, "headers", "X-Priority 1"),
        "HAS_X_PRIO_TWO": Symbol(0.0, "headers", "X-Priority 2"),
        "HAS_X_PRIO_THREE": Symbol(0.0, "headers", "X-Priority 3 or 4"),
        "HAS_X_PRIO_FIVE": Symbol(0.0, "headers", "X-Priority 5 or more"),
    }

    def run(self, task: Task) -> Findings:
        header = task.message.headers.get("X-Priority")
        found = _NUMBER.match(header.unfolded) if header is not None else None
        if found is None:
            return ()
        return [Hit(_SYMBOLS.get(int(found[1]), "HAS_X_PRIO_FIVE"), options=(found[1],))]
