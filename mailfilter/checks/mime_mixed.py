"""Is there a reason to be `multipart/mixed`?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class MimeMixed(Check):
    """Fires if a `multipart/mixed` message has one text, or alternatives of one, and no file."""

    name = "mime_mixed"
    symbols = {"CTYPE_MIXED_BOGUS": Symbol(1.0, "mime", "multipart/mixed without a non-text part")}

    def run(self, task: Task) -> Findings:
        message = task.message
        # Two texts have a reason: mailing lists add one that says how to leave.
        if message.root.type != "multipart/mixed" or len(message.root.children) != 1:
            return ()
        if all(part.is_text and not part.is_attachment for part in message.leaves):
            return [Hit("CTYPE_MIXED_BOGUS")]
        return ()
