"""Does a content type say that a part runs when it is opened, or does it say nothing?"""

from ..mail.part import Part
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._media import BAD, is_known
from ._option_hits import OptionHits


class MimeTypes(Check):
    """Looks at the declared types of all parts; what the parts are is another question."""

    name = "mime_types"
    symbols = {
        "MIME_BAD": Symbol(1.0, "mime_types", "content type known as bad"),
        "MIME_UNKNOWN": Symbol(0.1, "mime_types", "content type missing or unknown"),
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for part in (*task.message.parts, *task.message.alternatives):
            if part.type in BAD:
                hits.add("MIME_BAD", part.type)
            elif _is_missing(part):
                hits.add("MIME_UNKNOWN", "missing")
            elif not is_known(part.type):
                hits.add("MIME_UNKNOWN", part.type)
        return hits.hits()


def _is_missing(part: Part) -> bool:
    """Whether a type is there that cannot be read, or there is none for an attachment."""
    if part.type_field is None:
        return part.disposition == "attachment"
    return not part.content_type.value
