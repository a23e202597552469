"""What broken servers of DNS do, by name; whatever they forge has the address `FORGED`.

Source: specs: bad-input.md 27.
"""

import itertools
import random
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

from . import dns_wire as wire
from .dns_servers import CLOSE, Behaviour, Out
from .dns_wire import QUESTION, Query, address, record, reply, right

FORGED = IPv4Address("203.0.113.66")
FORGED_RECORD = record(wire.A, FORGED.packed)
VICTIM = "n7.victim.test"
"""A name of which servers tell a lie, when they are asked for others."""
BIG = b"v=spf1 " + b"x" * 64000
"""A text that has hardly room in a message, which has 65535 octets at most."""
CHAIN = 100


def truth(query: Query) -> Iterator[Out]:
    """Nothing is wrong with it."""
    yield Out(right(query))


def silence(query: Query) -> Iterator[Out]:
    """Never answers; over TCP it takes the connection."""
    yield from ()


def code(number: int, *, needs_edns_off: bool = False) -> Behaviour:
    """Answers with a code; or only those that ask with EDNS."""

    def behaviour(query: Query) -> Iterator[Out]:
        if needs_edns_off and not query.has_edns:
            return truth(query)
        return iter([Out(reply(query, flags=wire.REPLY | number))])

    return behaviour


def slow(seconds: float) -> Behaviour:
    """Answers late."""
    return lambda query: iter([Out(right(query), delay=seconds)])


def shuffled(query: Query) -> Iterator[Out]:
    """Those that ask later are answered first, and each of them twice."""
    delay = (7 - wire.number_of(query.name) % 8) / 50
    yield Out(right(query), delay=delay)
    yield Out(right(query), delay=delay + 0.03)


def truncating(query: Query) -> Iterator[Out]:
    """Has room for nothing in a datagram; over TCP all is well."""
    return truth(query) if query.is_tcp else always_truncated(query)


def forged(query: Query, **wrong: object) -> bytes:
    """A reply with something wrong, that would lead somewhere else."""
    return reply(query, FORGED_RECORD, **wrong)  # type: ignore[arg-type]


def _lie(*packets: bytes) -> list[Out]:
    return [Out(packet) for packet in packets]


def _wrong_id(query: Query) -> list[Out]:
    return _lie(*(forged(query, number=query.number ^ (1 << bit)) for bit in range(16)))


def _wrong_name(query: Query) -> list[Out]:
    longer = b"\x03www" + query.question
    shorter = wire.wire_of(VICTIM) + query.question[-4:]
    return _lie(forged(query, question=longer), forged(query, question=shorter))


def _wrong_kind(query: Query) -> list[Out]:
    name, kind = query.question[:-4], query.question[-4:-2]
    other_kind = name + b"\x00\xff" + query.question[-2:]
    other_class = name + kind + b"\x00\x03"
    return _lie(forged(query, question=other_kind), forged(query, question=other_class))


def _wrong_port(query: Query) -> list[Out]:
    return [Out(forged(query), is_foreign=True)]


def _no_question(query: Query) -> list[Out]:
    head = struct.pack("!6H", query.number, wire.REPLY, 0, 1, 0, 0)
    return _lie(head + record(wire.A, FORGED.packed, owner=b"\x03www" + query.question[:-4]))


def _short(query: Query) -> list[Out]:
    packet = forged(query)
    return _lie(*(packet[:size] for size in range(wire.HEADER + len(query.question))))


LIES = {
    "wrong id": _wrong_id,
    "wrong name": _wrong_name,
    "wrong kind": _wrong_kind,
    "wrong port": _wrong_port,
    "no question": _no_question,
    "short": _short,
}
"""Packets that answer no question of ours: a forger sends them, hoping that they are taken."""


def lying(name: str) -> Behaviour:
    """Lies first, and tells the truth then."""

    def behaviour(query: Query) -> Iterator[Out]:
        yield from LIES[name](query)
        yield Out(right(query), delay=0.05)

    return behaviour


def lower_case(query: Query) -> Iterator[Out]:
    """Lies with the question in letters that were not asked, and tells the truth then."""
    yield Out(forged(query, question=query.question.lower()))
    yield Out(forged(query, question=query.question.swapcase()))
    yield Out(right(query), delay=0.05)


def _pointer(offset: int) -> bytes:
    return struct.pack("!H", 0xC000 | offset)


