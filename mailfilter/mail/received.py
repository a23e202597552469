"""Received fields: the way of a message (RFC 5321 4.4), in the forms that MTAs write."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address

from .dates import parse_date

IPAddress = IPv4Address | IPv6Address

# A comment, with comments in it two levels deep, or a run of other text.
_TOKEN = re.compile(r"\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\)|[^\s()]++|[()]")
_CLAUSES = frozenset({"from", "by", "via", "with", "id", "for"})
_V4 = re.compile(r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-])")
_V6 = re.compile(r"(?<![\w.:-])(?:IPv6:)?([0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,45})(?![\w:-])", re.I)
_HELO = re.compile(r"\bhelo[=\s]\s*\[?([^\s()\[\]]+)", re.I)
_HOST = re.compile(r"\(?\s*([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)\.?(?=[\s)\[(]|$)")
_NO_NAME = frozenset({"unknown", "unverified", "may", "helo", "ehlo", "account", "authenticated"})


@dataclass(frozen=True, slots=True)
class Received:
    """One hop. What the field does not tell is `None`."""

    raw: str
    """The unfolded field, cut at `Limits.received_bytes`."""
    from_name: str | None = None
    """Name of the client: the one its address maps to if the field has it, else what it said."""
    from_ip: IPAddress | None = None
    """Address of the client; IPv4 in IPv6 is given as IPv4."""
    helo: str | None = None
    """What the client called itself."""
    by: str | None = None
    with_: str | None = None
    """Protocol in upper case, such as `ESMTPS`."""
    for_: str | None = None
    """Recipient without angle brackets."""
    id: str | None = None
    date: datetime | None = None


def parse_received(text: str) -> Received:
    """Parse an unfolded field."""
    route, semicolon, moment = text.rpartition(";")
    if not semicolon:
        route = text
    clauses = _clauses(route)
    from_name, from_ip, helo = _client(clauses.get("from", []))
    return Received(
        raw=text,
        from_name=from_name,
        from_ip=from_ip,
        helo=helo,
        by=_first(clauses, "by"),
        with_=_upper(_first(clauses, "with")),
        for_=_recipient(_first(clauses, "for")),
        id=_first(clauses, "id"),
        date=parse_date(moment if semicolon else text),
    )


def _clauses(route: str) -> dict[str, list[str]]:
    """The words and comments behind each keyword; of several the first counts."""
    clauses: dict[str, list[str]] = {}
    current: list[str] = []
    for token in _TOKEN.findall(route):
        keyword = token.lower() if len(token) <= 4 else ""
        if keyword in _CLAUSES:
            current = []
            clauses.setdefault(keyword, current)
        else:
            current.append(token)
    return clauses


def _first(clauses: dict[str, list[str]], keyword: str) -> str | None:
    tokens = clauses.get(keyword)
    return tokens[0] if tokens and not tokens[0].startswith("(") else None


def _upper(text: str | None) -> str | None:
    return text.upper() if text else text


def _recipient(text: str | None) -> str | None:
    return text.strip("<>;,") or None if text else None


def _client(tokens: list[str]) -> tuple[str | None, IPAddress | None, str | None]:
    """Name, address and HELO of a from clause.

    Postfix and Sendmail write `helo (name [ip])`, Exim `name ([ip] helo=helo)`, qmail
    `name (HELO helo) (ip)`, others `name (ip)` or `[ip]`.
    """
    if not tokens:
        return None, None, None
    word = tokens[0]
    comments = [token for token in tokens if token.startswith("(")]
    ip = _first_address((*comments, word))
    said = next((helo[1] for helo in filter(None, map(_HELO.search, comments))), None)
    said_name = None if word.startswith(("(", "[")) or word.lower() in _NO_NAME else word
    if said is not None:
        return said_name, ip, said
    if not comments:
        return said_name, ip, None
    found = _HOST.match(comments[0])
    host = found[1] if found and "." in found[1] and not _V4.fullmatch(found[1]) else None
    if host is None:
        return said_name, ip, said_name if "[" in comments[0] else None
    return host, ip, None if word.startswith("(") else word


def _first_address(texts: Iterable[str]) -> IPAddress | None:
    """The first IP address in some texts; IPv6 only where a text has no IPv4."""
    for text in texts:
        for pattern, group in ((_V4, 0), (_V6, 1)):
            for found in pattern.finditer(text):
                try:
                    address = ip_address(found[group])
                except ValueError:
                    continue
                if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
                    return address.ipv4_mapped
                return address
    return None
