"""What is looked at in a message, and what never is."""

from unittest import TestCase

import numpy as np

from mailfilter.classifier.features import features_of
from mailfilter.classifier.hashing import Slots
from mailfilter.classifier.model import Features
from mailfilter.classifier.traits import (
    header_tokens,
    link_tokens,
    mime_tokens,
    sender_tokens,
    shape,
    subject_tokens,
)
from mailfilter.mail import parse

MAIL = b"""\
From: "Ann Lee" <ann.lee7@news.example.com>
To: bob@example.net
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Ann!
Date: Sat, 1 Mar 2025 10:00:00 +0000
Message-ID: <20250301.abc@mail.example.com>
X-Mailer: Fine Mailer 1.0
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p style="display:none">unseen words</p><p>Please look at <a href="https://shop.example/offer/today">this</a>.
<img src="http://192.0.2.7/a.gif" width=1 height=1>
--b
Content-Type: application/zip
Content-Disposition: attachment; filename="big invoice.zip"

x
--b--
"""


def same(one: Features, other: Features) -> bool:
    """Whether two messages look the same."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def text_of(raw: bytes) -> Slots:
    """The features of the text of a message."""
    return features_of(parse(raw)).text


class TokenTests(TestCase):
    def test_tokens(self) -> None:
        message = parse(MAIL)
        for tokens, expected in (
            (
                sender_tokens,
                {"fn:ann", "fd:news.example.com", "ft:com", "fo:example.com", "fl:a.a0"},
            ),
            (subject_tokens, {"sw:grüße", "sw:from", "sw:ann"}),
            (link_tokens, {"uh:ashop.example", "up:offer", "ui:i", "ut:aexample"}),
            (mime_tokens, {"ct:multipart/mixed", "fx:zip", "fw:invoice", "hh:display", "la:1"}),
            (header_tokens, {"xm:fine", "mi:2", "mf:0.a", "to:10", "tn:False", "ir:FalseFalse"}),
        ):
            self.assertLessEqual(expected, set(tokens(message)))

    def test_many_words_of_a_subject(self) -> None:
        words = " ".join("ab" + chr(97 + at) for at in range(26)).encode()
        found = list(subject_tokens(parse(b"Subject: " + words + b"\n\n")))
        self.assertEqual(found[:2] + found[-1:], ["sw:aba", "sw:abb", "sw:abt"])
        self.assertEqual(list(subject_tokens(parse(b"\n"))), [])

    def test_shape(self) -> None:
        self.assertEqual(shape("Ab12-cd"), "Aa0-a")
        self.assertEqual(shape(""), "")


class FeaturesTests(TestCase):
    def test_what_receivers_and_lists_add_is_not_seen(self) -> None:
        plain = features_of(parse(MAIL))
        for field in (
            b"Received: from a by b",
            b"Delivered-To: bob@example.net",
            b"List-Id: <x.example>",
            b"X-Spam-Status: Yes",
            b"Authentication-Results: mx; spf=pass",
            b"Return-Path: <a@b.example>",
        ):
            self.assertTrue(same(features_of(parse(field + b"\n" + MAIL)), plain), field)
        others = MAIL.replace(b"1 Mar 2025", b"2 Apr 2024").replace(b"bob@", b"eve@")
        self.assertTrue(same(features_of(parse(others)), plain))

    def test_words_of_a_subject_are_seen_in_any_order(self) -> None:
        one, other, third = (
            features_of(parse(b"Subject: " + subject + b"\n\n")).rest
            for subject in (b"cheap gold", b"gold cheap", b"dear golf!")
        )
        self.assertGreater(len(np.intersect1d(one, other)), len(np.intersect1d(one, third)) + 1)

    def test_pieces_of_a_name_are_seen_and_none_of_an_address(self) -> None:
        def rest(sender: bytes) -> Slots:
            return features_of(parse(b"From: " + sender + b"\n\n")).rest

        plain = rest(b"Ann <someone@x.example>")
        self.assertEqual(rest(b"Ann <another@x.example>").tolist(), plain.tolist())
        one, other = rest(b"Securities <a@x.example>"), rest(b"Security <a@x.example>")
        self.assertGreater(len(np.intersect1d(one, other)), len(np.intersect1d(one, plain)) + 3)

    def test_what_is_seen(self) -> None:
        plain = features_of(parse(MAIL))
        for old, new in ((b"Please", b"Kindly"), (b"shop.", b"store."), (b"Ann", b"Eve")):
            self.assertFalse(same(features_of(parse(MAIL.replace(old, new))), plain), old)

    def test_unseen_text_is_not_text(self) -> None:
        other = MAIL.replace(b"unseen words", b"other things")
        self.assertTrue(
            np.array_equal(features_of(parse(other)).text, features_of(parse(MAIL)).text)
        )

    def test_invisible_marks_and_case(self) -> None:
        other = MAIL.replace(b"Please look", "PLE\u200bASE  look".encode())
        self.assertTrue(
            np.array_equal(features_of(parse(other)).text, features_of(parse(MAIL)).text)
        )

    def test_odd_messages(self) -> None:
        for raw in (
            b"",
            b"\n",
            b"\x00" * 5000,
            b"From: \xff\xfe@\n\n\xff",
            b"Subject: =?x?b?=\n\n",
        ):
            found = features_of(parse(raw))
            self.assertEqual(found.text.dtype, np.uint32)
            self.assertGreater(len(found.rest), 0)

    def test_bounds(self) -> None:
        huge = b"".join(b"http://h%d.example/p%d\n" % (at, at) for at in range(5000))
        found = features_of(parse(b"Subject: " + b"x y" * 9000 + b"\n\n" + huge))
        self.assertLess(len(found.text), 4001)
        self.assertLess(len(found.rest), 3000)
