"""Is there a link in the subject?"""

from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import is_answer
from ._option_hits import MAX_OPTION


class UrlInSubject(Check):
    """A name of a site is no link: lists and firms are called so.

    Who answers did not write the subject.
    """

    name = "url_in_subject"
    symbols = {"URL_IN_SUBJECT": Symbol(4.0, "subject", "Subject with a link")}

    def run(self, task: Task) -> Findings:
        if is_answer(task.message):
            return ()
        for one in task.message.urls:
            if one.where != "subject":
                break
            url = one.url
            is_name = "no_scheme" in url.traits and not url.raw.lower().startswith("www.")
            if one.is_web and not (is_name and url.path == "/"):
                return [Hit("URL_IN_SUBJECT", options=(url.host[:MAX_OPTION],))]
        return ()
