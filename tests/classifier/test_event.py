"""What stands in the log."""

from unittest import TestCase

import msgspec
import numpy as np

from mailfilter.classifier.event import (
    Learn,
    Unlearn,
    decode,
    digest_of,
    encode,
    packed,
    unpacked,
)
from mailfilter.classifier.hashing import SLOT_BITS
from mailfilter.mail import parse

MAIL = b"From: a@b.example\nDate: now\nMessage-ID: <1@b.example>\nSubject: Hi\n\nText\nof it\n"


class PackingTests(TestCase):
    def test_all_steps(self) -> None:
        last = (1 << SLOT_BITS) - 1
        for slots in (
            [],
            [0],
            [last],
            [0, 1, 2],
            [127, 255, 256, 16383, 16384, 32768, 600_000, last],
            list(range(0, last, 977)),
        ):
            known = np.array(slots, np.uint32)
            again = unpacked(packed(known))
            self.assertEqual(again.dtype, np.uint32)
            self.assertEqual(list(again), slots)

    def test_small(self) -> None:
        slots = np.arange(0, 1 << SLOT_BITS, 1000, dtype=np.uint32)
        self.assertLess(len(packed(slots)), 2 * len(slots) + 1)

    def test_cut(self) -> None:
        data = packed(np.array([5, 900, 500_000], np.uint32))
        for end in range(1, len(data)):
            if data[end - 1] >= 0x80:
                with self.assertRaisesRegex(ValueError, "end within"):
                    unpacked(data[:end])

    def test_too_long(self) -> None:
        with self.assertRaisesRegex(ValueError, "21 bits"):
            unpacked(b"\x80\x80\x80\x01")


class EventTests(TestCase):
    def test_round_trip(self) -> None:
        text, rest = np.array([1, 2], np.uint32), np.array([3], np.uint32)
        learn = Learn(b"d" * 16, "spam", packed(text), packed(rest), 1, "bob", 12.5)
        self.assertEqual(decode(encode(learn)), learn)
        self.assertEqual(list(learn.features.text), [1, 2])
        self.assertEqual(list(learn.features.rest), [3])
        unlearn = Unlearn(b"d" * 16, "bob", 12.5)
        self.assertEqual(decode(encode(unlearn)), unlearn)

    def test_garbage(self) -> None:
        for data in (b"", b"\x00", b"x" * 40, encode(Unlearn(b"", "", 0.0))[:-1]):
            with self.assertRaises(msgspec.MsgspecError):
                decode(data)


class DigestTests(TestCase):
    def test_what_transports_do(self) -> None:
        digest = digest_of(parse(MAIL))
        self.assertEqual(len(digest), 16)
        for other in (
            MAIL.replace(b"\n", b"\r\n"),
            b"Received: from x\nX-Spam: yes\n" + MAIL,
            MAIL.replace(b"Subject: Hi", b"Subject:  Hi "),
            MAIL + b"\n\n",
        ):
            self.assertEqual(digest_of(parse(other)), digest, other)

    def test_others_differ(self) -> None:
        found = {
            digest_of(parse(MAIL)),
            digest_of(parse(MAIL.replace(b"Hi", b"Ho"))),
            digest_of(parse(MAIL.replace(b"of it", b"of that"))),
            digest_of(parse(MAIL.replace(b"<1@", b"<2@"))),
            digest_of(parse(MAIL.replace(b"a@b", b"c@b"))),
            digest_of(parse(MAIL.replace(b"now", b"then"))),
            digest_of(parse(b"")),
        }
        self.assertEqual(len(found), 7)

    def test_fields_do_not_flow_together(self) -> None:
        one = digest_of(parse(b"From: a\nSubject: b\n\n"))
        self.assertNotEqual(digest_of(parse(b"From: a b\nSubject:\n\n")), one)
