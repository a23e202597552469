"""Received fields: the way of a message (RFC 5321 4.4), in the forms that MTAs write."""

import re
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from .dates import parse_date
from .headers import Header
from .lazy import lazy

IPAddress = IPv4Address | IPv6Address

# A comment, with comments in it two levels deep, or a run of other text.
_INNER = r"\([^()]*+(?:\([^()]*+\)[^()]*+)*\)"
_TOKEN = re.compile(rf"\([^()]*+(?:{_INNER}[^()]*+)*\)|[^\s()]++|[()]")
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for"})
_V4 = re.compile(r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-])", re.ASCII)
_V6 = re.compile(r"(?<![\w.:-])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45}(?![\w:-])", re.ASCII)
_IP = re.compile(r"(?:IPv6:)?([0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,32})?", re.I | re.ASCII)
_BRACKETED = re.compile(r"\[([^\]]*)")
# Exim and CommuniGate have an address in front if they have no name, and nothing of their own
# behind it.
_IN_FRONT = re.compile(
    r"\[([^\[\]\s]+)\](?::\d{1,5})?"
    r"(?:\s\((?:(?:helo|ehlo|ident|port|account)[=\s]\s*+\[?[^\s()\[\]]++\]?(?:\s++|(?=\))))+\))?",
    re.I | re.ASCII,
)
# A comment behind HELO that is a part of it.
_GLUED = re.compile(r"\s*from\s++[^\s()]++\(", re.I)
_HELO = re.compile(r"(?<![\w.-])helo[=\s]\s*\[?([^\s()\[\]]+)", re.I)
# What the client said of itself, in its own words: an address there is not the client's.
_SAID = re.compile(r"(?<![\w.-])(?:helo|ehlo|ident)[=\s]\s*\[?[^\s()\[\]]+", re.I)
# Comments that are the client's words alone: HELO by qmail, a login and a certificate by Postfix.
_WORDS = re.compile(r"\(\s*(?:(?:helo|ehlo|client\s+cn)\s|authenticated\s+sender:)", re.I)
_HOST = re.compile(r"\(?\s*([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)\.?(?=[\s)\[(]|$)")
_NO_NAME = frozenset({"unknown", "unverified", "may", "helo", "ehlo", "account", "authenticated"})


class _Client(NamedTuple):
    name: str | None
    hostname: str | None
    ip: IPAddress | None
    helo: str | None


_NOBODY = _Client(None, None, None, None)


class Received:
    """One hop, read only. What the field does not tell is `None`.

    The text is parsed when a part of it is asked for: a message has half a dozen hops, and most
    checks look at one.
    """

    def __init__(self, header: Header, most: int) -> None:
        self.header = header
        self._most = most

    @lazy
    def raw(self) -> str:
        """The unfolded field, cut at `Limits.received_bytes`."""
        return self.header.unfolded[: self._most]

    @lazy
    def _clauses(self) -> dict[str, list[str]]:
        return _clauses(self.raw.rpartition(";")[0] or self.raw)

    @lazy
    def _client(self) -> _Client:
        return _NOBODY if _GLUED.match(self.raw) else _client(self._clauses.get("from", []))

    @property
    def from_name(self) -> str | None:
        """The client: the name its address maps to if the field has it, else what it said."""
        return self._client.name

    @property
    def hostname(self) -> str | None:
        """The name that the server has found for the client's address."""
        return self._client.hostname

    @property
    def from_ip(self) -> IPAddress | None:
        """Address of the client; IPv4 in IPv6 is given as IPv4."""
        return self._client.ip

    @property
    def helo(self) -> str | None:
        """What the client called itself."""
        return self._client.helo

    @property
    def by(self) -> str | None:
        """Name of the server."""
        return _first(self._clauses, "by")

    @property
    def with_(self) -> str | None:
        """Protocol in upper case, such as `ESMTPS`."""
        protocol = _first(self._clauses, "with")
        return protocol.upper() if protocol else None

    @property
    def for_(self) -> str | None:
        """Recipient without angle brackets."""
        recipient = _first(self._clauses, "for")
        return recipient.strip("<>;,") or None if recipient else None

    @property
    def id(self) -> str | None:
        """The server's queue id."""
        return _first(self._clauses, "id")

    @lazy
    def date(self) -> datetime | None:
        """When the server took it."""
        return parse_date(self.raw.rpartition(";")[2])

    def __repr__(self) -> str:
        return f"Received({self.raw!r})"


