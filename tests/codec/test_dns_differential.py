"""Our DNS messages beside those of dnspython."""

import random
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns import answer_of, decode_reply, encode_query
from mailfilter.codec.dns_answer import Kind, Mx, Question, Soa
from mailfilter.codec.dns_name import normal_name
from mailfilter.codec.dns_record import DnsFormatError, Record

from .test_dns_fuzz import changed

NAMES = (
    "a.test",
    "www.a.test",
    "b.test",
    "mail.b.test",
    r"x\.y.a.test",
    r"\000\255.test",
    "test",
    "",
)


def data_of(kind: Kind, chance: random.Random) -> str:
    """Some data, as in a master file."""
    name = f"{chance.choice(NAMES)}."
    texts = [chance.randbytes(chance.randrange(6)).hex() for _ in range(chance.randrange(1, 4))]
    return {
        Kind.A: str(IPv4Address(chance.randbytes(4))),
        Kind.AAAA: str(IPv6Address(chance.randbytes(16))),
        Kind.MX: f"{chance.randrange(65536)} {name}",
        Kind.TXT: " ".join(f'"{text}"' for text in texts),
        Kind.SOA: f"{name} {name} 1 2 3 4 {chance.randrange(2**32)}",
    }.get(kind, name)


def ours(kind: Kind, data: dns.rdata.Rdata) -> Any:
    """What dnspython read, in our values."""
    its: Any = data
    if kind is Kind.A:
        return IPv4Address(its.address)
    if kind is Kind.AAAA:
        return IPv6Address(its.address)
    if kind is Kind.MX:
        return Mx(its.preference, name_of(its.exchange))
    if kind is Kind.TXT:
        return b"".join(its.strings)
    if kind is Kind.SOA:
        times = (its.serial, its.refresh, its.retry, its.expire, its.minimum)
        return Soa(name_of(its.mname), name_of(its.rname), *times)
    return name_of(its.target)


def name_of(name: dns.name.Name) -> str:
    """A name of dnspython, which escapes more than we do."""
    return normal_name(name.to_text())


def a_reply(chance: random.Random) -> tuple[bytes, dns.message.Message]:
    """Something found, or not, with compressed names."""
    kind = chance.choice(list(Kind))
    name = chance.choice(NAMES)
    query = dns.message.make_query(f"{name}.", kind.name, use_edns=chance.choice((-1, 0)))
    reply = dns.message.make_response(query)
    codes = [dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.BADVERS]
    reply.set_rcode(chance.choice(codes if query.edns == 0 else codes[:2]))
    reply.flags |= chance.choice((0, dns.flags.AD))
    if chance.random() < 0.3 and kind is not Kind.CNAME:
        target = chance.choice([each for each in NAMES if each != name])
        reply.answer.append(dns.rrset.from_text(f"{name}.", 50, "IN", "CNAME", f"{target}."))
        name = target
    if reply.rcode() == dns.rcode.NOERROR and chance.random() < 0.8:
        data = [
            data_of(kind, chance) for _ in range(1 if kind in (5, 6) else chance.randrange(1, 9))
        ]
        ttl = chance.randrange(1000)
        reply.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind.name, *data))
    else:
        zone = dns.rrset.from_text("test.", 70, "IN", "SOA", data_of(Kind.SOA, chance))
        reply.authority.append(zone)
    return reply.to_wire(), reply


def records_of(section: list[dns.rrset.RRset]) -> list[Record]:
    """The records of kinds that we read."""
    found = []
    for each in section:
        if each.rdclass == dns.rdataclass.IN and int(each.rdtype) in list(Kind):
            kind = Kind(each.rdtype)
            found.append(Record(name_of(each.name), kind, each.ttl, ours(kind, each[0])))
    return found


class QueryTests(SynchronousTestCase):
    def test_it_reads_ours(self) -> None:
        for name in NAMES:
            for kind in Kind:
                for size in (0, 512, 1232, 65535):
                    query = dns.message.from_wire(
                        encode_query(4711, Question(name, kind), edns_size=size)
                    )
                    self.assertEqual(query.id, 4711)
                    self.assertEqual(query.opcode(), dns.opcode.QUERY)
                    self.assertEqual(query.flags, dns.flags.RD | dns.flags.AD)
                    self.assertEqual((query.edns, query.payload), (0, size) if size else (-1, 0))
                    (asked,) = query.question
                    self.assertEqual((name_of(asked.name), int(asked.rdtype)), (name, kind))
                    self.assertEqual(asked.rdclass, dns.rdataclass.IN)


class ReplyTests(SynchronousTestCase):
    def test_we_read_its(self) -> None:
        chance = random.Random(11)
        for _ in range(2000):
            packet, reply = a_reply(chance)
            got = decode_reply(packet)
            self.assertEqual(got.rcode, reply.rcode())
            self.assertEqual(got.is_authentic, bool(reply.flags & dns.flags.AD))
            if got.rcode > 3:
                continue
            (asked,) = reply.question
            question = Question(name_of(asked.name), Kind(asked.rdtype))
            answer = answer_of(got, question)
            its: Any = dns.message.from_wire(packet)
            chain = its.resolve_chaining()
            self.assertEqual(answer.name, name_of(chain.canonical_name))
            found = chain.answer or ()
            records = [ours(question.kind, each) for each in found]
            self.assertEqual(set(answer.records), set(records))
            if found or "test" in answer.name:
                self.assertEqual(answer.ttl, chain.minimum_ttl)

    def test_changed_replies(self) -> None:
        """What both of us take of replies changed at random, we read alike."""
        chance = random.Random(12)
        compared = 0
        for _ in range(5000):
            packet = changed(chance)
            try:
                reply = decode_reply(packet)
                its = dns.message.from_wire(packet, one_rr_per_rrset=True)
            except (DnsFormatError, dns.exception.DNSException):
                continue
            if reply.is_truncated or not reply.question:
                continue
            compared += 1
            self.assertEqual(list(reply.answers), records_of(its.answer), packet)
            zones = [each for each in records_of(its.authority) if each.kind == Kind.SOA]
            self.assertEqual(list(reply.authority), zones, packet)
        self.assertGreater(compared, 300)
