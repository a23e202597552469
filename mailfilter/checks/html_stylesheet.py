"""Does HTML load a style sheet from elsewhere?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task


class HtmlStylesheet(Check):
    """Fires for style sheets that a program has to fetch; hardly any does."""

    name = "html_stylesheet"
    symbols = {"EXT_CSS": Symbol(1.0, "html", "external stylesheet")}

    def run(self, task: Task) -> Findings:
        for part in task.message.text_parts:
            if part.html is not None and part.html.stylesheets:
                return [Hit("EXT_CSS")]
        return ()
