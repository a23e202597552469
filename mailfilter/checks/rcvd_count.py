"""How many Received fields does the message have?"""

from collections.abc import Mapping
from typing import ClassVar

from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._ranges import Ranges

_RANGES = Ranges(
    "RCVD_COUNT_",
    {0: "ZERO", 1: "ONE", 2: "TWO", 3: "THREE", 5: "FIVE", 7: "SEVEN", 12: "TWELVE"},
)


class RcvdCount(Check):
    """Counts the fields, well formed or not."""

    name = "rcvd_count"
    symbols: ClassVar[Mapping[str, Symbol]] = _RANGES.symbols("headers", "Received fields")

    def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        return [_RANGES.hit(task.message.headers.count("Received"))]
