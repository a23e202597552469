"""Names of hosts as providers give them to lines of customers, made of addresses."""

import re
from collections import Counter
from functools import lru_cache
from ipaddress import IPv4Address, ip_address

from ..scan.envelope import IPAddress
from ..scan.origin import Origin

MAX_NAME = 255
"""Characters of a name that are looked at."""

_SEP = r"[.x_-]"
_FOUR = re.compile(rf"(?:(?<=\D)|\A)\d{{1,3}}(?:{_SEP}\d{{1,3}}){{3}}(?!\d)", re.ASCII)
_TWO = re.compile(rf"(?:(?<=\D)|\A)\d{{1,3}}{_SEP}\d{{1,3}}(?!\d)", re.ASCII)
_HEX = re.compile(r"(?:\A|[.-])[a-z]{0,4}(?=[0-9a-f]*[0-9])[0-9a-f]{8}(?=[.-])|\d{9,12}", re.ASCII)
_DIGITS = re.compile(r"[\d.]++", re.ASCII)
_DECIMALS = re.compile(r"\d++", re.ASCII)
_GROUPS = re.compile(r"(?<![a-z0-9])[0-9a-f]{1,4}(?![a-z0-9])", re.ASCII)
_LINE = re.compile(
    r"(?<![a-z])(?:dyn(?:amic)?(?:ip)?|dhcp|dsl|[av]dsl|dial(?:-?up|in)?|ppp(?:oe)?|pool|broadband|"
    r"cable(?:modem)?|catv|cpe|customer|client|fiber|ftth|gprs|lte|mobile|wireless|wimax|res(?:net)?"
    r")(?![a-z])",
    re.ASCII,
)
_FIXED = re.compile(r"(?<![a-z])(?:static|fixed)(?![a-z])")
_SERVER = re.compile(
    r"(?<![a-z])(?:static|fixed|mail|mx|smtp|mta|relay|out(?:bound)?|servers?|vps|vserver|hosting|"
    r"cloud|compute|colo)(?![a-z])"
)


@lru_cache(maxsize=4096)
def dynamic_level(name: str, address: IPAddress) -> int:
    """How much the host name of an address looks like that of a dynamic line: from 0, not at all,
    to 5.

    5 and 4 are whole addresses, as four numbers or one, beside a word for such lines, and 2 is half
    of one beside a word. Without a word only the host's own address counts, since names of large
    pools of mail servers are full of numbers: 3 as numbers, 2 as one. Names with a word for servers
    count two less.
    """
    host = name[:MAX_NAME].lower()
    level = _own_numbers(host, address)
    if _LINE.search(host):
        level = max(level, _numbers(host))
        level += min(level, 2)
    if level and _SERVER.search(host):
        level -= 2
    return max(0, level)


def levels_of(origin: Origin) -> tuple[int, int]:
    """Levels of HELO and of the client's name, of which only the higher counts: they are mostly one
    name, or one fact.

    Nor does a name that says more than HELO count beside a private address there: so machines
    behind a line call themselves, as scanners of offices do.
    """
    helo = (origin.helo or "")[:MAX_NAME].lower().rstrip(".")
    if origin.ip is None:
        return 0, 0
    name = dynamic_level(origin.hostname, origin.ip) if origin.hostname else 0
    if _is_private(helo):
        return 0, 0
    is_name = "." in helo and not _DIGITS.fullmatch(helo.strip("[]"))
    level = dynamic_level(helo, origin.ip) if is_name else 0
    return (level, 0) if level >= name else (0, name)


def _is_private(helo: str) -> bool:
    """Whether it is an address of a private network in brackets."""
    if not helo.startswith("[") or not helo.endswith("]"):
        return False
    try:
        return ip_address(helo[1:-1].removeprefix("ipv6:")).is_private
    except ValueError:
        return False


def is_line(name: str, address: IPAddress) -> bool:
    """Whether a name with numbers says by a word that it is one of a line, dynamic or fixed."""
    host = name[:MAX_NAME].lower()
    if not dynamic_level(name, address):
        return False
    return _LINE.search(host) is not None or _FIXED.search(host) is not None


def _numbers(host: str) -> int:
    """3 if there is a whole address, 2 if one as digits alone, 1 if half of one."""
    if _FOUR.search(host):
        return 3
    if _HEX.search(host):
        return 2
    return 1 if _TWO.search(host) else 0


def _own_numbers(host: str, address: IPAddress) -> int:
    """3 if the name has most of the host's own address as numbers, 2 if all of it as one."""
    if not isinstance(address, IPv4Address):
        groups = {group.lstrip("0") for group in address.exploded.split(":")} - {""}
        return 3 if len(groups & {one.lstrip("0") for one in _GROUPS.findall(host)}) > 2 else 0
    octets = list(address.packed)
    found = Counter(int(run) for run in _DECIMALS.findall(host) if len(run) <= 3)
    if (found & Counter(octets)).total() > 2:
        return 3
    joined = "".join(f"{octet:03}" for octet in octets)
    return 2 if address.packed.hex() in host or joined in host else 0
