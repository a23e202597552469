"""In what rules look."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.mail.message import parse_text
from mailfilter.rules.target import MAX_OCTETS, MAX_VALUES, TargetError, read_octets, read_target

MESSAGE = b"""\
Subject: =?utf-8?q?caf=C3=A9?=
 noir
From: "Bob B." <bob@Example.com>
To: a@example.org, =?utf-8?q?Z=0D=0AX?= <z@example.org>
X-Test: one
X-Test:two
X-Folded: a =?utf-8?q?b=0D=0Ac?=
 d
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

na=EFve
--b
Content-Type: text/html

<p>See <a href='HTTP://Example.com:80/%61?b'>here</a>
--b
Content-Type: application/octet-stream; name="a.exe"
Content-Disposition: attachment; filename="a.pdf"

x
--b--
"""


class OctetsTests(SynchronousTestCase):
    """What each target has of a message."""

    def test_each(self) -> None:
        """Every kind of target, and nothing where the message has nothing."""
        message = parse(MESSAGE)
        for name, expected in (
            ("subject", "caf\u00e9 noir"),
            ("header:x-test", "one\ntwo"),
            ("header:X-TEST", "one\ntwo"),
            ("header:x-none", None),
            ("header:x-folded", "a b c d"),
            ("rawheader:x-test", " one\ntwo"),
            ("rawheader:subject", " =?utf-8?q?caf=C3=A9?=\n noir"),
            ("address:from", "bob@Example.com"),
            ("address:to", "a@example.org\nz@example.org"),
            ("address:cc", None),
            ("name:from", "Bob B."),
            ("name:to", "Z X"),
            ("text", "na\u00efve\nSee here"),
            ("words", "na\u00efve see here"),
            ("html", "<p>See <a href='HTTP://Example.com:80/%61?b'>here</a>"),
            ("urls", "http://example.com/%61?b"),
            ("filenames", "a.pdf\na.exe"),
        ):
            found = read_octets(read_target(name), message)
            self.assertEqual(found, None if expected is None else expected.encode(), name)

    def test_breaks(self) -> None:
        """A value is one line, however an encoded word breaks it."""
        for sign in ("=0D", "=0A", "=0D=0A"):
            message = parse(f"X-A: =?utf-8?q?a{sign}b?=\n\n".encode())
            self.assertEqual(read_octets(read_target("header:x-a"), message), b"a b", sign)

    def test_whole(self) -> None:
        """All of the header, decoded and as sent, and the body."""
        message = parse(MESSAGE)
        head, _, body = MESSAGE.partition(b"\n\n")
        self.assertEqual(read_octets(read_target("body"), message), body)
        self.assertEqual(read_octets(read_target("rawheaders"), message), head + b"\n")
        headers = read_octets(read_target("headers"), message) or b""
        self.assertIn("Subject: caf\u00e9 noir\nFrom: ".encode(), headers)

    def test_empty(self) -> None:
        """A field without a value is there; a body without octets is not."""
        message = parse(b"Subject:\n\n")
        self.assertEqual(read_octets(read_target("subject"), message), b"")
        self.assertIsNone(read_octets(read_target("body"), message))

    def test_text_alone(self) -> None:
        """A subject that was told beside the text is the subject."""
        message = parse_text(b"text", "told")
        self.assertEqual(read_octets(read_target("subject"), message), b"told")
        self.assertEqual(read_octets(read_target("body"), message), b"text")

    def test_octets(self) -> None:
        """Characters are UTF-8, octets are not."""
        message = parse(b"Subject: caf\xe9\n\n\xe9")
        found = read_octets(read_target("subject"), message) or b""
        self.assertEqual(found.decode(), "caf\u00e9")
        self.assertEqual(read_octets(read_target("rawheader:subject"), message), b" caf\xe9")
        self.assertEqual(read_octets(read_target("body"), message), b"\xe9")
        self.assertEqual(
            [read_target(name).is_octets for name in ("subject", "rawheader:subject", "body")],
            [False, True, True],
        )

    def test_bounded(self) -> None:
        """Many values and large ones are cut, never within a character."""
        many = parse(b"X-A: 1\n" * (MAX_VALUES + 5) + b"\n")
        found = read_octets(read_target("header:x-a"), many) or b""
        self.assertEqual(found.count(b"1"), MAX_VALUES)
        body = "x\u20ac\u20ac".encode() * (MAX_OCTETS // 7 + 10)
        large = parse(b"Content-Type: text/plain; charset=utf-8\n\n" + body)
        self.assertEqual(len(read_octets(read_target("body"), large) or b""), MAX_OCTETS)
        text = read_octets(read_target("text"), large) or b""
        self.assertLessEqual(len(text), MAX_OCTETS)
        text.decode()


class NameTests(SynchronousTestCase):
    """Names of targets."""

    def test_texts(self) -> None:
        """A target is told by the name that it is read by."""
        for name in ("header:x-mailer", "rawheader:to", "address:from", "headers", "body"):
            self.assertEqual(str(read_target(name)), name)
        self.assertEqual(str(read_target("subject")), "header:subject")

    def test_header(self) -> None:
        """Whether a target is of the header alone."""
        for name, expected in (("subject", True), ("headers", True), ("body", False)):
            self.assertEqual(read_target(name).is_header, expected)

    def test_needs(self) -> None:
        """The field without which a message has nothing of it; a subject may be told beside it."""
        for name, expected in (
            ("header:x-mailer", b"x-mailer"),
            ("rawheader:subject", b"subject"),
            ("address:reply-to", b"reply-to"),
            ("name:from", b"from"),
            ("subject", None),
            ("headers", None),
            ("body", None),
        ):
            self.assertEqual(read_target(name).needs, expected, name)

    def test_refused(self) -> None:
        """What was expected is told, with a name that is near."""
        for text, expected in (
            ("header:", "expected the name of a field after header:, got ''"),
            ("header:a b", "expected the name of a field after header:, got 'a b'"),
            ("address:subject", "expected one of from, sender, reply-to, to, cc after address:"),
            ("name:x", "expected one of from, sender, reply-to, to, cc after name:"),
            ("bodi", "got 'bodi'; did you mean body?"),
            ("header", "expected one of subject, header:NAME, "),
            ("", "expected one of subject, "),
        ):
            error = self.assertRaises(TargetError, read_target, text)
            self.assertIn(expected, str(error))
