"""Queries of DNS, replies, and what a reply answers."""

from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns import (
    answer_of,
    decode_reply,
    encode_query,
    is_unfinished,
    mixed_case,
    question_octets,
    rcode_text,
)
from mailfilter.codec.dns_answer import Answer, DnsFailure, Kind, Mx, Question, Soa
from mailfilter.codec.dns_name import BadName

from . import dns_packets as packets
from .dns_packets import ASKED, EDNS, cname, message, record, soa, txt, wire

ASKS = Question("example.com", Kind.A)
OCTETS = packets.question("example.com", packets.A)
ONE = record(ASKED, packets.A, b"\xc0\0\2\1")
TWO = record(ASKED, packets.A, b"\xc0\0\2\2", 200)

DATA: tuple[tuple[Kind, bytes, Any], ...] = (
    (Kind.A, b"\xc0\0\2\1", ip_address("192.0.2.1")),
    (Kind.AAAA, b"\x20\1\x0d\xb8" + bytes(11) + b"\1", ip_address("2001:db8::1")),
    (Kind.MX, b"\0\x0a\2mx" + ASKED, Mx(10, "mx.example.com")),
    (Kind.MX, b"\0\0\0", Mx(0, "")),
    (Kind.TXT, txt(b"v=spf1 ", b"-all"), b"v=spf1 -all"),
    (Kind.TXT, txt(b"\xff\0"), b"\xff\0"),
    (Kind.TXT, txt(b""), b""),
    (Kind.TXT, txt(b"", b"", b"x"), b"x"),
    (Kind.PTR, wire("Mail.Example.ORG"), "mail.example.org"),
    (Kind.NS, b"\2ns" + ASKED, "ns.example.com"),
    (Kind.CNAME, wire("other.test"), "other.test"),
    (
        Kind.SOA,
        b"\2ns" + ASKED + b"\4a.b\2" + ASKED + bytes(range(20)),
        Soa(
            "ns.example.com",
            r"a\.b\002.example.com",
            0x00010203,
            0x04050607,
            0x08090A0B,
            0x0C0D0E0F,
            0x10111213,
        ),
    ),
)


def answer(packet: bytes, asks: Question = ASKS) -> Answer:
    """What a reply says."""
    return answer_of(decode_reply(packet), asks)


class QueryTests(SynchronousTestCase):
    def test_octets(self) -> None:
        self.assertEqual(
            encode_query(0xABCD, ASKS),
            b"\xab\xcd\x01\x20\0\1\0\0\0\0\0\1\7example\3com\0\0\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0",
        )
        self.assertEqual(
            encode_query(0, Question("", Kind.AAAA), edns_size=0),
            b"\0\0\x01\x20\0\1\0\0\0\0\0\0\0\0\x1c\0\1",
        )
        self.assertEqual(encode_query(1, ASKS, edns_size=4096)[-8:-6], b"\x10\0")

    def test_bad_name(self) -> None:
        self.assertRaises(BadName, encode_query, 1, Question("a..b", Kind.A))

    def test_mixed_case(self) -> None:
        octets = question_octets(Question("ab1.zz", Kind.AAAA))
        ones, second = b"\xff" * len(octets), bytes(0xFF * (at == 1) for at in range(len(octets)))
        self.assertEqual(mixed_case(octets, bytes(len(octets))), octets)
        self.assertEqual(mixed_case(octets, ones), b"\3AB1\2ZZ\0\0\x1c\0\1")
        self.assertEqual(mixed_case(octets, second), b"\3Ab1\2zz\0\0\x1c\0\1")
        query = encode_query(1, Question("ab1.zz", Kind.AAAA), asked=mixed_case(octets, second))
        self.assertEqual(query[12:-11], b"\3Ab1\2zz\0\0\x1c\0\1")

    def test_no_length_looks_like_a_letter(self) -> None:
        octets = question_octets(Question("-" * 63, Kind.AAAA))
        self.assertEqual(mixed_case(octets, b"\xff" * len(octets)), octets)


class ReplyTests(SynchronousTestCase):
    def test_head(self) -> None:
        reply = decode_reply(message(OCTETS, [ONE], number=0xFFFE))
        self.assertEqual((reply.number, reply.question, reply.rcode), (0xFFFE, OCTETS, 0))
        self.assertFalse(reply.is_truncated or reply.is_authentic)
        flags = packets.REPLY | packets.AUTHENTIC | 5
        reply = decode_reply(message(OCTETS, flags=flags))
        self.assertTrue(reply.is_authentic)
        self.assertEqual(reply.rcode, 5)

    def test_question_as_it_was_sent(self) -> None:
        asked = packets.question("eXaMPle.cOM", packets.A)
        packet = message(asked, [ONE])
        self.assertEqual(decode_reply(packet).question, asked)
        self.assertEqual(answer(packet).records, (ip_address("192.0.2.1"),))

    def test_data(self) -> None:
        for kind, data, value in DATA:
            packet = message(packets.question("example.com", kind), [record(ASKED, kind, data)])
            found = answer(packet, Question("example.com", kind))
            self.assertEqual((found.status, found.records), ("found", (value,)), kind)

    def test_truncated(self) -> None:
        packet = message(OCTETS, [ONE, TWO], flags=packets.REPLY | packets.TRUNCATED)
        for end in (len(packet), len(packet) - 3, 12 + len(OCTETS)):
            reply = decode_reply(packet[:end])
            self.assertTrue(reply.is_truncated)
            self.assertEqual((reply.question, reply.answers), (OCTETS, ()))
            self.assertRaises(DnsFailure, answer_of, reply, ASKS)

    def test_a_refusal_without_question(self) -> None:
        reply = decode_reply(message(b"", flags=packets.REPLY | 1))
        self.assertEqual((reply.question, reply.rcode), (b"", 1))
        reply = decode_reply(message(b"", [record(ASKED, packets.A, b"\1\2\3\4")]))
        self.assertEqual(reply.answers, ())
        self.assertRaises(DnsFailure, answer_of, reply, ASKS)

    def test_code_of_edns(self) -> None:
        opt = b"\0\0\x29\x04\xd0\1\0\0\0\0\0"
        reply = decode_reply(message(OCTETS, others=[opt]))
        self.assertEqual((reply.rcode, rcode_text(reply.rcode)), (16, "RCODE16"))
        self.assertEqual(rcode_text(2), "SERVFAIL")

    def test_unknown_kinds_and_classes(self) -> None:
        strange = record(ASKED, 46, b"\1"), record(ASKED, packets.A, b"\1\2\3\4", family=3)
        found = answer(message(OCTETS, [*strange, ONE], others=[record(ASKED, 99, b""), EDNS]))
        self.assertEqual(found.records, (ip_address("192.0.2.1"),))