def _at_answer(query: Query) -> int:
    return wire.HEADER + len(query.question)


def _owner(query: Query, owner: bytes) -> bytes:
    return reply(query, record(wire.A, FORGED.packed, owner=owner))


def _loop(query: Query) -> bytes:
    return _owner(query, _pointer(_at_answer(query)))


def _loop_of_two(query: Query) -> bytes:
    here = _at_answer(query)
    return _owner(query, _pointer(here + 2) + _pointer(here))


def _loop_with_labels(query: Query) -> bytes:
    return _owner(query, b"\x01a" + _pointer(_at_answer(query)))


def _pointer_beyond(query: Query) -> bytes:
    return _owner(query, _pointer(0x3FFF))


def _pointer_forward(query: Query) -> bytes:
    return _owner(query, _pointer(_at_answer(query) + 16))


def _pointer_into_header(query: Query) -> bytes:
    return _owner(query, _pointer(0))


def _alias_loop(query: Query) -> bytes:
    return reply(query, record(wire.CNAME, b"\x01a" + _pointer(_at_answer(query) + 12)))


def _many_pointers(query: Query) -> bytes:
    start = _at_answer(query) + 12
    hops = b"\0\0" + b"".join(_pointer(start + 2 * hop) for hop in range(200))
    owner = _pointer(start + len(hops) - 2)
    return reply(query, record(wire.TXT, hops), record(wire.A, FORGED.packed, owner=owner))


def _long_name(query: Query) -> bytes:
    label = b"\x3f" + b"a" * 63
    return _owner(query, label * 4 + QUESTION)


def _label_overrun(query: Query) -> bytes:
    return _owner(query, b"\x3fabc")


def _label_kind(query: Query) -> bytes:
    return _owner(query, b"\x41abc\0")


def _data_overrun(query: Query) -> bytes:
    return reply(query, QUESTION + struct.pack("!HHIH", wire.A, 1, 300, 4000) + FORGED.packed)


def _text_overrun(query: Query) -> bytes:
    return reply(query, FORGED_RECORD, record(wire.TXT, b"\xffabc"))


def _short_address(query: Query) -> bytes:
    return reply(query, record(wire.A, FORGED.packed[:3]))


def _long_address(query: Query) -> bytes:
    return reply(query, record(wire.A, FORGED.packed + b"\0"))


def _echo(query: Query) -> bytes:
    return query.packet


def _no_reply(query: Query) -> bytes:
    return forged(query, flags=0x0100)


def _other_opcode(query: Query) -> bytes:
    return forged(query, flags=0xA980)


def _answer_alone(query: Query) -> bytes:
    head = struct.pack("!6H", query.number, wire.REPLY, 0, 1, 0, 0)
    return head + record(wire.A, FORGED.packed, owner=query.question[:-4])


def _two_questions(query: Query) -> bytes:
    head = struct.pack("!6H", query.number, wire.REPLY, 2, 1, 0, 0)
    return head + query.question * 2 + FORGED_RECORD


def _counts(query: Query) -> bytes:
    return reply(query, FORGED_RECORD, counts=(65535, 65535, 65535))


def _cut(query: Query) -> bytes:
    return forged(query)[:-2]


NONSENSE = {
    "loop": _loop,
    "loop of two": _loop_of_two,
    "loop with labels": _loop_with_labels,
    "pointer beyond": _pointer_beyond,
    "pointer forward": _pointer_forward,
    "pointer into header": _pointer_into_header,
    "alias loop": _alias_loop,
    "many pointers": _many_pointers,
    "long name": _long_name,
    "label overrun": _label_overrun,
    "label kind": _label_kind,
    "data overrun": _data_overrun,
    "text overrun": _text_overrun,
    "short address": _short_address,
    "long address": _long_address,
    "echo": _echo,
    "no reply": _no_reply,
    "other opcode": _other_opcode,
    "answer alone": _answer_alone,
    "two questions": _two_questions,
    "counts": _counts,
    "cut": _cut,
}
"""Replies to our question that cannot be read."""


def senseless(name: str) -> Behaviour:
    """Answers so that nobody can read it."""
    return lambda query: iter([Out(NONSENSE[name](query))])


