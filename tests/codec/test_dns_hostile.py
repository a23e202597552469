"""Replies that are cut, that lie, or that want to keep us busy (specs: bad-input.md row 27)."""

import struct
from ipaddress import ip_address
from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns import MAX_CHAIN, answer_of, decode_reply
from mailfilter.codec.dns_answer import Answer, DnsFailure, Kind, Question
from mailfilter.codec.dns_record import MAX_RECORDS, MAX_STRINGS, DnsFormatError

from . import dns_packets as packets
from .dns_packets import ASKED, EDNS, cname, message, record, soa, txt, wire

ASKS = Question("example.com", Kind.A)
OCTETS = packets.question("example.com", packets.A)
ONE = record(ASKED, packets.A, b"\xc0\0\2\1")

BIG = 65535 - len(message(OCTETS))
"""Octets that a message over TCP has besides the question."""

WHOLE = {
    "addresses": message(OCTETS, [ONE, ONE], [soa("com", 1, 1)], [EDNS]),
    "nothing": message(OCTETS, [], [soa("com", 1, 1)], [EDNS], flags=packets.REPLY | 3),
    "chain": message(
        OCTETS, [cname("example.com", "a.b"), record(wire("a.b"), packets.A, b"abcd")]
    ),
    "kinds": message(
        OCTETS,
        [
            record(ASKED, packets.MX, b"\0\1\2mx" + ASKED),
            record(ASKED, packets.TXT, txt(b"one", b"two")),
            record(ASKED, packets.AAAA, bytes(16)),
            record(ASKED, packets.PTR, b"\1a" + ASKED),
        ],
    ),
}

MISFITS = (
    (packets.A, b""),
    (packets.A, b"abc"),
    (packets.A, b"abcde"),
    (packets.AAAA, b"abcd"),
    (packets.AAAA, bytes(17)),
    (packets.MX, b""),
    (packets.MX, b"\0\1"),
    (packets.MX, b"\0\1\1a"),
    (packets.MX, b"\0\1\0\0"),
    (packets.TXT, b""),
    (packets.TXT, b"\5abc"),
    (packets.TXT, b"\1a\5abc"),
    (packets.TXT, b"\1a\1"),
    (packets.CNAME, b""),
    (packets.CNAME, b"\1a"),
    (packets.CNAME, b"\x3fabc\0"),
    (packets.CNAME, b"\1a\0b"),
    (packets.PTR, b"\xc0"),
    (packets.PTR, b"\x80\0"),
    (packets.NS, b"\xff\xff"),
    (packets.SOA, b"\0\0" + bytes(19)),
    (packets.SOA, b"\0\0" + bytes(21)),
    (packets.SOA, b"\0"),
    (packets.SOA, b"\1a"),
)


def answer(packet: bytes) -> Answer:
    """What a reply says."""
    return answer_of(decode_reply(packet), ASKS)