class AnswerTests(SynchronousTestCase):
    def test_found(self) -> None:
        flags = packets.REPLY | packets.AUTHENTIC
        self.assertEqual(
            answer(message(OCTETS, [ONE, TWO], others=[EDNS], flags=flags)),
            Answer(
                ASKS,
                "found",
                (ip_address("192.0.2.1"), ip_address("192.0.2.2")),
                200.0,
                True,
                "example.com",
            ),
        )

    def test_same_record_twice(self) -> None:
        self.assertEqual(len(answer(message(OCTETS, [ONE, TWO, ONE])).records), 2)

    def test_time_to_live(self) -> None:
        for ttl, seconds in ((0, 0.0), (1, 1.0), (2**31 - 1, 2**31 - 1.0), (2**31, 0.0)):
            one = record(ASKED, packets.A, b"\1\2\3\4", ttl)
            self.assertEqual(answer(message(OCTETS, [one])).ttl, seconds)

    def test_nothing(self) -> None:
        for rcode, status in ((0, "nodata"), (3, "nxdomain")):
            flags = packets.REPLY | rcode
            for zones, ttl in (
                ([], 0.0),
                ([soa("example.com", 300, 60)], 60.0),
                ([soa("com", 30, 60)], 30.0),
                ([soa("", 30, 2**32 - 1)], 30.0),
                ([soa("other.test", 300, 60)], 0.0),
                ([soa("ample.com", 300, 60)], 0.0),
                ([soa("com", 9, 9), soa("example.com", 300, 60)], 9.0),
                ([soa("www.example.com", 300, 60), soa("com", 9, 9)], 0.0),
            ):
                found = answer(message(OCTETS, (), zones, flags=flags))
                self.assertEqual(
                    found,
                    Answer(ASKS, status, (), ttl, False, "example.com"),  # type: ignore[arg-type]
                )

    def test_nothing_below_a_cname(self) -> None:
        chain = [cname("example.com", "b.test", 50)]
        found = answer(message(OCTETS, chain, [soa("test", 90, 90)], flags=packets.REPLY | 3))
        self.assertEqual((found.status, found.name, found.ttl), ("nxdomain", "b.test", 50.0))

    def test_there_is_no_such_name_but_it_has_an_address(self) -> None:
        found = answer(message(OCTETS, [ONE], flags=packets.REPLY | 3))
        self.assertEqual((found.status, found.records), ("nxdomain", ()))

    def test_codes(self) -> None:
        for rcode, text in ((1, "FORMERR"), (2, "SERVFAIL"), (5, "REFUSED"), (9, "RCODE9")):
            reply = decode_reply(message(OCTETS, [ONE], flags=packets.REPLY | rcode))
            error = self.assertRaises(DnsFailure, answer_of, reply, ASKS)
            self.assertEqual((error.reason, error.question), (text, ASKS))

    def test_cname_in_any_order(self) -> None:
        address = record(wire("c.test"), packets.A, b"\1\2\3\4", 40)
        chain = [cname("b.test", "C.Test", 30), address, cname("example.com", "b.test", 20)]
        found = answer(message(OCTETS, chain))
        self.assertEqual(found.records, (ip_address("1.2.3.4"),))
        self.assertEqual((found.name, found.ttl), ("c.test", 20.0))

    def test_cname_itself(self) -> None:
        asked = packets.question("example.com", packets.CNAME)
        packet = message(asked, [cname("example.com", "b.test"), cname("b.test", "c.test")])
        found = answer(packet, Question("example.com", Kind.CNAME))
        self.assertEqual((found.records, found.name), (("b.test",), "example.com"))

    def test_unfinished(self) -> None:
        chain = [cname("example.com", "b.test")]
        for answers, zones, is_open in (
            (chain, [], True),
            (chain, [soa("other", 1, 1)], True),
            (chain, [soa("test", 1, 1)], False),
            ([*chain, record(wire("b.test"), packets.A, b"\1\2\3\4")], [], False),
            ([], [], False),
        ):
            reply = decode_reply(message(OCTETS, answers, zones))
            self.assertEqual(is_unfinished(reply, answer_of(reply, ASKS)), is_open)
