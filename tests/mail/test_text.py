"""Transfer encodings, charsets and encoded words (bad-input.md, rows 5, 6, 48)."""

import codecs

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, Message, parse
from mailfilter.mail.charset import _CODECS, decode, find_codec

Kinds = AnomalyKind
OF_LINES = {Kinds.NO_FINAL_NEWLINE, Kinds.NUL, Kinds.MIXED_NEWLINES}
"""Of no interest here."""


def kinds(message: Message) -> set[AnomalyKind]:
    """The kinds of the anomalies."""
    return {anomaly.kind for anomaly in message.anomalies}


class Transfer(SynchronousTestCase):
    """Transfer encodings, whole and broken."""

    def check(self, encoding: bytes, body: bytes, data: bytes, *expected: AnomalyKind) -> None:
        """Compare decoded octets and the anomalies."""
        message = parse(b"Content-Transfer-Encoding: " + encoding + b"\n\n" + body)
        self.assertEqual(message.root.decoded, data)
        self.assertEqual(kinds(message) - OF_LINES, set(expected))

    def test_base64(self) -> None:
        """Base64."""
        table: list[tuple[bytes, bytes, tuple[AnomalyKind, ...]]] = [
            (b"", b"", ()),
            (b"eHl6", b"xyz", ()),
            (b"eH\r\nl6\r\n\r\n", b"xyz", ()),
            (b"eHk=\n", b"xy", ()),
            (b"eA==\n", b"x", ()),
            (b"eA", b"x", (Kinds.BAD_BASE64,)),
            (b"eHk", b"xy", (Kinds.BAD_BASE64,)),
            (b"eHl6e", b"xyz", (Kinds.BAD_BASE64,)),
            (b"eH!l6\n", b"xyz", (Kinds.BAD_BASE64,)),
            (b"eA==\neQ==\n", b"xy", (Kinds.DATA_AFTER_PADDING,)),
            (b"eHk=eHk=\n", b"xyxy", (Kinds.DATA_AFTER_PADDING,)),
            (b"====\n", b"", ()),
            (b"\x00\xff", b"", (Kinds.BAD_BASE64,)),
        ]
        for body, data, expected in table:
            with self.subTest(body=body):
                self.check(b"base64", body, data, *expected)

    def test_quoted_printable(self) -> None:
        """Quoted-printable."""
        table: list[tuple[bytes, bytes, tuple[AnomalyKind, ...]]] = [
            (b"a=3Db=\nc=\r\nd\n", b"a=bcd\n", ()),
            (b"=e9=E9", b"\xe9\xe9", ()),
            (b"=4", b"=4", (Kinds.BAD_QUOTED_PRINTABLE,)),
            (b"=G1=", b"=G1", (Kinds.BAD_QUOTED_PRINTABLE,)),
            (b"a=\rhidden\nb", b"a=\rhidden\nb", (Kinds.BAD_QUOTED_PRINTABLE, Kinds.BARE_CR)),
            (b"\xff\x00", b"\xff\x00", ()),
        ]
        for body, data, expected in table:
            with self.subTest(body=body):
                self.check(b"Quoted-Printable", body, data, *expected)

    def test_uuencode(self) -> None:
        """Uuencode, with and without its frame."""
        table: list[tuple[bytes, bytes, tuple[AnomalyKind, ...]]] = [
            (b"begin 644 a\n#86)C\n`\nend\nrest\n", b"abc", ()),
            (b"pre\nbegin 644 a\r\n#86)C\r\n \r\nend\r\n", b"abc", ()),
            (b"#86)C\n", b"abc", (Kinds.BAD_UUENCODE,)),
            (b"begin 644 a\n#86)CXXXX\nend\n", b"abc", ()),
            (b"begin 644 a\n\xff\xff\nend\n", b"", (Kinds.BAD_UUENCODE,)),
        ]
        for body, data, expected in table:
            with self.subTest(body=body):
                self.check(b"x-uuencode", body, data, *expected)

    def test_identity(self) -> None:
        """What is no encoding, and what nobody knows."""
        for encoding in (b"7bit", b"8bit", b"BINARY", b"", b" 8bit (comment)"):
            with self.subTest(encoding=encoding):
                self.check(encoding, b"a=41\n", b"a=41\n")
        self.check(b"x-odd", b"a=41\n", b"a=41\n", Kinds.UNKNOWN_ENCODING)
        self.check(b"rot13", b"a=41\n", b"a=41\n", Kinds.UNKNOWN_ENCODING)
        self.check(b"base64 ; x", b"eHl6\n", b"xyz")

    def test_files_in_text(self) -> None:
        """Files written into text are noted, in plain text."""
        for body, kind in (
            (b"begin 644 a\n#86)C\n", Kinds.INLINE_UUENCODE),
            (b"=ybegin line=128 size=1 name=a\n", Kinds.YENC),
        ):
            with self.subTest(body=body):
                message = parse(b"A: b\n\nhello\n" + body)
                _ = message.root.text
                self.assertEqual(kinds(message), {kind})
        message = parse(b"A: b\n\nlet us begin 6 days\n")
        _ = message.root.text
        self.assertEqual(message.anomalies, ())


