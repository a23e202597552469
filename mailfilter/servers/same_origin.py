"""Whether a page of somebody else may be behind a request: what browsers tell of that.

Sources: RFC 9110 7.2 (Host), 10.1.3 (Referer); RFC 6454 7 (Origin); W3C Fetch Metadata.
"""

import re
from collections.abc import Collection, Iterable
from socket import gethostname
from typing import NamedTuple

from ..codec.http1 import RequestHead
from ..scan.networks import read_address

OUR_HEADER = b"x-mailfilter"
"""No page of somebody else can have it sent: a browser would ask us first, and we do not allow
it."""

_OWN_SITES = frozenset((b"same-origin", b"none"))
"""`Sec-Fetch-Site` of our pages, and of what somebody has typed."""

_SITE_HEADERS = frozenset((b"sec-fetch-site", b"origin", b"referer"))
_WITHOUT_ORIGIN = frozenset((b"GET", b"HEAD"))
_BROWSERS_ALONE = frozenset((b"accept-language", b"upgrade-insecure-requests"))
"""What browsers send of themselves, and scripts do not."""
OF_BROWSERS = _SITE_HEADERS | _BROWSERS_ALONE
OF_PAGES = OF_BROWSERS | {OUR_HEADER}
"""All that counts here, but for the name of the browser, which is nothing that must be believed."""

_AUTHORITY = r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,255})(?::([0-9]{1,5}))?"
_HOST = re.compile(_AUTHORITY, re.ASCII)
_URL = re.compile(rf"(https?)://{_AUTHORITY}(?:[/?#].*)?", re.ASCII | re.DOTALL)
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where a page comes from, as far as we can compare it."""

    host: str
    port: int
    """Not the scheme: a proxy may speak another one with the browser than with us."""


def read_origin(url: str) -> Origin | None:
    """The origin of a URL over HTTP; `None` is for all else."""
    found = _URL.fullmatch(url.lower())
    if found is None:
        return None
    return Origin(found[2].rstrip("."), int(found[3] or _PORTS[found[1]]))


def read_origins(urls: Iterable[str]) -> frozenset[Origin]:
    """The origins of URLs, but of those that have none."""
    return frozenset(origin for url in urls if (origin := read_origin(url)) is not None)


def is_of_other_site(head: RequestHead, ours: Collection[Origin] = ()) -> bool:
    """Whether a browser says that a page of somebody else wants something.

    `ours` are other origins whose pages are as good as our own. Whoever is no browser says nothing
    of this kind.
    """
    sites, urls = [], []
    for name, value in head.headers:
        if name == OUR_HEADER and value == b"1":
            return False
        if name == b"sec-fetch-site":
            sites.append(value.lower())
        elif name in (b"origin", b"referer"):
            urls.append(value.decode("latin-1"))
    if not urls:
        return any(site not in _OWN_SITES for site in sites)
    if all(read_origin(url) in ours for url in urls):
        return False
    if any(site not in _OWN_SITES for site in sites):
        return True
    host = _host(head)
    return host is None or not all(_is_at(url, *host) for url in urls)


def hides_its_site(head: RequestHead) -> bool:
    """Whether a browser asks, and does not say for whose page.

    To addresses without TLS off this machine it tells no `Sec-Fetch-Site`, with GET no `Origin`,
    and pages can keep it from telling the `Referer`. With POST it always tells the origin.
    """
    if head.method not in _WITHOUT_ORIGIN:
        return False
    told = dict(head.headers)
    if told.get(OUR_HEADER) == b"1" or not _SITE_HEADERS.isdisjoint(told):
        return False
    if not _BROWSERS_ALONE.isdisjoint(told):
        return True
    return told.get(b"user-agent", b"").lower().startswith(b"mozilla/")


def is_our_name(head: RequestHead, names: Collection[str], *, is_near: bool) -> bool:
    """Whether a request was sent to us under a name that nobody else can have pointed at us.

    `names` are those of the configuration, in lower case. From elsewhere (not `is_near`) a name
    without a dot will do, too: it is of the client's own network.
    """
    values = [value for name, value in head.headers if name == b"host"]
    if not values or values == [b""]:
        # Browsers tell it always.
        return True
    found = _host(head)
    if found is None:
        return False
    host = found[0]
    if host.startswith("[") or read_address(host) is not None:
        return True
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if host == gethostname().lower().rstrip(".") or host in names:
        return True
    return not is_near and bool(host) and "." not in host


def host_text(head: RequestHead) -> str:
    """What `Host` says, for the log."""
    values = [value for name, value in head.headers if name == b"host"]
    return b", ".join(values).decode("latin-1")[:256]


def _host(head: RequestHead) -> tuple[str, str] | None:
    """Name and port (empty: the usual one) that a request was sent to."""
    values = [value.decode("latin-1") for name, value in head.headers if name == b"host"]
    found = _HOST.fullmatch(values[0].lower()) if len(values) == 1 else None
    return None if found is None else (found[1].rstrip("."), found[2] or "")


def _is_at(url: str, host: str, port: str) -> bool:
    found = _URL.fullmatch(url.lower())
    if found is None:
        return False
    # Without a port `Host` means that of the scheme which the browser has used.
    return read_origin(url) == Origin(host, int(port or _PORTS[found[1]]))
