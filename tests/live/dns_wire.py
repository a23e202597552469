"""Packets of DNS that servers of ours send: made here, octet by octet, so that they can be wrong.

Source: RFC 1035 4.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

A, NS, CNAME, SOA, TXT, OPT = 1, 2, 5, 6, 16, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
REPLY = 0x8180
"""Flags: a reply, recursion desired and available."""
TRUNCATED = 0x0200
HEADER = 12
QUESTION = b"\xc0\x0c"
"""A pointer to the name of the question."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks."""

    packet: bytes
    is_tcp: bool = False

    @property
    def number(self) -> int:
        """The id."""
        return int.from_bytes(self.packet[:2])

    @property
    def question(self) -> bytes:
        """Name, kind and class as they are in the packet."""
        end = self.packet.index(b"\0", HEADER)
        return self.packet[HEADER : end + 5]

    @property
    def kind(self) -> int:
        """The kind of record."""
        return int.from_bytes(self.question[-4:-2])

    @property
    def name(self) -> str:
        """The name, in lower case."""
        return text_of(self.question[:-4]).lower()

    @property
    def has_edns(self) -> bool:
        """Whether it has an OPT record."""
        return int.from_bytes(self.packet[10:12]) > 0


def text_of(wire: bytes) -> str:
    """The text of a name without pointers."""
    labels, offset = [], 0
    while size := wire[offset]:
        labels.append(wire[offset + 1 : offset + 1 + size].decode("latin-1"))
        offset += size + 1
    return ".".join(labels)


def wire_of(name: str) -> bytes:
    """A name without pointers."""
    labels = [label.encode("latin-1") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(kind: int, data: bytes, *, owner: bytes = QUESTION, ttl: int = 300) -> bytes:
    """A record of the class IN."""
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def address(number: int, *, owner: bytes = QUESTION, ttl: int = 300) -> bytes:
    """An A record, of 10.0.0.0 and so many."""
    return record(A, host(number).packed, owner=owner, ttl=ttl)


def host(number: int) -> IPv4Address:
    """The address of the name `n<number>.test` and of all below it."""
    return IPv4Address("10.0.0.0") + number


def soa(owner: str, minimum: int = 60) -> bytes:
    """What comes with an answer that there is nothing."""
    data = wire_of(f"ns.{owner}") * 2 + struct.pack("!5I", 1, 2, 3, 4, minimum)
    return record(SOA, data, owner=wire_of(owner))


def text(data: bytes, *, owner: bytes = QUESTION) -> bytes:
    """A TXT record with strings of 255 octets."""
    parts = [data[at : at + 255] for at in range(0, len(data), 255)]
    return record(TXT, b"".join(bytes([len(part)]) + part for part in parts), owner=owner)


def reply(
    query: Query,
    *answers: bytes,
    flags: int = REPLY,
    number: int | None = None,
    question: bytes | None = None,
    counts: tuple[int, int, int] | None = None,
    authority: tuple[bytes, ...] = (),
    extra: tuple[bytes, ...] = (),
) -> bytes:
    """A reply; whatever is not given is as it should be."""
    number = query.number if number is None else number
    counts = counts or (len(answers), len(authority), len(extra))
    head = struct.pack("!HHHHHH", number, flags, 1, *counts)
    asked = query.question if question is None else question
    return head + asked + b"".join((*answers, *authority, *extra))


def right(query: Query, *, ttl: int = 300) -> bytes:
    """The true reply: each name has an address of its own, by the first number in it."""
    if query.kind != A:
        return reply(query, authority=(soa("test"),))
    return reply(query, address(number_of(query.name), ttl=ttl))


def number_of(name: str) -> int:
    """The number of a name: `n12.x.test` has 12."""
    digits = "".join(c if c.isdigit() else " " for c in name).split()
    return int(digits[0]) if digits else 0