class Charsets(SynchronousTestCase):
    """Octets to characters."""

    def check(self, name: str, data: bytes, text: str, *expected: AnomalyKind) -> None:
        """Compare the text of a part in a declared charset, and the anomalies."""
        message = parse(f"Content-Type: text/plain; charset={name}\n\n".encode() + data)
        self.assertEqual(message.root.text, text)
        self.assertEqual(kinds(message) - OF_LINES, set(expected))

    def test_known(self) -> None:
        """Charsets of the allow-list, by names as they are written."""
        table = [
            ("utf-8", "é€".encode(), "é€"),
            ("UTF8", b"\xef\xbb\xbfa", "a"),
            ("iso-8859-1", b"\x93a\x94", "“a”"),
            ("ISO_8859-15", b"\xa4", "€"),
            ("windows-1251", b"\xcf\xf0", "Пр"),
            ("KOI8-R", b"\xf0\xd2", "Пр"),
            ("gb2312", b"\xc4\xe3", "你"),
            ("gb18030", "𠀀".encode("gb18030"), "𠀀"),
            ("big5", b"\xa7A", "你"),
            ("Shift_JIS", b"\x82\xa0", "あ"),
            ("iso-2022-jp", b"\x1b$B$\x22\x1b(B", "あ"),
            ("euc-kr", b"\xb0\xa1", "가"),
            ("utf-7", b"+AOk-", "é"),
            ("utf-16", "é".encode("utf-16"), "é"),
            ("utf-16be", "é".encode("utf-16-be"), "é"),
        ]
        for name, data, text in table:
            with self.subTest(name=name):
                self.check(name, data, text)

    def test_names_that_lead_to_codecs(self) -> None:
        """Python's odd codecs, and names made to hurt, are unknown."""
        names = ["rot13", "zlib_codec", "idna", "unicode_escape", "raw_unicode_escape", "punycode"]
        names += ["base64", "hex", "mbcs", "undefined", "uu", "bz2", "quopri", "\x00", "x" * 10**6]
        for name in names:
            with self.subTest(name=name[:20]):
                self.assertIsNone(find_codec(name))
                self.assertEqual(decode(b"+AOk-\\u0041", name).text, "+AOk-\\u0041")
                self.assertEqual(decode(b"a", name).anomaly, Kinds.UNKNOWN_CHARSET)

    def test_table_of_names(self) -> None:
        """All codecs of the table exist and decode text."""
        for name in set(_CODECS.values()):
            with self.subTest(name=name):
                self.assertEqual(codecs.lookup(name).name.replace("-", "_").lower()[:2], name[:2])

    def test_wrong(self) -> None:
        """Wrong declarations, and none."""
        table: list[tuple[str, bytes, str, tuple[AnomalyKind, ...]]] = [
            ("utf-8", b"a\xffb", "a\ufffdb", (Kinds.CHARSET_MISMATCH,)),
            ("us-ascii", "é".encode(), "é", (Kinds.UNDECLARED_8BIT,)),
            ("us-ascii", b"caf\xe9 cr\xe8me", "café crème", (Kinds.UNDECLARED_8BIT,)),
            ("odd", "é".encode(), "é", (Kinds.UNKNOWN_CHARSET,)),
            ("utf-16", b"abc\n", "abc\n", (Kinds.CHARSET_MISMATCH,)),
            ("utf-16", b"\x00\xd8\x00", "\ufffd", (Kinds.CHARSET_MISMATCH,)),
            ("utf-7", b"+2AE-", "?", ()),
            ('""', "é".encode(), "é", (Kinds.UNDECLARED_8BIT,)),
        ]
        for name, data, text, expected in table:
            with self.subTest(name=name, data=data):
                self.check(name, data, text, *expected)

    def test_detection(self) -> None:
        """Undeclared text: what it says of itself, or what it looks like."""
        russian = "Здравствуйте, предлагаем вам выгодные условия. Звоните!"
        table = [
            (russian.encode("koi8-r"), russian),
            (russian.encode("cp1251"), russian),
            (
                "您好,请联系我们的客户经理。谢谢合作!".encode("gbk"),
                "您好,请联系我们的客户经理。谢谢合作!",
            ),
            (b"\x1b$B$\x22\x1b(B", "あ"),
            (b'<meta charset="iso-8859-7">\xe1', '<meta charset="iso-8859-7">α'),
            (b"\xe9", "é"),
        ]
        for data, text in table:
            with self.subTest(text=text):
                message = parse(b"Content-Type: text/html\n\n" + data)
                self.assertEqual(message.root.text, text)

    def test_only_text(self) -> None:
        """What is no text has no text."""
        self.assertEqual(parse(b"Content-Type: image/png\n\nx\n").root.text, "")