class BrokenTests(SynchronousTestCase):
    def refuse(self, packet: bytes, why: object = None) -> None:
        """It is no reply."""
        with self.assertRaises(DnsFormatError, msg=str(why)):
            decode_reply(packet)

    def test_cut_at_every_octet(self) -> None:
        for what, packet in WHOLE.items():
            decode_reply(packet)
            for end in range(len(packet)):
                self.refuse(packet[:end], (what, end))

    def test_octets_behind_the_end(self) -> None:
        for packet in WHOLE.values():
            self.refuse(packet + b"\0")
            self.refuse(packet + ONE)

    def test_not_a_reply(self) -> None:
        for flags in (0x0120, 0x8180 | 5 << 11, 0x8180 | 1 << 11):
            self.refuse(message(OCTETS, [ONE], flags=flags))

    def test_counts_that_lie(self) -> None:
        for counts in (
            (1, 2, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 0, 2),
            (1, 1, 1, 0),
        ):
            self.refuse(message(OCTETS, [ONE], counts=counts), counts)
        self.assertEqual(decode_reply(message(OCTETS, [ONE], counts=(0, 1, 0, 0))).answers, ())

    def test_more_questions(self) -> None:
        self.refuse(message(OCTETS + OCTETS, [ONE], counts=(2, 1, 0, 0)))
        self.refuse(message(OCTETS + OCTETS, [ONE], counts=(1, 1, 0, 0)))
        self.refuse(message(OCTETS, [ONE], counts=(2, 1, 0, 0)))

    def test_question_that_points(self) -> None:
        for name in (b"\xc0\x0c", b"\xc0\0", b"\7example\xc0\x0c", b"\xc0\x12"):
            self.refuse(message(name + b"\0\1\0\1", counts=(1, 0, 0, 0)), name)

    def test_data_that_does_not_fit(self) -> None:
        for kind, data in MISFITS:
            for behind in ((), (EDNS,)):
                self.refuse(message(OCTETS, [record(ASKED, kind, data)], (), behind), (kind, data))

    def test_a_size_beyond_the_end(self) -> None:
        for size in (5, 6, 1000, 65535):
            head = ASKED + struct.pack("!HHIH", packets.A, 1, 1, size)
            self.refuse(message(OCTETS, [head + b"abcd"]), size)
            self.refuse(message(OCTETS, (), (), [head + b"abcd"]), size)

    def test_owner_that_points_ahead_or_in_a_loop(self) -> None:
        at = 12 + len(OCTETS)
        for target in (at, at + 1, at + 2, at + 12, 0x3FFF, 0, 11):
            owner = (0xC000 | target).to_bytes(2, "big")
            self.refuse(message(OCTETS, [record(owner, packets.A, b"abcd"), ONE]), target)

    def test_options(self) -> None:
        self.refuse(message(OCTETS, [ONE], (), [EDNS, EDNS]))
        self.refuse(message(OCTETS, [ONE], (), [record(ASKED, packets.OPT, b"")]))
        noise = record(b"\0", packets.OPT, b"\xff\xff\xff\xff\xff", 0, 0)
        newer = record(b"\0", packets.OPT, b"", 0x00FF_FFFF, 65535)
        for opt in (noise, newer):
            self.assertEqual(answer(message(OCTETS, [ONE], (), [opt])).status, "found")
        elsewhere = message(OCTETS, [record(b"\0", packets.OPT, b"", 0x01000000), ONE], [EDNS])
        self.assertEqual(answer(elsewhere).status, "found")


class LyingTests(SynchronousTestCase):
    def test_of_other_names(self) -> None:
        for owner in ("www.example.com", "com", "", "example.org", "xexample.com", "example.com.a"):
            packet = message(OCTETS, [record(wire(owner), packets.A, b"abcd"), ONE])
            self.assertEqual(answer(packet).records, (ip_address("192.0.2.1"),))
            packet = message(OCTETS, [record(wire(owner), packets.A, b"abcd")])
            self.assertEqual(answer(packet).status, "nodata")

    def test_a_dot_inside_a_label_makes_another_name(self) -> None:
        owner = b"\x0bexample.com\0"
        self.assertEqual(
            answer(message(OCTETS, [record(owner, packets.A, b"abcd")])).status, "nodata"
        )

    def test_cname_of_another_name(self) -> None:
        strange = [cname("a.test", "b.test"), record(wire("b.test"), packets.A, b"abcd")]
        found = answer(message(OCTETS, strange))
        self.assertEqual((found.status, found.name), ("nodata", "example.com"))

    def test_records_elsewhere_do_not_count(self) -> None:
        found = answer(message(OCTETS, (), [ONE], [ONE, EDNS]))
        self.assertEqual(found.status, "nodata")

    def test_two_cnames(self) -> None:
        ways = [cname("example.com", "a.test"), cname("example.com", "b.test")]
        for target, status in (("a.test", "found"), ("b.test", "nodata")):
            address = record(wire(target), packets.A, b"abcd")
            self.assertEqual(answer(message(OCTETS, [*ways, address])).status, status)


