"""URLs as browsers read them (URL Standard 4.4), whatever they look like to people.

What counts is the host that a click leads to: backslashes are slashes, any number of them may stand
behind the scheme, tabs and line ends are nothing, all before the last at sign is a user.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote

from .url_host import Host, parse_host

ReadHost = Callable[[str], Host | None]

MAX_URL = 2048
"""Characters that are kept of a URL, and of its user, path, query and fragment each."""

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "file": None}
"""The schemes that browsers know the form of, with the port that goes without saying."""

_NO_HOST = Host("", "")
_EDGES = "".join(map(chr, range(0x21)))
_DROPPED = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):")
_WEB = re.compile(r"([/\\]*+)([^/\\?#]*+)([^?#]*+)(?:\?([^#]*+))?+(?:#(.*+))?+", re.DOTALL)
_OTHER = re.compile(r"(?://([^/?#]*+))?+([^?#]*+)(?:\?([^#]*+))?+(?:#(.*+))?+", re.DOTALL)
_PORT = re.compile(r":([^:\]]*+)$")
_DRIVE = re.compile(r"[A-Za-z][:|]$")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?=/|$)")
_DOTS_ALONE = re.compile(r"(?<=/)(?:\.|%2[eE]){1,2}(?=/|$)")
_DOTS = re.compile(r"%2[eE]")

_SAFE_QUERY = "!$%&()*+,-./:;=?@[\\]^_`{|}~"
_SAFE_PATH = "!$%&'()*+,-./:;=@[\\]_|~"
_SAFE_FRAGMENT = "!#$%&'()*+,-./:;=?@[\\]^_{|}~"
_PLAIN = re.compile(r"[!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z|~]*+")

_STRANGE = re.compile(
    "[\u180e\u200b-\u200d\u202d\u202e\u2060-\u2064\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffd-\uffff]"
)
_WIDTHLESS = re.compile("[\u180e\u200b-\u200d\u2060-\u2064\ufeff]")
_OVERRIDE = re.compile("[\u202d\u202e]")
AROUND = "\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
"""Marks that programs put around a link that is copied."""
_BROKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]")


class Url(NamedTuple):
    """A URL taken apart; behind the host, characters and percent codes are as written."""

    raw: str
    """As written, without white space at its ends, cut at `MAX_URL`."""
    scheme: str
    host: str
    """ASCII, an address without brackets; empty if there is none."""
    port: int | None
    """None if it is the one of the scheme."""
    user: str
    """What stands before the host, with the password: `user:password`."""
    path: str
    """Without dot segments, and with slashes for backslashes."""
    query: str
    fragment: str
    domain: str
    """The registrable domain, or the address; empty if there is none."""
    address: IPv4Address | IPv6Address | None
    traits: frozenset[str]
    """What is odd about how it is written, those of `url_host.Host` too: `backslash`, `dropped`
    (tabs or line ends), `slashes` (not two of them behind the scheme), `many_at`, `long` (cut),
    `widthless`, `override` (of the direction of text), `broken` (characters that are none)."""

    @property
    def is_ip(self) -> bool:
        """Whether the host is an address."""
        return self.address is not None

    @property
    def text(self) -> str:
        """As browsers write it, without user and fragment; of `mailto` just the address."""
        if self.scheme == "mailto":
            return f"mailto:{self.user}@{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        slashes = "//" if self.scheme in PORTS or host else ""
        query = f"?{_encoded(self.query, _SAFE_QUERY)}" if self.query else ""
        return f"{self.scheme}:{slashes}{host}{port}{_encoded(self.path, _SAFE_PATH)}{query}"


def parse_url(text: str, read_host: ReadHost = parse_host) -> Url | None:
    """Take a URL apart; None if browsers take it for none, such as one without a scheme.

    Linear to the length of the text: only what is kept is cut. `read_host` may count.
    """
    text = text.strip(_EDGES)
    cleaned = text
    if "\n" in text or "\t" in text or "\r" in text:
        cleaned = _DROPPED.sub("", text)
    found = _SCHEME.match(cleaned)
    if not found:
        return None
    scheme = found[1].lower()
    traits = set() if len(cleaned) == len(text) else {"dropped"}
    is_long = len(text) > MAX_URL
    if is_long:
        traits.add("long")
    if not text.isascii():
        _look_at_characters(cleaned.strip(AROUND), traits)
    read = _file if scheme == "file" else _web if scheme in PORTS else _other
    return read(
        _Written(text[:MAX_URL], scheme, cleaned[found.end() :], is_long), traits, read_host
    )


class _Written(NamedTuple):
    """A URL as written."""

    raw: str
    scheme: str
    rest: str
    """What stands behind the scheme."""
    is_long: bool

    def made(
        self,
        host: Host | None,
        port: int | None,
        user: str,
        rest: tuple[str, str | None, str | None],
        traits: set[str],
    ) -> Url:
        """The URL, with no more of it than is kept."""
        path, query, fragment = rest
        if self.is_long:
            path = path[:MAX_URL]
            query, fragment = query and query[:MAX_URL], fragment and fragment[:MAX_URL]
        if self.scheme in PORTS and ("/." in path or "/%2" in path):
            path = _without_dots(path)
        if host is None:
            host = _NO_HOST
        return Url(
            self.raw,
            self.scheme,
            host.name,
            port,
            user[:MAX_URL],
            path,
            query or "",
            fragment or "",
            host.domain,
            host.address,
            host.traits | traits if traits else host.traits,
        )


def _look_at_characters(text: str, traits: set[str]) -> None:
    if not _STRANGE.search(text):
        return
    for trait, pattern in (("widthless", _WIDTHLESS), ("override", _OVERRIDE), ("broken", _BROKEN)):
        if pattern.search(text):
            traits.add(trait)


def _web(written: _Written, traits: set[str], read_host: ReadHost) -> Url | None:
    found = _WEB.match(written.rest)
    assert found is not None, "every group may be empty"
    slashes, authority, path, query, fragment = found.groups()
    user, at, rest = authority.rpartition("@")
    if at and "@" in user:
        traits.add("many_at")
    host, port = _host_and_port(rest, PORTS[written.scheme], read_host)
    if host is None:
        return None
    if slashes != "//":
        traits.add("slashes")
    if "\\" in slashes or "\\" in path:
        traits.add("backslash")
        path = path.replace("\\", "/")
    return written.made(host, port, user, (path or "/", query, fragment), traits)


def _host_and_port(
    text: str, default: int | None, read_host: ReadHost
) -> tuple[Host | None, int | None]:
    """The host and port that a text names; the host is None if it names none."""
    port = None
    if ":" in text and (found := _PORT.search(text)):
        text = text[: found.start()]
        digits = found[1].lstrip("0") or found[1][:1]
        if digits:
            if not (digits.isascii() and digits.isdigit()) or len(digits) > 5:
                return None, None
            port = int(digits)
            if port > 0xFFFF:
                return None, None
    return read_host(text), None if port == default else port


def _without_dots(path: str) -> str:
    """A path without the segments that mean itself or the one above."""
    if not _DOT_SEGMENT.search(path):
        return path
    if "%2" in path:
        path = _DOTS_ALONE.sub(lambda dots: _DOTS.sub(".", dots[0]), path)
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _encoded(text: str, safe: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe, errors="replace")


def _file(written: _Written, traits: set[str], read_host: ReadHost) -> Url | None:
    """A file of a disk or of a Windows share: a host only where one is named."""
    found = _WEB.match(written.rest)
    assert found is not None, "every group may be empty"
    slashes, authority, path, query, fragment = found.groups()
    if "\\" in slashes or "\\" in path:
        traits.add("backslash")
        path = path.replace("\\", "/")
    host = None
    if len(slashes) == 2 and not _DRIVE.match(authority):
        host = read_host(authority) if authority else None
        if authority and host is None:
            return None
    else:
        drive = authority.replace("|", ":") if _DRIVE.match(authority) else authority
        path = f"{'/' * max(1, len(slashes) - 2)}{drive}{path}"
    if host is not None and host.name == "localhost":
        host = None
    return written.made(host, None, "", (path or "/", query, fragment), traits)


def _other(written: _Written, traits: set[str], read_host: ReadHost) -> Url | None:
    """A URL of a scheme with rules of its own; that of an address of mail has host and user."""
    found = _OTHER.match(written.rest)
    assert found is not None, "every group may be empty"
    authority, path, query, fragment = found.groups()
    user, _, rest = (authority or "").rpartition("@")
    if written.scheme == "mailto" and authority is None:
        user, _, rest = path.rpartition("@")
        path = ""
    host, port = _host_and_port(rest, None, read_host) if rest else (None, None)
    return written.made(host, port, user, (path, query, fragment), traits)
