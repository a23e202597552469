"""Where aggregate reports of DMARC go: the addresses of a record, and whether they want them.

RFC 7489 6.2 (size limits), 6.3 (`rua`) and 7.1 (addresses in other domains than that of the
record, which must say in DNS that they take its reports).
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from ..codec.dns_answer import Answer, DnsError, Kind, Question
from ..codec.dns_name import BadName, normal_name
from ..mail.public_suffix import organizational_domain
from .dmarc_record import RecordError, is_record, read_record
from .drive import Evaluation

MAX_ADDRESSES = 5
"""Of a record; RFC 7489 6.3 wants two at least."""

MAX_LOCAL = 64
MAX_DOMAIN = 253

_ADDRESS = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++)*)"
    r"@([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)+)"
)
_LIMIT = re.compile(r"([0-9]{1,15}+)([kmgt]?)", re.IGNORECASE)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}

Wish = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a record, in ASCII."""

    local: str
    domain: str
    """In lower case."""
    limit: int | None = None
    """Octets of the largest message that is wanted."""

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Destination:
    """An address with whether it wants reports on a domain."""

    address: Address
    wish: Wish
    reason: str = ""
    """Why not, or why that is not known."""


def read_addresses(rua: str) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """The addresses of a list of URIs, each once, and what is wrong with the other URIs.

    No more than `MAX_ADDRESSES` are taken. What is not a plain address is none: it goes into the
    commands of SMTP.
    """
    found: dict[tuple[str, str], Address] = {}
    problems: list[str] = []
    for number, uri in enumerate(rua.split(",")):
        if number >= MAX_ADDRESSES:
            problems.append(f"more than {MAX_ADDRESSES} URIs; the others are passed over")
            break
        try:
            address = _read_uri(uri.strip())
        except ValueError as error:
            problems.append(str(error))
            continue
        found.setdefault((address.local, address.domain), address)
    return tuple(found.values()), tuple(problems)


def _read_uri(uri: str) -> Address:
    """Raises ValueError."""
    shown = ascii(uri[:80])
    if uri[:7].lower() != "mailto:":
        raise ValueError(f"{shown}: reports go to mailto: only")
    text, mark, size = uri[7:].partition("!")
    limit = _LIMIT.fullmatch(size) if mark else None
    if mark and limit is None:
        raise ValueError(f"{shown}: expected a size such as 10m behind !")
    address = _ADDRESS.fullmatch(unquote(text.partition("?")[0]))
    if address is None or len(address[1]) > MAX_LOCAL or len(address[2]) > MAX_DOMAIN:
        raise ValueError(f"{shown}: no address that we can send to")
    octets = int(limit[1]) << _UNITS[limit[2].lower()] if limit else None
    return Address(address[1], address[2].lower(), octets)


def is_external(domain: str, destination: str) -> bool:
    """Whether reports on a domain leave its organization (RFC 7489 7.1)."""
    own, other = organizational_domain(domain), organizational_domain(destination)
    # Of what is no organization's, only the same name is the same.
    return domain != destination and (own is None or own != other)


def find_destinations(
    domain: str, addresses: tuple[Address, ...]
) -> Evaluation[tuple[Destination, ...]]:
    """Which addresses want reports on a domain; those of others are asked for in DNS."""
    hosts = {item.domain for item in addresses if is_external(domain, item.domain)}
    questions: dict[str, Question] = {}
    for host in sorted(hosts):
        try:
            name = normal_name(f"{domain}._report._dmarc.{host}")
        except BadName:
            continue
        questions[host] = Question(name, Kind.TXT)
    answers = (yield tuple(questions.values())) if questions else ()
    known = dict(zip(questions, answers, strict=True))
    found: dict[str, Destination] = {}
    for address in addresses:
        if address.domain not in hosts:
            made: tuple[Destination, ...] = (Destination(address, "yes"),)
        else:
            made = _external(domain, address, known.get(address.domain))
        for item in made:
            found.setdefault(str(item.address), item)
    return tuple(found.values())


def _external(
    domain: str, address: Address, answer: Answer | DnsError | None
) -> tuple[Destination, ...]:
    name = f"{domain}._report._dmarc.{address.domain}"
    if isinstance(answer, DnsError):
        return (Destination(address, "unknown", str(answer)),)
    records = () if answer is None else answer.records
    reason = f"{address.domain} does not say that it takes these reports: no record at {name}"
    for text in filter(is_record, records):
        try:
            rua = read_record(text).reports_to
        except RecordError as error:
            reason = f"{name}: {error}"
            continue
        return _instead(address, rua)
    return (Destination(address, "no", reason),)


def _instead(address: Address, rua: str) -> tuple[Destination, ...]:
    """The addresses that a host wants instead, which must be its own: else reports could be sent
    on and on."""
    others = [item for item in read_addresses(rua)[0] if item.domain == address.domain]
    return tuple(Destination(item, "yes") for item in others or [address])
