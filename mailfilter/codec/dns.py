"""Messages of DNS: the query that a stub sends, and what it reads of a reply.

Source: RFC 1035 4.1, RFC 6891 (EDNS), RFC 6840 5.7 (AD), RFC 2308 (what there is not).
"""

import struct
from typing import NamedTuple

from .dns_answer import Answer, DnsFailure, Kind, Question, Status
from .dns_name import BadName, name_from_wire, name_to_wire
from .dns_record import (
    MAX_RECORDS,
    MAX_TTL,
    ZONE_STARTS,
    DnsFormatError,
    Record,
    TooMuch,
    read_extension,
    read_records,
)

__all__ = [
    "EDNS_SIZE",
    "FORMERR",
    "NOERROR",
    "NOTIMP",
    "NXDOMAIN",
    "REFUSED",
    "SERVFAIL",
    "DnsFormatError",
    "Record",
    "Reply",
    "answer_of",
    "decode_reply",
    "encode_query",
    "is_unfinished",
    "mixed_case",
    "question_octets",
    "rcode_text",
]

MAX_CHAIN = 16
"""CNAMEs that are followed inside one reply."""

EDNS_SIZE = 1232
"""Octets of a reply over UDP that no network cuts into fragments."""

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")

_HEAD = struct.Struct("!HHHHHH")
_RECURSION_AND_AD = 0x0120
_QUERY_HEAD = struct.pack("!HHHHH", _RECURSION_AND_AD, 1, 0, 0, 0)
_QUERY_HEAD_EDNS = struct.pack("!HHHHH", _RECURSION_AND_AD, 1, 0, 0, 1)
_OPT = struct.Struct("!xHHIH")
_OPT_KIND = 41

_IS_REPLY, _OPCODE, _TRUNCATED, _AUTHENTIC, _RCODE = 0x8000, 0x7800, 0x0200, 0x0020, 0x000F

_LETTERS = bytes(0x20 if 0x61 <= octet <= 0x7A else 0 for octet in range(256))
"""What makes a letter upper case."""

_QUESTION_ENDS = {kind: struct.pack("!HH", kind, 1) for kind in Kind}


class Reply(NamedTuple):
    """What a server has sent; whether it belongs to a query, the receiver finds out."""

    number: int
    question: bytes
    """As it was sent, name, kind and class: of a query compare `question_octets`. Empty if the
    reply has none, as some have that refuse: then there are no records either."""
    rcode: int
    is_truncated: bool
    """The whole is to be had over TCP; there are no records here."""
    is_authentic: bool
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    """The first SOA record alone."""
    is_too_much: bool = False
    """It says more than is read of a reply: there are no records here."""


def question_octets(question: Question) -> bytes:
    """The question as it stands in a message, in lower case.

    Raises:
        BadName: its name can be none.
    """
    return name_to_wire(question.name) + _QUESTION_ENDS[question.kind]


def mixed_case(octets: bytes, noise: bytes) -> bytes:
    """A question's octets with its letters in upper case where `noise`, as long, has a bit of 0x20.

    For names by draft-vixie-dnsext-dns0x20; lengths, kind and class are below the letters.
    """
    flipped = int.from_bytes(octets.translate(_LETTERS)) & int.from_bytes(noise)
    return (int.from_bytes(octets) ^ flipped).to_bytes(len(octets))


def encode_query(
    number: int, question: Question, *, edns_size: int = EDNS_SIZE, asked: bytes | None = None
) -> bytes:
    """A query that wants recursion and the AD bit.

    Args:
        number: The id, 16 bits.
        question: What is asked.
        edns_size: Octets that a reply over UDP may have; 0: without EDNS.
        asked: The question as it shall stand there (`mixed_case`), instead of in lower case.

    Raises:
        BadName: the name of the question can be none.
    """
    octets = asked or question_octets(question)
    if not edns_size:
        return number.to_bytes(2, "big") + _QUERY_HEAD + octets
    opt = _OPT.pack(_OPT_KIND, edns_size, 0, 0)
    return number.to_bytes(2, "big") + _QUERY_HEAD_EDNS + octets + opt


def decode_reply(packet: bytes) -> Reply:
    """Read a reply.

    Raises:
        DnsFormatError: no reply to a query, cut off, octets behind the end, more than one question,
            a name or a record that can be none.
    """
    try:
        return _decode(packet)
    except BadName as error:
        raise DnsFormatError(str(error)) from error


