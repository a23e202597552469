"""Is text encoded as base64, and was there a need?"""

from ..mail.part import Part
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

BY_CHANCE = 500
"""Octets of UTF-8 that may be ASCII by chance: programs that encode all UTF-8, as those of phones
do, write short texts of many languages so."""


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
        if any(map(_is_bogus, texts)):
            hits.append(Hit("MIME_BASE64_TEXT_BOGUS"))
        return hits


def _is_bogus(part: Part) -> bool:
    text = part.decoded
    if not text or not text.isascii():
        return False
    return part.charset not in ("utf-8", "utf8") or len(text) >= BY_CHANCE
