"""Does HTML lead its reader elsewhere without a click?"""

from ..mail.url_parse import parse_url
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._option_hits import MAX_OPTION


class HtmlRefresh(Check):
    """Fires for a meta element that loads another page: mail programs with a browser follow it."""

    name = "html_refresh"
    symbols = {"HTML_META_REFRESH_URL": Symbol(5.0, "html", "HTML that loads another page")}

    def run(self, task: Task) -> Findings:
        for part in task.message.text_parts:
            if part.html is None or "refresh" not in part.html.traits:
                continue
            for link in part.html.links:
                url = parse_url(link.href) if link.tag == "meta" else None
                if url is not None and url.host:
                    return [Hit("HTML_META_REFRESH_URL", options=(url.host[:MAX_OPTION],))]
        return ()
