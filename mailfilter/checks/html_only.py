"""Does the message come as HTML without the same in plain text?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class HtmlOnly(Check):
    """Fires if there is a part of HTML and none of plain text."""

    name = "html_only"
    symbols = {"MIME_HTML_ONLY": Symbol(0.2, "headers", "HTML part without a text part")}

    def run(self, task: Task) -> Findings:
        types = {part.type for part in task.message.text_parts}
        if "text/html" in types and "text/plain" not in types:
            return [Hit("MIME_HTML_ONLY")]
        return ()
