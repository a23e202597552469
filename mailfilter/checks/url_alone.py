"""Is there nothing but a link?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

MAX_TEXT = 4096
"""Characters of a longer text are more than links."""

MIN_SHARE = 0.8
"""Of the characters of a text that are those of its links, which then is nothing but links."""


class UrlAlone(Check):
    """Looks at messages of plain text alone, and at the links in that text."""

    name = "url_alone"
    symbols = {
        "HFILTER_URL_ONELINE": Symbol(2.5, "hfilter", "one line with a link"),
        "HFILTER_URL_ONLY": Symbol(2.2, "hfilter", "body is links only"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        text = message.text.plain
        if len(text) > MAX_TEXT or any(part.html is not None for part in message.text_parts):
            return ()
        links = {one.url.raw for one in message.urls if one.where == "text" and one.is_web}
        text = text.strip()
        if not links or not text:
            return ()
        if sum(map(len, links)) >= MIN_SHARE * len("".join(text.split())):
            return [Hit("HFILTER_URL_ONLY")]
        return [Hit("HFILTER_URL_ONELINE")] if "\n" not in text else ()
