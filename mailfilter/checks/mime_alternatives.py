"""Does each set of alternatives have one of plain text and one of HTML?"""

from ..mail.part import Part
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MAX_CONTAINERS = 16
"""Sets of alternatives that are looked at."""

MAX_LEAVES = 64
"""Parts of one set that are looked at."""


class MimeAlternatives(Check):
    """Fires for `multipart/alternative` with text alone, or with HTML and no text."""

    name = "mime_alternatives"
    symbols = {
        "MIME_MA_MISSING_HTML": Symbol(1.0, "headers", "alternative lacks the HTML part"),
        "MIME_MA_MISSING_TEXT": Symbol(2.0, "headers", "alternative lacks the text part"),
    }

    def run(self, task: Task) -> Findings:
        found = [part for part in task.message.parts if part.type == "multipart/alternative"]
        kinds = [_types(part) for part in found[:MAX_CONTAINERS]]
        hits = []
        if any(types == {"text/plain"} for types in kinds):
            hits.append(Hit("MIME_MA_MISSING_HTML"))
        if any("text/html" in types and "text/plain" not in types for types in kinds):
            hits.append(Hit("MIME_MA_MISSING_TEXT"))
        return hits


def _types(container: Part) -> set[str]:
    """The types of the leaves in a container."""
    waiting = list(container.children)
    types: set[str] = set()
    for _ in range(MAX_LEAVES):
        if not waiting:
            break
        part = waiting.pop()
        waiting.extend(part.children[:MAX_LEAVES])
        if not part.children:
            types.add(part.type)
    return types
