"""A check that computes without end and lets no other thread run, if the message says so.

It is loaded from a directory, as an operator's own check would be. A regular expression that
backtracks without limit holds the interpreter's lock, which a loop in Python does not.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from mailfilter.scan.check import Check, Findings, Stage, Symbol
from mailfilter.scan.task import Task

_NEVER_ENDS = re.compile("(a|a)*b")


class HoldByHeader(Check):
    """Never return for a message with a field X-Soak-Hold."""

    name = "hold"
    stage = Stage.MAIN
    symbols: ClassVar[Mapping[str, Symbol]] = {}

    def run(self, task: Task) -> Findings:
        """Find nothing, if ever."""
        if any(header.name.lower() == "x-soak-hold" for header in task.message.headers):
            _NEVER_ENDS.match("a" * 64)
        return []
