"""Is text encoded as base64, and was there a need?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class Base64Text(Check):
    """Looks at the text that is shown; pure ASCII needs no encoding."""

    name = "base64_text"
    symbols = {
        "MIME_BASE64_TEXT": Symbol(0.1, "mime", "text part in base64"),
        "MIME_BASE64_TEXT_BOGUS": Symbol(1.0, "mime", "base64 text that is pure ASCII"),
    }

    def run(self, task: Task) -> Findings:
        texts = [part for part in task.message.text_parts if part.encoding == "base64"]
        if not texts:
            return ()
        hits = [Hit("MIME_BASE64_TEXT")]
        if any(part.decoded.isascii() and part.decoded for part in texts):
            hits.append(Hit("MIME_BASE64_TEXT_BOGUS"))
        return hits
