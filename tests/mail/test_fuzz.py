"""Nothing raises, whatever the octets are, and what must hold does."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import Headers, Message, Part
from mailfilter.mail.charset import _CODECS, decode

from .shapes import SHAPES, parse_and_touch

TOKENS = [
    *(b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n", b" ", b"\t", b"\x00", b"\xff", b"\xc3\xa9"),
    *(b":", b";", b"=", b'"', b"\\", b"(", b")", b"<", b">", b"@", b",", b"[", b"]", b"%", b"*"),
    *(b"From ", b">From ", b"Subject: ", b"To: ", b"From: ", b"Date: ", b"Message-ID: <"),
    *(b"Received: from a (b [192.0.2.1]) by c; ", b"1 Jan 2020 00:00:00 +0000", b"9" * 5000),
    *(b"Content-Type: ", b"Content-Transfer-Encoding: ", b"Content-Disposition: attachment"),
    *(b"multipart/mixed", b"multipart/digest", b"message/rfc822", b"text/plain", b"text/html"),
    *(b"; boundary=b", b'; boundary="b c"', b"; boundary*0=b", b"; charset=", b"; filename="),
    *(b"; name*0*=utf-8''", b"; name*1=", b"--b\n", b"\n--b\r\n", b"\n--b--\n", b"--b--"),
    *(b"base64", b"quoted-printable", b"x-uuencode", b"7bit", b"QUJD", b"QQ==", b"=41", b"=\n"),
    *(b"begin 644 a\n", b"#86)C\n", b"end\n", b"=ybegin line=128 size=1 name=a\n"),
    *(b"=?utf-8?q?", b"=?gb2312?b?", b"?=", b"=?", b"utf-7", b"utf-16", b"iso-2022-jp", b"hz"),
    *(b"rot13", b"zlib_codec", b"unicode_escape", b"idna", b"+2AE-", b"\x1b$B", b"~{", b"\xed\xa0"),
]
MESSAGES = st.lists(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)), max_size=60).map(
    b"".join
)
BOUNDED = settings(
    max_examples=1500,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def check_headers(case: SynchronousTestCase, raw: bytes, headers: Headers) -> None:
    """The fields and the stray lines are the octets of the block, in order, nothing missing."""
    spans = [field.span() for field in headers._fields] + headers.stray
    joined = b"".join(raw[start:end] for start, end in sorted(spans))
    case.assertEqual(joined, raw[headers.start : headers.end])
    for header, field in zip(headers, headers._fields, strict=True):
        case.assertEqual(header.raw, raw[field.start() : field.end()])
        case.assertIn(header.value, header.raw)


def check_part(case: SynchronousTestCase, part: Part, start: int, end: int) -> None:
    """Offsets nest; what is text can be encoded."""
    case.assertTrue(start <= part.start <= part.headers.end <= part.body_start, part)
    case.assertTrue(part.body_start <= part.end <= end, part)
    check_headers(case, part.octets, part.headers)
    for text in (part.text, *part.filenames, *part.params.values(), part.type):
        text.encode("utf_8")
    for header in part.headers:
        header.text.encode("utf_8")
    at = part.body_start
    for child in part.children:
        check_part(case, child, at, part.end)
        at = child.end


def check_message(case: SynchronousTestCase, message: Message) -> None:
    """What must hold of any message."""
    check_part(case, message.root, 0, message.size)
    case.assertEqual(message.parts[0], message.root)
    for address in message.from_ + message.to + message.cc:
        (address.name + address.address).encode("utf_8")
    (message.subject or "").encode("utf_8")


class Fuzz(SynchronousTestCase):
    """Generated messages."""

    def test_tokens(self) -> None:
        """Pieces of mail syntax in any order."""

        @BOUNDED
        @given(MESSAGES)
        def check(raw: bytes) -> None:
            check_message(self, parse_and_touch(raw))

        check()

    def test_with_header(self) -> None:
        """A multipart whose body is made of such pieces."""

        @BOUNDED
        @given(MESSAGES)
        def check(raw: bytes) -> None:
            head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            check_message(self, parse_and_touch(head + raw))

        check()

    def test_cut_anywhere(self) -> None:
        """A message cut at every offset."""
        raw = (
            b"From: =?utf-8?q?=C3=A9?= <a@b>\r\nContent-Type: multipart/mixed;\r\n"
            b' boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n4oKs4oKs\r\n--b\r\n"
            b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n=41\r\n--b--\r\n"
        )
        for end in range(len(raw) + 1):
            check_message(self, parse_and_touch(raw[:end]))
        for start in range(len(raw)):
            check_message(self, parse_and_touch(raw[start:]))

    def test_shapes(self) -> None:
        """The hostile shapes, small."""
        for name, shape in SHAPES.items():
            for size in (0, 1, 100, 5000):
                with self.subTest(shape=name, size=size):
                    check_message(self, parse_and_touch(shape(size)))

    def test_charsets(self) -> None:
        """No charset raises or lets a surrogate through."""
        names = sorted(set(_CODECS.values()))

        @BOUNDED
        @given(st.sampled_from(names), st.binary(max_size=40))
        def check(name: str, data: bytes) -> None:
            decode(data, name).text.encode("utf_8")
            decode(data, name, is_cut=True).text.encode("utf_8")

        check()
