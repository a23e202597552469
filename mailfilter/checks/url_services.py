"""Does a link lead through a service that hides where it ends, or to a place that is no site?"""

import re
from collections.abc import Iterator

from ..mail.url_parse import Url
from ..mail.urls import FoundUrl
from ..scan.check import Check, Findings, Symbol
from ..scan.task import Task
from ._option_hits import OptionHits
from ._redirectors import is_redirector

_FIREBASE = ("firebasestorage.googleapis.com", ".firebasestorage.app")
_GUC = ".googleusercontent.com"
_GOOGLE_PATHS = ("/url", "/amp/s/", "/interstitial")

# CIDv0 is 46 signs of base 58; CIDv1 begins with the sign of its base, `b` for base 32.
_CID = r"(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{50,110}|k[a-z0-9]{50,110})"
_IPFS_PATH = re.compile(rf"/ip[fn]s/{_CID}(?![A-Za-z0-9])")
_IPFS_HOST = re.compile(rf"{_CID}\.ip[fn]s\.", re.IGNORECASE)


class UrlServices(Check):
    """Looks at hosts and paths of services that everybody may use."""

    name = "url_services"
    symbols = {
        "HAS_FILE_URL": Symbol(2.0, "url", "Link to a file of a disk or a share"),
        "HAS_GOOGLE_FIREBASE_URL": Symbol(2.0, "url", "Link to storage of Firebase"),
        "HAS_GOOGLE_REDIR": Symbol(1.0, "url", "Link through a redirector of Google"),
        "HAS_GUC_PROXY_URI": Symbol(1.0, "url", "Link through the proxy of googleusercontent.com"),
        "HAS_IPFS_GATEWAY_URL": Symbol(6.0, "url", "Link to a gateway to IPFS"),
        "HAS_ONION_URI": Symbol(0.0, "url", "Link to a service of Tor"),
        "REDIRECTOR_URL": Symbol(0.0, "multimap", "Link through a known redirector"),
    }

    def run(self, task: Task) -> Findings:
        hits = OptionHits()
        for one in task.message.urls:
            for symbol in _look_at(one):
                hits.add(symbol, one.url.host)
        return hits.hits()


def _look_at(one: FoundUrl) -> Iterator[str]:
    url = one.url
    host = url.host
    if url.scheme == "file":
        # A path in text is talk; a link, or the name of a share, is meant to be opened.
        if one.where == "html" or (host and "backslash" in url.traits):
            yield "HAS_FILE_URL"
    elif host.endswith(".onion"):
        yield "HAS_ONION_URI"
    elif host.endswith(_FIREBASE):
        yield "HAS_GOOGLE_FIREBASE_URL"
    elif host.endswith(_GUC):
        if "/proxy/" in url.path or "/gadgets/proxy" in url.path:
            yield "HAS_GUC_PROXY_URI"
    elif _is_google_redirect(url):
        yield "HAS_GOOGLE_REDIR"
    if one.is_clicked and is_redirector(url):
        yield "REDIRECTOR_URL"
    if _is_ipfs(url):
        yield "HAS_IPFS_GATEWAY_URL"


def _is_ipfs(url: Url) -> bool:
    if "/ip" in url.path and _IPFS_PATH.search(url.path):
        return True
    return ".ip" in url.host and _IPFS_HOST.match(url.host) is not None


def _is_google_redirect(url: Url) -> bool:
    if not url.domain.startswith("google.") or url.host.startswith(("mail.", "docs.", "drive.")):
        return False
    return url.path.startswith(_GOOGLE_PATHS)
