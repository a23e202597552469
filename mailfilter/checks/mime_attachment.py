"""Does the content type of a file fit its name?"""

from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._files import extensions_of, named_parts
from ._fits import fits
from ._option_hits import OptionHits


class MimeAttachment(Check):
    """Fires for a file whose name says something else than its declared type.

    The first name that programs see counts, and only types that were declared and can be read.
    """

    name = "mime_attachment"
    symbols = {
        "MIME_BAD_ATTACHMENT": Symbol(
            4.0, "mime_types", "content type does not fit the file extension"
        )
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for part, names in named_parts(task.message):
            extension = extensions_of(names[0])[0]
            if part.content_type.value and not fits(extension, part.type):
                hits.add("MIME_BAD_ATTACHMENT", f"{extension}:{part.type}")
        return hits.hits()
