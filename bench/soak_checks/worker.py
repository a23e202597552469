"""A check that tells by which process a message is scanned, if the message asks for that.

It is loaded from a directory, as an operator's own check would be.
"""

import os
from collections.abc import Mapping
from typing import ClassVar

from mailfilter.scan.check import Check, Findings, Stage, Symbol
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import AddHeader


class WorkerByHeader(Check):
    """Add a field X-Worker with our process id to a message with a field X-Soak-Worker."""

    name = "worker"
    stage = Stage.MAIN
    symbols: ClassVar[Mapping[str, Symbol]] = {}

    def run(self, task: Task) -> Findings:
        """Return the field, or nothing."""
        if any(header.name.lower() == "x-soak-worker" for header in task.message.headers):
            return [AddHeader("X-Worker", str(os.getpid()))]
        return []
