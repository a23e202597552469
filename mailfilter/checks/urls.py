"""Which URLs and addresses of mail are there? They are told, and hit nothing."""

from ..mail.public_suffix import load_suffixes
from ..mail.urls import FoundUrl
from ..scan.check import Check, Finding, Findings, Given, Note
from ..scan.task import Task
from ..scan.verdict import Url

MOST = 1024
"""URLs that are told."""

_BY_TRAIT = {
    "numeric": "numeric",
    "idn": "idn",
    "widthless": "zw_spaces",
    "no_scheme": "schemaless",
    "many_at": "obscured",
    "backslash": "obscured",
    "encoded": "obscured",
}
"""Rspamd's names for what is odd about a URL."""

_BY_PLACE = {"subject": "subject", "text": "text", "query": "query", "calendar": "content"}


class Urls(Check):
    """Lists the URLs for replies that show them, each once."""

    name = "urls"

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        load_suffixes()

    def run(self, task: Task) -> Findings:
        found: dict[str, FoundUrl] = {}
        for one in task.message.urls:
            if one.is_web or one.url.scheme == "mailto":
                found.setdefault(one.url.text, one)
                if len(found) == MOST:
                    break
        told: list[Finding] = [_told(text, one) for text, one in found.items()]
        if task.message.found_urls.is_cut:
            told.append(Note("more URLs than are looked at"))
        return told


def _told(text: str, one: FoundUrl) -> Url:
    url = one.url
    flags = {_BY_TRAIT[trait] for trait in url.traits if trait in _BY_TRAIT}
    if one.where in _BY_PLACE:
        flags.add(_BY_PLACE[one.where])
    if url.is_ip:
        flags.add("numeric")
    if url.scheme != "mailto":
        if url.user:
            flags.add("has_user")
        if url.port is not None:
            flags.add("has_port")
        if not one.is_clicked:
            flags.add("image")
    return Url(text, url.host, url.domain, tuple(sorted(flags)))
