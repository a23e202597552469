"""Can each Content-Type be read?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class BrokenContentType(Check):
    """Fires for a field that names no type and subtype (RFC 2045 5.1)."""

    name = "broken_content_type"
    symbols = {
        "BROKEN_CONTENT_TYPE": Symbol(1.5, "headers", "a part has an unparsable Content-Type")
    }

    def run(self, task: Task) -> Findings:
        for part in task.message.parts:
            if part.type_field is not None and not part.content_type.value:
                return [Hit("BROKEN_CONTENT_TYPE")]
        return ()
