"""Is every part of the message of a content type that people send each other?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._media import GOOD

MAX_TYPES = 10
"""Different types named in the options."""


class MimeGood(Check):
    """Fires for messages with a declared type whose parts are all of well known types.

    HTML alone is not what programs of people write.
    """

    name = "mime_good"
    symbols = {"MIME_GOOD": Symbol(-0.1, "mime_types", "content type known as good")}

    def run(self, task: Task) -> Findings:
        if "Content-Type" not in task.message.headers:
            return ()
        types = dict.fromkeys(part.type for part in task.message.parts)
        if not GOOD.issuperset(types) or list(types) == ["text/html"]:
            return ()
        return [Hit("MIME_GOOD", options=tuple(types)[:MAX_TYPES])]
