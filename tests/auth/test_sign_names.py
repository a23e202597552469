"""Which fields are signed, and how often."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.sign_names import (
    DEFAULT_NAMES,
    MAX_LISTED,
    MAX_NAMES,
    Listed,
    UnsignableError,
    read_names,
    signed_names,
)
from mailfilter.mail import parse


def names(raw: bytes, text: str = DEFAULT_NAMES, *unsure: bytes) -> str:
    """The names for a message, joined by colons."""
    return b":".join(signed_names(read_names(text), parse(raw).canonical, unsure)).decode()


class ReadingTests(SynchronousTestCase):
    def test_marks(self) -> None:
        self.assertEqual(
            read_names("(o)From: (x)Sender : list-id"),
            (
                Listed(b"from", "always"),
                Listed(b"sender", "if present"),
                Listed(b"list-id", "never"),
            ),
        )

    def test_default(self) -> None:
        """Nothing that is changed on the way is signed (RFC 6376 5.4.1)."""
        listed = dict(read_names(DEFAULT_NAMES))
        self.assertEqual(listed[b"from"], "always")
        for name in (b"received", b"return-path", b"bcc", b"dkim-signature", b"comments"):
            self.assertNotIn(name, listed)

    def test_wrong_ones(self) -> None:
        for text, reason in (
            ("", "expected the name of a field"),
            ("from::to", "expected the name of a field"),
            ("(y)from", "expected the name of a field"),
            ("(o) from", "expected the name of a field"),
            ("from:\u00fc", "expected the name of a field"),
            ("from:a b", "expected the name of a field"),
            ("from:" + "x" * 71, "expected the name of a field"),
            ("to:cc", "every signature has it"),
            ("from:to:(o)To", "to is there twice"),
            (":".join(f"x{number}" for number in range(MAX_LISTED + 1)), "at most 100 names"),
        ):
            error = self.assertRaises(ValueError, read_names, text)
            self.assertIn(reason, str(error), text)


class NameTests(SynchronousTestCase):
    def test_how_often(self) -> None:
        text = "(o)from:(x)sender:list-id"
        for raw, expected in (
            (b"From: a\r\n\r\n", "from:from"),
            (b"From: a\r\nSender: b\r\n\r\n", "from:from:sender:sender"),
            (b"List-Id: b\nFROM : a\nlist-id: c\n\n", "from:from:list-id:list-id"),
        ):
            self.assertEqual(names(raw, text), expected)

    def test_default(self) -> None:
        """What an MTA adds later, as Date, is not oversigned where there is none."""
        self.assertEqual(
            names(b"From: a\r\nX-Other: b\r\n\r\n"), "from:from:reply-to:to:cc:subject"
        )
        found = names(b"From: a\r\nDate: b\r\nTo: c\r\n\r\n")
        self.assertEqual(found, "from:from:reply-to:to:to:cc:subject:date:date")

    def test_unsure(self) -> None:
        raw = b"From: a\r\nSubject: b\r\n\r\n"
        self.assertEqual(names(raw, "from:(o)subject:(o)to", b"subject"), "from:to")

    def test_unsignable(self) -> None:
        many = b"From: a\r\n" + b"List-Id: b\r\n" * MAX_NAMES
        for raw, unsure, reason in (
            (b"Subject: a\r\n\r\n", (), "not exactly one From"),
            (b"From: a\r\nFrom: b\r\n\r\n", (), "not exactly one From"),
            (b"From: a\r\n\r\n", (b"from",), "what its From will be"),
            (b"From: a\r\nno field\r\n\r\n", (), "where its header ends"),
            (many, (), "more than 200"),
        ):
            error = self.assertRaises(UnsignableError, names, raw, DEFAULT_NAMES, *unsure)
            self.assertIn(reason, str(error))

    def test_many_that_just_fit(self) -> None:
        raw = b"From: a\r\n" + b"List-Id: b\r\n" * (MAX_NAMES - 1)
        self.assertEqual(names(raw, "from:list-id").count("list-id"), MAX_NAMES - 1)
