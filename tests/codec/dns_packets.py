"""Makes DNS messages, good and bad, for tests: nothing here asks the codec."""

import struct
from collections.abc import Sequence

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41
IN = 1

REPLY, TRUNCATED, AUTHENTIC = 0x8180, 0x0200, 0x0020
"""Flags: a reply with RD and RA; more of them."""

ASKED = b"\xc0\x0c"
"""A pointer to the question."""

EDNS = b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)


def wire(name: str) -> bytes:
    """A name of plain labels, uncompressed."""
    labels = [label.encode("ascii") for label in name.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def question(name: str, kind: int) -> bytes:
    """A question of the class IN."""
    return wire(name) + struct.pack("!HH", kind, IN)


def record(owner: bytes, kind: int, data: bytes, ttl: int = 300, family: int = IN) -> bytes:
    """A record, its data as given."""
    return owner + struct.pack("!HHIH", kind, family, ttl, len(data)) + data


def cname(owner: str, target: str, ttl: int = 300) -> bytes:
    """A CNAME without compression."""
    return record(wire(owner), CNAME, wire(target), ttl)


def soa(owner: str, ttl: int, minimum: int) -> bytes:
    """The start of a zone."""
    data = wire("ns.test") + wire("admin.test") + struct.pack("!5I", 7, 1, 2, 3, minimum)
    return record(wire(owner), SOA, data, ttl)


def txt(*strings: bytes) -> bytes:
    """The data of a TXT record."""
    return b"".join(bytes((len(each),)) + each for each in strings)


def message(
    asked: bytes,
    answers: Sequence[bytes] = (),
    authority: Sequence[bytes] = (),
    others: Sequence[bytes] = (),
    *,
    flags: int = REPLY,
    number: int = 0x1234,
    counts: tuple[int, int, int, int] | None = None,
) -> bytes:
    """A message; `counts` makes its head say something else than what there is."""
    true = (1 if asked else 0, len(answers), len(authority), len(others))
    head = struct.pack("!HHHHHH", number, flags, *(counts or true))
    return b"".join((head, asked, *answers, *authority, *others))