class LongTests(SynchronousTestCase):
    def chain(self, length: int) -> bytes:
        """A reply with so many CNAMEs."""
        names = ["example.com", *(f"n{at}.test" for at in range(length))]
        links = [cname(owner, target) for owner, target in pairwise(names)]
        return message(OCTETS, [*links, record(wire(names[-1]), packets.A, b"abcd")])

    def test_chains(self) -> None:
        self.assertEqual(answer(self.chain(MAX_CHAIN)).records, (ip_address(b"abcd"),))
        for length in (MAX_CHAIN + 1, 100, MAX_RECORDS - 1):
            self.assertRaises(DnsFailure, answer, self.chain(length))

    def test_loops(self) -> None:
        for loop in (
            [cname("example.com", "example.com")],
            [cname("example.com", "a.test"), cname("a.test", "example.com")],
            [cname("example.com", "a.test"), cname("a.test", "b.test"), cname("b.test", "a.test")],
        ):
            self.assertRaises(DnsFailure, answer, message(OCTETS, [*loop, ONE]))

    def test_long_text(self) -> None:
        strings = [b"x" * 255] * (BIG // 256 - 1)
        packet = message(OCTETS, [record(ASKED, packets.TXT, txt(*strings))])
        found = answer_of(decode_reply(packet), Question("example.com", Kind.TXT))
        self.assertEqual(found.records, (b"x" * 255 * len(strings),))

    def test_many_strings(self) -> None:
        """As many as real records have, and no more: of one record or of all together."""
        most = [b""] * MAX_STRINGS
        packet = message(OCTETS, [record(ASKED, packets.TXT, txt(*most))])
        found = answer_of(decode_reply(packet), Question("example.com", Kind.TXT))
        self.assertEqual(found.records, (b"",))
        self.too_much(message(OCTETS, [record(ASKED, packets.TXT, txt(*most, b""))]))
        self.too_much(message(OCTETS, [record(ASKED, packets.TXT, txt(*most))] * 6))
        empty = [b""] * (BIG - 12)
        packet = message(OCTETS, [record(ASKED, packets.TXT, txt(*empty))])
        self.assertEqual(len(packet), 65535)
        self.too_much(packet)

    def test_many_records(self) -> None:
        packet = message(
            OCTETS, [record(ASKED, packets.A, at.to_bytes(4, "big")) for at in range(512)]
        )
        self.assertEqual(len(answer(packet).records), MAX_RECORDS)
        for packet in (
            message(OCTETS, [ONE] * (MAX_RECORDS + 1)),
            message(OCTETS, [ONE] * 4000),
            message(OCTETS, [ONE], [ONE] * 300, [ONE] * 300),
            message(OCTETS, [ONE], counts=(1, 65535, 65535, 65535)),
        ):
            self.too_much(packet)

    def too_much(self, packet: bytes) -> None:
        """It is a reply, and none of what it says counts."""
        reply = decode_reply(packet)
        self.assertTrue(reply.is_too_much)
        self.assertEqual((reply.question, reply.answers, reply.authority), (OCTETS, (), ()))
        self.assertRaises(DnsFailure, answer_of, reply, ASKS)

    def dear(self, count: int, kind: int = packets.PTR, before: bytes = b"") -> list[bytes]:
        """The longest name, each label behind a pointer of its own, in many records."""
        start = 12 + len(OCTETS) + 11
        pieces, at = b"\1a\0", start
        for _ in range(126):
            there, at = at, start + len(pieces)
            pieces += b"\1a" + (0xC000 | there).to_bytes(2, "big")
        pointer = (0xC000 | at).to_bytes(2, "big")
        many = [record(pointer, kind, before + pointer)] * count
        return [record(b"\0", 99, pieces), *many]

    def test_names_that_are_dear(self) -> None:
        """As many are read as real answers have."""
        longest = ".".join(["a"] * 127)
        reply = decode_reply(message(OCTETS, self.dear(70)))
        self.assertEqual({each.name for each in reply.answers}, {longest})
        self.assertEqual([each.data for each in reply.answers], [longest] * 70)
        for kind, before in ((packets.PTR, b""), (packets.MX, b"\0\1"), (packets.CNAME, b"")):
            self.too_much(message(OCTETS, self.dear(MAX_RECORDS - 1, kind, before)))

    def test_escapes_are_dear(self) -> None:
        """An octet that takes four characters counts so."""
        name = b"".join(b"\x3f" + bytes((at,)) * 63 for at in range(1, 4)) + b"\0"
        several = [record(ASKED, packets.PTR, name)]
        self.assertEqual(len(decode_reply(message(OCTETS, several * 20)).answers), 20)
        self.too_much(message(OCTETS, several * 30))

    def test_owners_that_are_dear(self) -> None:
        """They count, too, but for those that many records share."""
        owners = [wire(".".join(["a" * 40] * 5 + [f"n{at}"])) for at in range(120)]
        self.too_much(message(OCTETS, [record(owner, packets.A, b"abcd") for owner in owners]))
        others = self.dear(MAX_RECORDS - 1, packets.A, b"ab")
        self.assertEqual(len(decode_reply(message(OCTETS, others)).answers), MAX_RECORDS - 1)

    def test_what_is_not_needed_is_not_read(self) -> None:
        """Names of kinds that do not count, zones behind the first, additional records."""
        many = self.dear(MAX_RECORDS - 3, 99)
        self.assertEqual(decode_reply(message(OCTETS, many)).answers, ())
        self.assertEqual(decode_reply(message(OCTETS, (), (), many)).answers, ())
        self.assertEqual(decode_reply(message(OCTETS, (), many)).authority, ())
        zones = [soa("com", 1, 1), *[soa(".".join(["a" * 60] * 4), 1, 1)] * 200]
        found = decode_reply(message(OCTETS, (), zones)).authority
        self.assertEqual([each.name for each in found], ["com"])
