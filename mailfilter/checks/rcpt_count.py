"""How many recipients does the message name?"""

from collections.abc import Mapping
from typing import ClassVar

from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._ranges import Ranges

_RANGES = Ranges(
    "RCPT_COUNT_",
    {0: "ZERO", 1: "ONE", 2: "TWO", 3: "THREE", 5: "FIVE", 7: "SEVEN", 12: "TWELVE", 51: "GT_50"},
)


class RcptCount(Check):
    """Counts the mailboxes of To and Cc, as the symbols' names mean it elsewhere.

    The envelope often has one recipient a copy, whatever the number of copies.
    """

    name = "rcpt_count"
    symbols: ClassVar[Mapping[str, Symbol]] = _RANGES.symbols("headers", "recipients")

    def run(self, task: Task) -> Findings:
        message = task.message
        if not message.is_mail:
            return ()
        return [_RANGES.hit(len(message.to) + len(message.cc))]
