"""Does the text of a link tell where it leads?

Who reads `https://www.bank.example/` thinks that a click leads there. Honest mail differs where a
service counts clicks, or wraps links to check them.
"""

from collections import Counter

from ..mail.public_suffix import organizational_domain
from ..mail.url_budget import UrlBudget
from ..mail.url_parse import Url
from ..mail.url_shown import shown_url
from ..mail.urls import FoundUrl
from ..scan.check import Check, Findings, Given, Symbol
from ..scan.task import Task
from ._option_hits import OptionHits
from ._options import read_texts
from ._redirectors import SERVICES, SHORTENERS, WRAPPERS, is_listed

WEB = ("http", "https")

MAX_TEXTS = 1024
"""Texts of links that are compared."""

MIN_COUNTED = 10
"""Links to one domain from which on it may be that of a service that counts clicks."""

MIN_SHARE = 2 / 3
"""Its part of all links of a message."""

MAX_STRANGE = 1 / 4
"""The part of the links to it that may show other domains."""

AUTHENTIC = ("DMARC_POLICY_ALLOW",)
"""Symbols of mail that is from whom it says."""


class Phishing(Check):
    """Compares what links of HTML show with where they lead.

    Options: `exceptions`, domains that may be behind any text; `redirectors`, hosts or domains
    that count clicks, beside those that are known.
    """

    name = "phishing"
    after = ("dmarc",)
    options = ("exceptions", "redirectors")
    symbols = {
        "HTTP_TO_HTTPS": Symbol(0.5, "html", "Link whose text has another scheme than its target"),
        "HTTP_TO_IP": Symbol(1.0, "html", "Link to an IP address"),
        "PHISHED_WHITELISTED": Symbol(0.0, "phishing", "Link to another domain, which may be so"),
        "PHISHING": Symbol(4.0, "phishing", "Link that shows another domain than it leads to"),
        "REDIRECTOR_FALSE": Symbol(0.0, "phishing", "Link to another domain, which is counted"),
    }

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._exceptions = frozenset(read_texts(given.options, "exceptions"))
        redirectors = read_texts(given.options, "redirectors")
        self._redirectors = SERVICES | WRAPPERS | SHORTENERS | frozenset(redirectors)

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        texts = MAX_TEXTS
        budget = UrlBudget()
        links: Counter[str] = Counter()
        strange: list[tuple[Url, FoundUrl]] = []
        for one in task.message.urls:
            if one.where != "html" or not one.is_clicked or one.url.scheme not in WEB:
                continue
            if one.url.is_ip:
                hits.add("HTTP_TO_IP", one.url.host)
            links[one.url.domain] += 1
            shown = shown_url(one.shown, budget) if texts > 0 else None
            texts -= "." in one.shown or not one.shown.isascii()
            if shown is None or not one.url.domain:
                continue
            if shown.domain != one.url.domain:
                strange.append((shown, one))
            elif "no_scheme" not in shown.traits and shown.scheme != one.url.scheme:
                hits.add("HTTP_TO_HTTPS", one.url.host)
        counting = _counting(links, Counter(one.url.domain for _, one in strange))
        for shown, one in strange:
            symbol = self._judge(shown, one, counting, task)
            if symbol:
                hits.add(symbol, f"{shown.domain}->{one.url.domain}")
        return hits.hits()

    def _judge(self, shown: Url, one: FoundUrl, counting: str, task: Task) -> str:
        """What a link is that shows another domain than its own; empty if it is as it should be."""
        url = one.url
        if is_listed(url.host, url.path, WRAPPERS) and one.inner:
            is_same = any(inner.domain == shown.domain for inner in one.inner)
            return "" if is_same else "PHISHING"
        if is_listed(url.host, url.path, self._exceptions):
            return "PHISHED_WHITELISTED"
        if (
            url.domain == counting
            or is_listed(url.host, url.path, self._redirectors)
            or self._is_counted(shown, task)
        ):
            return "REDIRECTOR_FALSE"
        return "PHISHING"

    @staticmethod
    def _is_counted(shown: Url, task: Task) -> bool:
        """Whether it shows the domain of the author, who is who he says: he may count clicks."""
        authors = {organizational_domain(address.domain) for address in task.message.from_}
        return shown.domain in authors and any(name in task.hits for name in AUTHENTIC)


def _counting(links: Counter[str], strange: Counter[str]) -> str:
    """The domain through which nearly all of a newsletter's links go; empty if there is none.

    Somebody counts clicks there. Bait has few links, and what matters is the one that deceives.
    """
    domain, count = next(iter(links.most_common(1)), ("", 0))
    if count < MIN_COUNTED or count < MIN_SHARE * links.total():
        return ""
    return domain if strange[domain] <= MAX_STRANGE * count else ""
