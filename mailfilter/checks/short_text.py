"""Does the message say anything?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

SHORT = 32
"""Characters; a shorter text is very short."""

BEGINNING = 256
"""Characters that say of most texts that they are longer."""

_SAYS_WHOSE = ("from", "to", "subject", "date", "message-id")


class ShortText(Check):
    """Looks at the visible text; white space does not count."""

    name = "short_text"
    symbols = {
        "COMPLETELY_EMPTY": Symbol(15.0, "blankspam", "no headers of note and no body"),
        "SINGLE_SHORT_PART": Symbol(0.0, "ungrouped", "one text part only, and a very short one"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        if not message.is_mail or len(message.leaves) != 1 or not message.root.is_text:
            return ()
        # White space alone has no end that is worth looking for.
        text = message.text.visible
        if len(text) > 4096 or not (_is_short(text[:BEGINNING]) and _is_short(text)):
            return ()
        hits = [Hit("SINGLE_SHORT_PART")]
        if not text.strip() and not any(name in message.headers for name in _SAYS_WHOSE):
            hits.append(Hit("COMPLETELY_EMPTY"))
        return hits


def _is_short(text: str) -> bool:
    return len("".join(text.split())) < SHORT
