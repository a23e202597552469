"""Records of SPF: `v=spf1 mx ip4:192.0.2.0/24 -all` (RFC 7208 4.5, 4.6, 5, 6)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, cast

from .spf_macro import IN_EXPLANATIONS as ALL_LETTERS
from .spf_macro import Tokens, expand_name, letters_of, parse_domain, parse_text
from .spf_values import Result, shown

MAX_RECORD = 8192
"""Octets; long ones in use have some two thousand."""
MAX_CACHED = 1024
"""Octets of a record that is remembered; with `CACHE_SIZE` 30 MB at worst, 2 MB usually."""
CACHE_SIZE = 500
"""Records: those of providers, which many domains include, are what it is for."""

MAX_EXPLANATION_TEXT = 2048
"""Octets of the text of `exp`, whose macros make more of them."""

VERSION = b"v=spf1"
QUALIFIERS: dict[str, Result] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

MechanismKind = Literal["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"]

_TERM = re.compile(r"([-+?~]?)([a-zA-Z][a-zA-Z0-9._-]*)(.*)")
_LENGTHS = re.compile(r"(.*?)(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")


class BadRecord(ValueError):
    """A record that breaks the rules; the message says where, printable and bounded."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The domain of a term."""

    text: str
    """As in the record."""
    tokens: Tokens
    letters: frozenset[str]
    """Of its macros."""
    fixed: str | None
    """The name, if there are no macros in it and it can be one."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A term that may match."""

    kind: MechanismKind
    result: Result
    """If it matches."""
    text: str
    """As in the record, always with a qualifier."""
    domain: Domain | None = None
    """None: that of the record."""
    network: int = 0
    """Of `ip4` and `ip6`: the bits of the address that count."""
    shift: int = 0
    """How many do not."""
    lengths: tuple[int, int] = (32, 128)
    """Of `a` and `mx`: bits that count, of an IPv4 and an IPv6 address."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that a domain says."""

    mechanisms: Sequence[Mechanism]
    redirect: Domain | None = None
    """None as well if an `all` stands before it in effect."""
    explanation: Domain | None = None


def is_spf(text: bytes) -> bool:
    """Tell whether a TXT record is one of SPF (4.5)."""
    return text[:6].lower() == VERSION and text[6:7] in (b"", b" ")


def parse_record(text: bytes) -> Record:
    """The terms of a record that `is_spf`; small ones are remembered.

    Raises:
        BadRecord: any error in any term, or too long.
    """
    if len(text) > MAX_RECORD:
        raise BadRecord("record too long")
    found = _remembered(text) if len(text) <= MAX_CACHED else _parse(text)
    if isinstance(found, str):
        raise BadRecord(found)
    return found


@lru_cache(CACHE_SIZE)
def _remembered(text: bytes) -> Record | str:
    return _parse(text)


def _parse(octets: bytes) -> Record | str:
    text = octets.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        return "octets in the record that are not printable ASCII"
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, Domain] = {}
    for term in filter(None, text[len(VERSION) :].split(" ")):
        try:
            mechanism = _parse_term(term, modifiers)
        except ValueError as error:
            return f"{shown(term)}: {error}"
        if mechanism:
            mechanisms.append(mechanism)
    is_whole = any(item.kind == "all" for item in mechanisms)
    redirect = None if is_whole else modifiers.get("redirect")
    return Record(tuple(mechanisms), redirect, modifiers.get("exp"))


def _parse_term(term: str, modifiers: dict[str, Domain]) -> Mechanism | None:
    found = _TERM.fullmatch(term)
    if not found:
        raise BadRecord("not a term")
    qualifier, name, rest = found.groups()
    name = name.lower()
    if rest.startswith("="):
        if qualifier:
            raise BadRecord("modifier with qualifier")
        _take_modifier(name, rest[1:], modifiers)
        return None
    parse = _PARSERS.get(name)
    if not parse:
        raise BadRecord("unknown mechanism")
    sign = qualifier or "+"
    text = term if qualifier else f"+{term}"
    return parse(cast(MechanismKind, name), QUALIFIERS[sign], text, rest)


def _take_modifier(name: str, value: str, modifiers: dict[str, Domain]) -> None:
    if name not in ("redirect", "exp"):
        parse_text(value, ALL_LETTERS)
        return
    if name in modifiers:
        raise BadRecord("second of its kind")
    modifiers[name] = parse_target(value)


def parse_target(text: str) -> Domain:
    """The domain of a term.

    Raises:
        BadMacro: it cannot be one.
    """
    tokens = parse_domain(text)
    letters = letters_of(tokens)
    return Domain(text, tokens, letters, None if letters else expand_name(tokens, str))


def _all(kind: MechanismKind, result: Result, text: str, rest: str) -> Mechanism:
    if rest:
        raise BadRecord("takes no value")
    return Mechanism(kind, result, text)


def _needs_domain(kind: MechanismKind, result: Result, text: str, rest: str) -> Mechanism:
    if not rest.startswith(":"):
        raise BadRecord("domain expected")
    return Mechanism(kind, result, text, parse_target(rest[1:]))


def _may_have_domain(kind: MechanismKind, result: Result, text: str, rest: str) -> Mechanism:
    if not rest:
        return Mechanism(kind, result, text)
    return _needs_domain(kind, result, text, rest)


def _hosts(kind: MechanismKind, result: Result, text: str, rest: str) -> Mechanism:
    found = _LENGTHS.fullmatch(rest)
    if not found:
        raise BadRecord("not a term")
    domain, length4, length6 = found.groups()
    lengths = int(length4 or 32), int(length6 or 128)
    if lengths[0] > 32 or lengths[1] > 128:
        raise BadRecord("prefix too long")
    if not domain:
        return Mechanism(kind, result, text, lengths=lengths)
    if not domain.startswith(":"):
        raise BadRecord("domain expected")
    return Mechanism(kind, result, text, parse_target(domain[1:]), lengths=lengths)


def _network(kind: MechanismKind, result: Result, text: str, rest: str) -> Mechanism:
    address, slash, length = rest[1:].partition("/")
    if not rest.startswith(":") or "%" in address:
        raise BadRecord("address expected")
    try:
        number = int(IPv4Address(address) if kind == "ip4" else IPv6Address(address))
    except ValueError:
        raise BadRecord("address expected") from None
    bits = 32 if kind == "ip4" else 128
    if slash and not _LENGTH.fullmatch(length):
        raise BadRecord("prefix expected")
    shift = bits - int(length) if slash else 0
    if shift < 0:
        raise BadRecord("prefix too long")
    return Mechanism(kind, result, text, network=number >> shift, shift=shift)


_PARSERS = {
    "all": _all,
    "include": _needs_domain,
    "exists": _needs_domain,
    "a": _hosts,
    "mx": _hosts,
    "ptr": _may_have_domain,
    "ip4": _network,
    "ip6": _network,
}


def parse_explanation(records: Iterable[bytes]) -> Tokens | None:
    """What the TXT records of `exp` say; None if that breaks a rule (6.2) or is long."""
    try:
        (octets,) = records
        text = octets.decode("ascii")
        is_good = text.isprintable() and len(text) <= MAX_EXPLANATION_TEXT
        return parse_text(text, ALL_LETTERS) if is_good else None
    except ValueError:
        return None