def _clauses(route: str) -> dict[str, list[str]]:
    """The words and comments behind each keyword; of several the first counts.

    Of a client nothing is told if a second `from` or `by`, or what is behind `from` and no `by`,
    shows that keywords are words of its HELO.
    """
    clauses: dict[str, list[str]] = {}
    current: list[str] = []
    for token in _TOKEN.findall(route):
        keyword = token.lower() if len(token) <= 4 else ""
        if keyword in _CLAUSES:
            is_second = keyword in ("from", "by") and keyword in clauses
            if is_second or (keyword != "by" and current is clauses.get("from")):
                clauses["from"] = []
            current = []
            clauses.setdefault(keyword, current)
        else:
            current.append(token)
    return clauses


def _first(clauses: dict[str, list[str]], keyword: str) -> str | None:
    tokens = clauses.get(keyword)
    return tokens[0] if tokens and not tokens[0].startswith("(") else None


def _client(tokens: list[str]) -> _Client:
    """What a from clause tells.

    Postfix and Sendmail write `helo (name [ip])`, Exim `name ([ip] helo=helo)`, qmail
    `name (HELO helo) (ip)`, others `name (ip)` or `[ip]`.
    """
    if not tokens:
        return _NOBODY
    word = tokens[0]
    comments = [token for token in tokens if token.startswith("(")]
    ip = _address(tokens)
    said = None if word.startswith(("(", "[")) or word.lower() in _NO_NAME else word
    for comment in comments:
        # A host may have it in its name.
        if "helo" in comment or "HELO" in comment or "Helo" in comment:
            found = _HELO.search(comment)
            if found:
                return _Client(said, said, ip, found[1])
    if not comments:
        return _Client(said, None, ip, None)
    found = _HOST.match(_told(comments[0]))
    host = found[1] if found and "." in found[1] and not _V4.fullmatch(found[1]) else None
    if host is None:
        return _Client(said, None, ip, said if "[" in comments[0] else None)
    is_forged = "may be forged" in comments[0]
    return _Client(host, None if is_forged else host, ip, None if word.startswith("(") else word)


def _address(tokens: list[str]) -> IPAddress | None:
    """The client's address, not one that it calls itself by; none rather than a doubtful one."""
    comments = [token for token in tokens if token.startswith("(") and not _WORDS.match(token)]
    found = [ip for comment in comments for ip in _addresses(_told(comment[1:-1]))]
    if found:
        return found[0] if len(found) == 1 else None
    in_front = _IN_FRONT.fullmatch(" ".join(tokens))
    return _read(in_front[1]) if in_front else None


def _told(comment: str) -> str:
    """A comment without what the client has chosen of it, its HELO and user (RFC 1413)."""
    rest = _SAID.sub("", comment)
    # Where both are marked, an at sign is a part of either.
    return rest if rest != comment else rest.rpartition("@")[2]


def _addresses(text: str) -> list[IPAddress | None]:
    """The addresses in a comment: None for each that is in doubt.

    Those in brackets count, if there are any: a name may look like an address, as anybody can write
    one into a reverse zone.
    """
    text = text.replace("(may be forged)", "")
    if "[" in text:
        return [None] if "(" in text else [_read(inner) for inner in _BRACKETED.findall(text)]
    if ip := _read(text.strip()):
        return [ip]
    is_doubtful = _V4.search(text) or any(_read(found[0]) for found in _V6.finditer(text))
    return [None] if is_doubtful else []


def _read(text: str) -> IPAddress | None:
    """An address as it is written in a Received field; its zone means something to others alone."""
    found = _IP.fullmatch(text)
    if not found:
        return None
    try:
        # From octets: `ipaddress` takes four times as long to read text.
        if ":" not in found[1]:
            return IPv4Address(inet_pton(AF_INET, found[1]))
        address = IPv6Address(inet_pton(AF_INET6, found[1]))
    except OSError:
        return None
    return address.ipv4_mapped or address
