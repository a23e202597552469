"""What kinds of parts does the message have?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._media import BAD, GOOD, is_known

MAX_PARTS = 32
"""Parts that are told."""


class MimeTrace(Check):
    """Tells of each part, in order, whether its content type is good, bad, unknown, or another.

    The options are the number of the part, `:` and one of `+`, `-`, `?` and `~`.
    """

    name = "mime_trace"
    symbols = {"MIME_TRACE": Symbol(0.0, "mime_types", "lists the part types seen")}

    def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        parts = task.message.parts[:MAX_PARTS]
        options = [f"{number}:{_kind(part.type)}" for number, part in enumerate(parts)]
        return [Hit("MIME_TRACE", options=tuple(options))]


def _kind(media_type: str) -> str:
    if media_type in GOOD:
        return "+"
    if media_type in BAD:
        return "-"
    return "~" if is_known(media_type) else "?"