def _decode(packet: bytes) -> Reply:
    if len(packet) < _HEAD.size:
        raise DnsFormatError("shorter than a head")
    number, flags, questions, answers, authorities, others = _HEAD.unpack_from(packet)
    if flags & (_IS_REPLY | _OPCODE) != _IS_REPLY:
        raise DnsFormatError("no reply to a query")
    if questions > 1:
        raise DnsFormatError("more than one question")
    asked, at = _read_question(packet, questions)
    question = packet[_HEAD.size : at]
    is_authentic = bool(flags & _AUTHENTIC)
    is_truncated = bool(flags & _TRUNCATED)
    if is_truncated or not question:
        return Reply(number, question, flags & _RCODE, is_truncated, is_authentic)
    try:
        if answers + authorities + others > MAX_RECORDS:
            raise TooMuch
        records, at = read_records(packet, at, answers, asked)
        zones, at = read_records(packet, at, authorities, asked, ZONE_STARTS, 1)
    except TooMuch:
        return Reply(number, question, flags & _RCODE, False, is_authentic, is_too_much=True)
    upper, at = read_extension(packet, at, others)
    if at != len(packet):
        raise DnsFormatError("octets behind the end")
    return Reply(number, question, upper << 4 | flags & _RCODE, False, is_authentic, records, zones)


def _read_question(packet: bytes, count: int) -> tuple[str, int]:
    if not count:
        return "", _HEAD.size
    name, at = name_from_wire(packet, _HEAD.size)
    if at + 4 > len(packet):
        raise DnsFormatError("question cut off")
    return name, at + 4


def rcode_text(rcode: int) -> str:
    """The code of a reply as it is written: `SERVFAIL`, or `RCODE16` for a rare one."""
    return _RCODES[rcode] if rcode < len(_RCODES) else f"RCODE{rcode}"


def answer_of(reply: Reply, question: Question) -> Answer:
    """What a reply says to a question; the receiver has seen that it is the reply to that one.

    Only records of the name asked count, and of those that its CNAMEs lead to.

    Raises:
        DnsFailure: another code than NOERROR and NXDOMAIN, truncated, without a question, more than
            is read of a reply, CNAMEs in a loop or more than `MAX_CHAIN`.
    """
    if reply.rcode not in (NOERROR, NXDOMAIN):
        raise DnsFailure(question, rcode_text(reply.rcode))
    if reply.is_truncated or not reply.question:
        raise DnsFailure(question, "a reply without records")
    if reply.is_too_much:
        raise DnsFailure(question, "too much for a reply")
    name, ttl = _follow(reply.answers, question)
    found = [each for each in reply.answers if each.kind == question.kind and each.name == name]
    if reply.rcode == NOERROR and found:
        # A set, by RFC 2181 5: one that is there twice would be two SPF records.
        records = tuple(dict.fromkeys([each.data for each in found]))
        ttl = min(ttl, *[each.ttl for each in found])
        return Answer(question, "found", records, float(ttl), reply.is_authentic, name)
    ttl = min(ttl, _negative_ttl(reply, name))
    status: Status = "nodata" if reply.rcode == NOERROR else "nxdomain"
    return Answer(question, status, (), float(ttl), reply.is_authentic, name)


def is_unfinished(reply: Reply, answer: Answer) -> bool:
    """Whether the reply ends with a CNAME, and says nothing of the name that it leads to."""
    if answer.status != "nodata" or answer.name == answer.question.name:
        return False
    return not _zone_start(reply, answer.name)


def _follow(answers: tuple[Record, ...], question: Question) -> tuple[str, int]:
    """Where CNAMEs lead, and the shortest time to live on the way."""
    name, ttl = question.name, MAX_TTL
    if question.kind == Kind.CNAME:
        return name, ttl
    aliases = {each.name: each for each in reversed(answers) if each.kind == Kind.CNAME}
    for _ in range(MAX_CHAIN + 1):
        alias = aliases.get(name)
        if not alias:
            return name, ttl
        name, ttl = alias.data, min(ttl, alias.ttl)
    raise DnsFailure(question, "CNAMEs in a loop or too many")


def _negative_ttl(reply: Reply, name: str) -> int:
    """Seconds that it is good for that there is nothing; 0 if the reply does not say (RFC 2308)."""
    start = _zone_start(reply, name)
    return min(start.ttl, start.data.minimum) if start else 0


def _zone_start(reply: Reply, name: str) -> Record | None:
    for each in reply.authority:
        if not each.name or f".{name}".endswith(f".{each.name}"):
            return each
    return None
