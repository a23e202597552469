"""Does HTML have addresses that are data?"""

import re

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

_TEXT = re.compile(
    r"data:(?:text/(?:html|plain|javascript)|application/xhtml\+xml|[,;])", re.IGNORECASE
)
"""Text and markup; a type that is left out is text (RFC 2397)."""


class HtmlDataUri(Check):
    """Looks at `data:` addresses: pictures are usual, text and markup are hidden from filters."""

    name = "html_data_uri"
    symbols = {
        "DATA_URI_OBFU": Symbol(2.0, "html", "data: URI used to hide text/HTML"),
        "HAS_DATA_URI": Symbol(0.0, "html", "data: URI present"),
    }

    def run(self, task: Task) -> Findings:
        uris = [
            uri
            for part in task.message.text_parts
            if part.html is not None
            for uri in part.html.data_uris
        ]
        if not uris:
            return ()
        if any(_TEXT.match(uri) for uri in uris):
            return [Hit("DATA_URI_OBFU"), Hit("HAS_DATA_URI")]
        return [Hit("HAS_DATA_URI")]
