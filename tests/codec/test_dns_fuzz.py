"""Replies of DNS with octets changed at random, and names made of anything."""

import random

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns import answer_of, decode_reply, is_unfinished
from mailfilter.codec.dns_answer import Answer, DnsFailure, Kind, Question
from mailfilter.codec.dns_name import BadName, name_from_wire, name_to_wire, normal_name
from mailfilter.codec.dns_record import MAX_TTL, DnsFormatError

from . import dns_packets as packets
from .dns_packets import ASKED, EDNS, cname, message, record, soa, txt

QUESTIONS = [Question("example.com", kind) for kind in Kind]

WHOLE = message(
    packets.question("example.com", packets.A),
    [
        record(ASKED, packets.A, b"abcd"),
        record(ASKED, packets.MX, b"\0\1\2mx" + ASKED),
        record(ASKED, packets.TXT, txt(b"one", b"two")),
        record(ASKED, packets.AAAA, bytes(16)),
        cname("example.com", "www.example.com"),
        record(b"\3www" + ASKED, packets.A, b"abcd"),
    ],
    [soa("com", 300, 60)],
    [EDNS],
)

PIECES = (b"\xc0\x0c", b"\xc0", b"\0", b"\xff\xff", b"\x3f", b"\x40", b"\1", b"\x29", b"\5", b"")
CHARACTERS = "aZ09-_.\\ \0\x7f\x80\xffüß日\u3002\uff0e\ud800\u200d\u0300ا١❤\U0001f600"


def changed(chance: random.Random) -> bytes:
    """The whole reply with some octets changed, taken away or put in."""
    packet = bytearray(WHOLE)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(packet))
        piece = chance.choice(PIECES) if chance.random() < 0.7 else chance.randbytes(2)
        packet[at : at + chance.choice((0, 1, 2, len(piece), len(piece)))] = piece
    # Nearly all would end at the flags otherwise.
    if chance.random() < 0.8:
        packet[2:6] = WHOLE[2:6]
    return bytes(packet)


class ReplyTests(SynchronousTestCase):
    def test_changed(self) -> None:
        chance = random.Random(27)
        taken = 0
        for _ in range(20_000):
            taken += self.read(changed(chance))
        self.assertGreater(taken, 1000)

    def test_noise(self) -> None:
        chance = random.Random(28)
        for _ in range(5000):
            self.read(WHOLE[:12] + chance.randbytes(chance.randrange(200)))
            self.read(chance.randbytes(chance.randrange(40)))

    def test_noise_of_pointers(self) -> None:
        chance = random.Random(29)
        for size in (100, 1000, 16_000, 65_000):
            pointers = bytes(chance.choice(b"\0\1\2\xc0\xc1\x0c\x29") for _ in range(size))
            for _ in range(20):
                at = chance.randrange(size)
                self.read(WHOLE[:29] + pointers[at:] + pointers[:at])
                try:
                    name_from_wire(pointers, at)
                except BadName:
                    continue

    def read(self, packet: bytes) -> bool:
        """Whether it is a reply; what it answers is in order then."""
        try:
            reply = decode_reply(packet)
        except DnsFormatError:
            return False
        for question in QUESTIONS:
            try:
                answer = answer_of(reply, question)
            except DnsFailure as error:
                self.assertEqual(error.question, question)
                continue
            self.check(answer)
            is_unfinished(reply, answer)
        return True

    def check(self, answer: Answer) -> None:
        self.assertEqual(answer.status == "found", bool(answer.records))
        self.assertTrue(0 <= answer.ttl <= MAX_TTL)
        self.assertEqual(normal_name(answer.name), answer.name)
        self.assertEqual(len(set(answer.records)), len(answer.records))


class NameTests(SynchronousTestCase):
    def test_text(self) -> None:
        chance = random.Random(30)
        taken = 0
        for _ in range(20_000):
            text = "".join(chance.choices(CHARACTERS, k=chance.randrange(12)))
            try:
                name = normal_name(text)
            except BadName:
                continue
            taken += 1
            self.assertEqual(normal_name(name), name, repr(text))
            wire = name_to_wire(name)
            self.assertEqual(name_from_wire(bytes(12) + wire, 12), (name, 12 + len(wire)))
        self.assertGreater(taken, 1000)

    def test_octets(self) -> None:
        chance = random.Random(31)
        for _ in range(5000):
            labels = [chance.randbytes(chance.randrange(1, 8)) for _ in range(chance.randrange(5))]
            wire = b"".join(bytes((len(each),)) + each for each in labels) + b"\0"
            name, _ = name_from_wire(bytes(12) + wire, 12)
            self.assertEqual(name_to_wire(name), wire.lower())
            self.assertEqual(normal_name(name), name)
