"""The author's domain: one that nobody could read otherwise, or none."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.author import (
    _ORDINARY,
    MAX_ADDRESSES,
    MAX_FIELD,
    NO_FROM,
    SEVERAL,
    UNREADABLE,
    NoAuthor,
    author_domain,
    read_author,
)
from mailfilter.mail import parse
from mailfilter.mail.limits import Limits

READABLE = (
    ("bob@example.com", "example.com"),
    (" <bob@example.com>", "example.com"),
    ("Bob <bob@Example.COM>", "example.com"),
    ('"Bob, <x@evil.test>" <bob@example.com>', "example.com"),
    ("=?utf-8?q?Bob?= <bob@example.com>", "example.com"),
    ("Bob Q. Public [x] <bob@example.com> (work)", "example.com"),
    ("(work) bob@example.com", "example.com"),
    ("bob@example.com (a (b) \\) c)", "example.com"),
    ("Bob\r\n <bob@example.com>", "example.com"),
    ("Bob <bob@example.com>\n\t(x)", "example.com"),
    ("< bob@example.com >", "example.com"),
    ('"bob smith"@example.com', "example.com"),
    ('"b..ob"@example.com', "example.com"),
    ("bob@example.com <bob@example.com>", "example.com"),
    ("Bob <bob@example.com>, eve@EXAMPLE.com", "example.com"),
    ("bob@a_b.example.com", "a_b.example.com"),
    ("bob@xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("bob@com", "com"),
    ("B\xf6b <bob@example.com>", "example.com"),
)

AMBIGUOUS = (
    ("", UNREADABLE),
    ("Bob", UNREADABLE),
    ("<>", UNREADABLE),
    ("bob@", UNREADABLE),
    ("@example.com", UNREADABLE),
    ("<bob@>", UNREADABLE),
    ("Friends: bob@example.com;", UNREADABLE),
    ("Friends: <bob@example.com>, eve@example.com;", UNREADABLE),
    ("undisclosed:;", UNREADABLE),
    ("bob@example.com@evil.test", UNREADABLE),
    ("<bob@example.com@evil.test>", UNREADABLE),
    ("<@relay.test:bob@example.com>", UNREADABLE),
    ("<@relay.test,@two.test:bob@example.com>", UNREADABLE),
    ('"bob@evil.test"@example.com', UNREADABLE),
    ('"bob@evil.test>"@example.com', UNREADABLE),
    ('"bob\\"@example.com', UNREADABLE),
    ("bob@example.net(.example.com", UNREADABLE),
    ("bob@example.net(.example.com)", UNREADABLE),
    ("(bob@evil.test)bob@example.net", UNREADABLE),
    ("<bob@example.net(.example.com)>", UNREADABLE),
    ("<bob(x)@example.net>", UNREADABLE),
    ("bob@(x)example.net", UNREADABLE),
    ("bob @ example.com", UNREADABLE),
    ("bob@example. com", UNREADABLE),
    ("bob eve@example.com", UNREADABLE),
    ("<bob@exam\r\n ple.com>", UNREADABLE),
    ("bob@example.com\x00.evil.test", UNREADABLE),
    ("bob@example.com\r.evil.test", UNREADABLE),
    ("bob@example\x0b.com", UNREADABLE),
    ("=?utf-8?q?bob=40evil.test=3E?=@example.com", UNREADABLE),
    ("bob@=?utf-8?q?example.com?=", UNREADABLE),
    ("=?utf-8?q?bob=40example.com?=", UNREADABLE),
    ("bob@[192.0.2.1]", UNREADABLE),
    ("bob@192.0.2.1", UNREADABLE),
    ("bob@example.com.", UNREADABLE),
    ("bob@.example.com", UNREADABLE),
    ("bob@example..com", UNREADABLE),
    ("bob@-example.com", UNREADABLE),
    ("bob@exa\\mple.com", UNREADABLE),
    ("bob@exa*mple.com", UNREADABLE),
    ("bob@" + "a" * 64 + ".com", UNREADABLE),
    ("Bob \\<x@evil.test> <bob@example.com>", UNREADABLE),
    ("Bob ) <bob@example.com>", UNREADABLE),
    ("Bob [x <bob@example.com>", UNREADABLE),
    ("bob@example.com[<bob@example.com>", UNREADABLE),
    ("bob@example.com(x).test <bob@example.com>", UNREADABLE),
    ("<bob@example.com", UNREADABLE),
    ("bob@example.com>", UNREADABLE),
    (">bob@example.com<", UNREADABLE),
    ("<bob@example.com> <eve@example.com>", UNREADABLE),
    ("<bob@example.com> eve@example.com", UNREADABLE),
    ('<bob@example.com> "eve@example.com"', UNREADABLE),
    ("<bob@example.com>;", UNREADABLE),
    (">bob@example.com<bob@example.com", UNREADABLE),
    ("> <bob@example.com", UNREADABLE),
    ("<bob@example.com,bob@example.com>", UNREADABLE),
    ("<bob=?utf-8?q?=40evil.test?=@example.com>", UNREADABLE),
    ("bob\x7f <bob@example.com>", UNREADABLE),
    ('"bo\\b"@example.com', UNREADABLE),
    ('"Bob <bob@example.com>', UNREADABLE),
    ("(Bob <bob@example.com>", UNREADABLE),
    ("Smith, Bob <bob@example.com>", UNREADABLE),
    ("bob@example.com,", UNREADABLE),
    ("bob@example.com, eve@evil.test", SEVERAL),
    ("Bob <bob@example.com>, Eve <eve@evil.test>", SEVERAL),
    ("eve@evil.test <bob@example.com>", SEVERAL),
    ('"eve"@evil.test <bob@example.com>', SEVERAL),
    ("bob@example.com, bob@mail.example.com", SEVERAL),
    (", ".join(["bob@example.com"] * (MAX_ADDRESSES + 1)), SEVERAL),
    ("bob@example.com (" + "x" * MAX_FIELD + ")", UNREADABLE),
)
"""Values, and how Rspamd would say what is wrong."""


class ValueTests(SynchronousTestCase):
    def test_readable(self) -> None:
        """Names in quotes, comments apart from the address, folds; several of one domain."""
        for text, domain in READABLE:
            self.assertEqual(read_author(text.encode("latin_1")), domain, text)

    def test_short_cut(self) -> None:
        """What most fields look like is read in one step, and comes to the same."""
        short = [text for text, _ in READABLE + AMBIGUOUS if _ORDINARY.match(text.encode())]
        self.assertEqual(
            short,
            [
                " <bob@example.com>",
                "Bob <bob@Example.COM>",
                '"Bob, <x@evil.test>" <bob@example.com>',
                "=?utf-8?q?Bob?= <bob@example.com>",
            ],
        )
        for text in short:
            self.assertEqual(read_author(text.encode() + b" ()"), "example.com")

    def test_ambiguous(self) -> None:
        """Everything that one program may read so and another one otherwise."""
        for text, words in AMBIGUOUS:
            error = self.assertRaises(NoAuthor, read_author, text.encode("latin_1"))
            self.assertEqual(error.words, words, text)

    def test_scripts(self) -> None:
        """A domain of another script counts in one form alone: others look the same."""
        self.assertEqual(read_author("bob@Bücher.example".encode()), "xn--bcher-kva.example")
        for text in (
            "bob@example\uff0ecom",
            "bob@example\u3002com",
            "bob@\uff45xample.com",
            "bob@exam\u00adple.com",
            "bob@exam\u200bple.com",
            "bob@bu\u0308cher.example",
            "bob@\u202eexample.com",
        ):
            self.assertRaises(NoAuthor, read_author, text.encode())
        self.assertRaises(NoAuthor, read_author, b"bob@b\xfccher.example")

    def test_nested_comments(self) -> None:
        """Any depth takes no more than its octets."""
        depth = MAX_FIELD // 2 - 20
        text = b"bob@example.com " + b"(" * depth + b")" * depth
        self.assertEqual(read_author(text), "example.com")


class FieldTests(SynchronousTestCase):
    def domain(self, header: bytes, limits: Limits | None = None) -> str:
        """The author's domain of a message with that header."""
        raw = header + b"\r\n\r\nbody\r\n"
        return author_domain(parse(raw, limits or Limits()).headers)

    def test_one(self) -> None:
        self.assertEqual(self.domain(b"Subject: x\r\nfrom : bob@example.com"), "example.com")

    def test_none(self) -> None:
        error = self.assertRaises(NoAuthor, self.domain, b"Subject: x")
        self.assertEqual(error.words, NO_FROM)

    def test_several_fields(self) -> None:
        """The same twice is too much, too: which is shown, and which is signed?"""
        for second in (b"From: bob@example.com", b"FROM:eve@evil.test", b"From :"):
            header = b"From: bob@example.com\r\n" + second
            self.assertEqual(self.assertRaises(NoAuthor, self.domain, header).words, SEVERAL)

    def test_cut(self) -> None:
        """There may be another From behind what is read."""
        header = b"From: bob@example.com\r\n" + b"X: y\r\n" * 30 + b"From: eve@evil.test"
        self.assertRaises(NoAuthor, self.domain, header, Limits(block_headers=10))

    def test_not_whole(self) -> None:
        """Lines that are fields to some, or end the header."""
        for odd in (
            b"X: y\rFrom: eve@evil.test",
            b"X: y\0",
            b" From: eve@evil.test",
            b": y",
        ):
            header = odd + b"\r\nFrom: bob@example.com"
            self.assertRaises(NoAuthor, self.domain, header)
        self.assertEqual(self.domain(b"From a Mon\nFrom: bob@example.com"), "example.com")
