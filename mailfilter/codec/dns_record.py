"""The records of a DNS message.

Source: RFC 1035 3.2.1, 3.3, 4.1.3; RFC 3596 2.2 (AAAA); RFC 2181 8 (times to live).
"""

import struct
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, NamedTuple

from .dns_answer import Kind, Mx, Soa
from .dns_name import name_from_wire, skip_name

MAX_TTL = 2**31 - 1
"""Seconds. What is above has no meaning, and counts as 0."""

MAX_RECORDS = 512
"""Records of one reply, so that reading one takes bounded time."""

MAX_TEXT = 20480
"""Characters of the names that are read of a section, and strings: few octets make many names."""

MAX_STRINGS = 4096
"""Strings of one TXT record."""

_HEAD = struct.Struct("!HHIH")
_SOA_TIMES = struct.Struct("!IIIII")
_PREFERENCE = struct.Struct("!H")
_IN = 1
_OPT = 41
_TO_QUESTION = b"\xc0\x0c"
_POINTER = 0xC0
_ADDRESSES = frozenset((int(Kind.A), int(Kind.AAAA)))

Readers = Mapping[int, Callable[[bytes, int, int], Any]]
"""How the data of a kind is read: of a packet, where it begins and where it ends."""


class DnsFormatError(ValueError):
    """What came is no DNS message, or one that contradicts itself."""


class TooMuch(Exception):
    """A message says more than is read of one."""


class Record(NamedTuple):
    """One record of the class IN."""

    name: str
    kind: int
    """One of `Kind`."""
    ttl: int
    """Seconds, 0 to `MAX_TTL`."""
    data: Any
    """As in `Answer.records`."""


def _read_a(packet: bytes, at: int, end: int) -> IPv4Address:
    if end - at != 4:
        raise DnsFormatError("A record of another size")
    return IPv4Address(packet[at:end])


def _read_aaaa(packet: bytes, at: int, end: int) -> IPv6Address:
    if end - at != 16:
        raise DnsFormatError("AAAA record of another size")
    return IPv6Address(packet[at:end])


def _read_name(packet: bytes, at: int, end: int) -> str:
    name, behind = name_from_wire(packet, at)
    if behind != end:
        raise DnsFormatError("name that does not fill its record")
    return name


def _read_mx(packet: bytes, at: int, end: int) -> Mx:
    if end - at < 3:
        raise DnsFormatError("MX record of another size")
    (preference,) = _PREFERENCE.unpack_from(packet, at)
    return Mx(preference, _read_name(packet, at + 2, end))


def _read_soa(packet: bytes, at: int, end: int) -> Soa:
    primary, at = name_from_wire(packet, at)
    mailbox, at = name_from_wire(packet, at)
    if end - at != _SOA_TIMES.size:
        raise DnsFormatError("SOA record of another size")
    return Soa(primary, mailbox, *_SOA_TIMES.unpack_from(packet, at))


def _read_txt(packet: bytes, at: int, end: int) -> bytes:
    if at == end:
        raise DnsFormatError("TXT record without a string")
    if at + 1 + packet[at] == end:
        return packet[at + 1 : end]
    strings = []
    while at < end:
        behind = at + 1 + packet[at]
        strings.append(packet[at + 1 : behind])
        at = behind
        if len(strings) > MAX_STRINGS:
            raise TooMuch
    if at != end:
        raise DnsFormatError("strings that do not fill their record")
    return b"".join(strings)


ALL_KINDS: Readers = {
    Kind.A: _read_a,
    Kind.NS: _read_name,
    Kind.CNAME: _read_name,
    Kind.SOA: _read_soa,
    Kind.PTR: _read_name,
    Kind.MX: _read_mx,
    Kind.TXT: _read_txt,
    Kind.AAAA: _read_aaaa,
}

ZONE_STARTS: Readers = {Kind.SOA: _read_soa}


def read_records(
    packet: bytes,
    at: int,
    count: int,
    asked: str,
    readers: Readers = ALL_KINDS,
    most: int = MAX_RECORDS,
) -> tuple[tuple[Record, ...], int]:
    """The records of a section that are of the class IN and of known kinds, and where it ends.

    Args:
        packet: The whole message.
        at: Where the section begins.
        count: How many records it has, as the head of the message says.
        asked: The name of the question, to which most records point.
        readers: The kinds that count; others are passed over.
        most: So many that count are read, and all behind are passed over.

    Raises:
        BadName: in a name.
        DnsFormatError: cut off, data that does not fit its kind.
        TooMuch: more than `MAX_TEXT`.
    """
    records: list[Record] = []
    # By the pointers to them: many records share an owner.
    names = {_TO_QUESTION: asked}
    spent = 0
    for _ in range(count):
        owner, pointer = at, packet[at : at + 2]
        name = names.get(pointer)
        at = skip_name(packet, at) if name is None else at + 2
        kind, family, ttl, at, end = _read_head(packet, at)
        if family == _IN and (read := readers.get(kind)) and len(records) < most:
            if name is None:
                name, _ = name_from_wire(packet, owner)
                spent += len(name)
                if pointer[0] >= _POINTER:
                    names[pointer] = name
            data = read(packet, at, end)
            if kind not in _ADDRESSES:
                spent += _text_size(data, end - at)
            if spent > MAX_TEXT:
                raise TooMuch
            records.append(Record(name, kind, ttl if ttl <= MAX_TTL else 0, data))
        at = end
    return tuple(records), at


def _text_size(data: Any, octets: int) -> int:
    """What reading a record's data has cost, beside a record's usual cost."""
    if isinstance(data, str):
        return len(data)
    if isinstance(data, bytes):
        return octets - len(data)
    if isinstance(data, Mx):
        return len(data.host)
    return 0


def _read_head(packet: bytes, at: int) -> tuple[int, int, int, int, int]:
    if at + _HEAD.size > len(packet):
        raise DnsFormatError("record cut off")
    kind, family, ttl, size = _HEAD.unpack_from(packet, at)
    at += _HEAD.size
    if at + size > len(packet):
        raise DnsFormatError("record cut off")
    return kind, family, ttl, at, at + size


def read_extension(packet: bytes, at: int, count: int) -> tuple[int, int]:
    """The upper bits of the reply's code that EDNS adds, and where the additional section ends.

    Options are passed over, whatever they hold. Source: RFC 6891 6.1.

    Raises:
        BadName: in a name.
        DnsFormatError: cut off, more than one OPT record, or one of a name.
    """
    upper = None
    for _ in range(count):
        owner = at
        at = skip_name(packet, at)
        kind, _family, ttl, _, at = _read_head(packet, at)
        if kind != _OPT:
            continue
        if packet[owner] or upper is not None:
            raise DnsFormatError("OPT record out of place")
        upper = ttl >> 24
    return upper or 0, at
