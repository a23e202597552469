"""Does the message have an attachment?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class HasAttachment(Check):
    """Fires if there is a part that programs show as a file."""

    name = "has_attachment"
    symbols = {"HAS_ATTACHMENT": Symbol(0.0, "body", "there is at least one attachment")}

    def run(self, task: Task) -> Findings:
        return [Hit("HAS_ATTACHMENT")] if any(p.is_attachment for p in task.message.leaves) else ()