def poisoned(query: Query) -> Iterator[Out]:
    """Tells the truth, and of another name, for which nobody has asked, a lie."""
    if query.name == VICTIM:
        return truth(query)
    owner = wire.wire_of(VICTIM)
    lie = record(wire.A, FORGED.packed, owner=owner, ttl=86400)
    authority = (record(wire.NS, wire.wire_of(VICTIM), owner=wire.wire_of("test")),)
    right_one = address(wire.number_of(query.name))
    return iter([Out(reply(query, lie, right_one, lie, authority=authority, extra=(lie,)))])


def poisoned_alias(query: Query) -> Iterator[Out]:
    """The same by an alias: the name asked for is the victim's, and so it is told where that is."""
    if query.name == VICTIM:
        return truth(query)
    owner = wire.wire_of(VICTIM)
    lie = record(wire.A, FORGED.packed, owner=owner, ttl=86400)
    return iter([Out(reply(query, record(wire.CNAME, owner), lie))])


def nobody_with_address(query: Query) -> Iterator[Out]:
    """Says that the name does not exist, and which address it has."""
    flags = wire.REPLY | wire.NXDOMAIN
    yield Out(reply(query, FORGED_RECORD, flags=flags, authority=(wire.soa("test"),)))


def _aliases(names: list[str]) -> list[bytes]:
    pairs = itertools.pairwise(names)
    return [record(wire.CNAME, wire.wire_of(to), owner=wire.wire_of(of)) for of, to in pairs]


def long_chain(query: Query) -> Iterator[Out]:
    """So many aliases in one reply, over TCP, and an address at the end of them."""
    if not query.is_tcp:
        yield from always_truncated(query)
        return
    names = [query.name, *(f"n{number}.chain.test" for number in range(CHAIN))]
    end = record(wire.A, FORGED.packed, owner=wire.wire_of(names[-1]))
    yield Out(reply(query, *_aliases(names), end))


def ring(query: Query) -> Iterator[Out]:
    """Aliases of each other."""
    names = [query.name, "n1.ring.test", "n2.ring.test", query.name]
    yield Out(reply(query, *_aliases(names)))


def endless(query: Query) -> Iterator[Out]:
    """Each name is an alias of the next one, which the client has to ask for."""
    following = f"n{wire.number_of(query.name) + 1}.endless.test"
    yield Out(reply(query, record(wire.CNAME, wire.wire_of(following))))


def big_text(query: Query) -> Iterator[Out]:
    """A text of 64 KB, over TCP; in small pieces."""
    if not query.is_tcp:
        yield from always_truncated(query)
        return
    packet = reply(query, wire.text(BIG))
    stream = len(packet).to_bytes(2) + packet
    for number, at in enumerate(range(0, len(stream), 5000)):
        yield Out(stream[at : at + 5000], delay=0.005 * number + 0.001, is_raw=True)


def always_truncated(query: Query) -> Iterator[Out]:
    """Has no room over TCP either."""
    yield Out(reply(query, flags=wire.REPLY | wire.TRUNCATED))


def silent_over_tcp(query: Query) -> Iterator[Out]:
    """Takes the connection, and begins to answer."""
    if not query.is_tcp:
        yield from always_truncated(query)
        return
    yield Out(b"\x10\x00" + forged(query)[:20], is_raw=True)


def empty_over_tcp(query: Query) -> Iterator[Out]:
    """Answers with a packet of no octets."""
    yield Out(b"\0\0", is_raw=True) if query.is_tcp else next(always_truncated(query))


def half_over_tcp(query: Query) -> Iterator[Out]:
    """Over TCP it begins to answer, and ends the connection."""
    if not query.is_tcp:
        yield from always_truncated(query)
        return
    yield Out(b"\x10\x00" + forged(query)[:20], is_raw=True)
    yield Out(CLOSE)


def lying_over_tcp(query: Query) -> Iterator[Out]:
    """Over TCP it answers what nobody has asked, and the question at last."""
    if not query.is_tcp:
        yield from always_truncated(query)
        return
    for name in ("wrong id", "wrong name", "wrong kind", "no question"):
        yield from LIES[name](query)
    yield Out(right(query))


def mutating(seed: int) -> Behaviour:
    """Changes some octets of true replies at random."""
    numbers = random.Random(seed)

    def behaviour(query: Query) -> Iterator[Out]:
        packet = bytearray(right(query))
        for _ in range(numbers.randrange(4)):
            packet[numbers.randrange(2, len(packet))] = numbers.randrange(256)
        yield Out(bytes(packet[: numbers.choice((len(packet), numbers.randrange(len(packet))))]))

    return behaviour