class Words(SynchronousTestCase):
    """Encoded words, through the subject."""

    def check(self, value: str, text: str, *expected: AnomalyKind) -> None:
        """Compare the subject and the anomalies."""
        message = parse(f"Subject: {value}\n\n".encode())
        self.assertEqual(message.subject, text)
        self.assertEqual(kinds(message), set(expected))

    def test_table(self) -> None:
        """One row for each form."""
        table: list[tuple[str, str, tuple[AnomalyKind, ...]]] = [
            ("plain", "plain", ()),
            ("=?utf-8?q?a=C3=A9_b?=", "aé b", ()),
            ("=?UTF-8?B?w6k=?=", "é", ()),
            ("=?utf-8*en?Q?x?=", "x", ()),
            ("a =?utf-8?q?b?= c", "a b c", ()),
            ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab", ()),
            ("=?utf-8?q?a?=\n\t=?iso-8859-1?q?=E9?=", "aé", ()),
            ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é", ()),
            ("=?utf-8?b?ww==?= =?utf-8?b?qQ==?=", "é", ()),
            ("=?utf-8?b?w6k?=", "é", ()),
            ("=?utf-8?q?a b?=", "a b", ()),
            ("x=?utf-8?q?a?=y", "xay", ()),
            ("=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ", ()),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?=", ()),
            ("=?utf-8?q?a", "=?utf-8?q?a", (Kinds.BAD_ENCODED_WORD,)),
            ("=?utf-8?b?w6kA!x?=", "é\x00", (Kinds.BAD_ENCODED_WORD,)),
            ("=?odd?q?=C3=A9?=", "é", (Kinds.UNKNOWN_CHARSET,)),
            ("=?rot13?q?abc?=", "abc", (Kinds.UNKNOWN_CHARSET,)),
            ("=?utf-8?q?=FF?=", "\ufffd", (Kinds.CHARSET_MISMATCH,)),
            ("=?utf-7?q?+2AE-?=", "?", ()),
            (
                "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=",
                "=?utf-8?q?a?=",
                (Kinds.NESTED_ENCODED_WORD,),
            ),
            ("=?utf-8?b?4oCu?=x", "\u202ex", (Kinds.BIDI_CONTROL,)),
            ("=?utf-8?b?4oCL?=x", "\u200bx", (Kinds.INVISIBLE_CHARACTER,)),
        ]
        for value, text, expected in table:
            with self.subTest(value=value):
                self.check(value, text, *expected)

    def test_bomb(self) -> None:
        """Very many words cost no more than the cap."""
        message = parse(b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\n")
        self.assertLess(len(message.subject or ""), 70_000)
        self.assertIn(Kinds.HEADER_CUT, kinds(message))
