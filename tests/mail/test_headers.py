"""Header blocks of every shape (bad-input.md, row 3)."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import AnomalyKind, Message, parse
from mailfilter.mail.headers import STRAY_LINES
from mailfilter.mail.limits import Limits

Kinds = AnomalyKind


def names(message: Message) -> list[str]:
    """The names of the fields."""
    return [header.name for header in message.headers]


class Blocks(SynchronousTestCase):
    """Which lines are fields, and where the body begins."""

    def check(self, raw: bytes, fields: list[str], body: bytes, *kinds: AnomalyKind) -> None:
        """Compare the names, the body and the anomalies."""
        message = parse(raw)
        self.assertEqual(names(message), fields)
        self.assertEqual(message.root.raw_body, body)
        found = [anomaly.kind for anomaly in message.anomalies]
        self.assertEqual(sorted(found), sorted(kinds))

    def test_table(self) -> None:
        """One row for each shape."""
        table: list[tuple[bytes, list[str], bytes, tuple[AnomalyKind, ...]]] = [
            (b"A: 1\r\nB: 2\r\n\r\nx\r\n", ["A", "B"], b"x\r\n", ()),
            (b"A: 1\nB: 2\n\nx\n", ["A", "B"], b"x\n", ()),
            (b"", [], b"", (Kinds.NO_HEADERS,)),
            (b"x\n", [], b"x\n", (Kinds.NO_HEADERS, Kinds.MISSING_SEPARATOR)),
            (b"A: 1", ["A"], b"", (Kinds.NO_FINAL_NEWLINE,)),
            (b"A: 1\n", ["A"], b"", ()),
            (b"A: 1\n\nx", ["A"], b"x", (Kinds.NO_FINAL_NEWLINE,)),
            (b"A: 1\r\n\nx\n", ["A"], b"x\n", (Kinds.MIXED_NEWLINES,)),
            (b"A: 1\rB: 2\n\nx\n", ["A"], b"x\n", (Kinds.BARE_CR,)),
            (b"A: 1\n\nx\x00\n", ["A"], b"x\x00\n", (Kinds.NUL,)),
            (b"A: 1\nodd\n\nx\n", ["A"], b"odd\n\nx\n", (Kinds.MISSING_SEPARATOR,)),
            (
                b"A: 1\nodd words: 2\n\nx\n",
                ["A"],
                b"odd words: 2\n\nx\n",
                (Kinds.MISSING_SEPARATOR,),
            ),
            (b"A: 1\n: 2\nB: 3\n\nx\n", ["A", "B"], b"x\n", (Kinds.STRAY_LINE,)),
            (b" 1\nA: 1\n\nx\n", ["A"], b"x\n", (Kinds.STRAY_LINE,)),
            (b"From a\nA: 1\n\nx\n", ["A"], b"x\n", (Kinds.MBOX_FROM_LINE,)),
            (b"A: 1\n>From a\nB: 2\n\nx\n", ["A", "B"], b"x\n", (Kinds.MBOX_FROM_LINE,)),
            (b"A\t : 1\n\nx\n", ["A"], b"x\n", (Kinds.SPACE_BEFORE_COLON,)),
            (b"\xc4: 1\n\nx\n", ["Ä"], b"x\n", (Kinds.EIGHT_BIT_NAME,)),
            (b"\nA: 1\n\nx\n", [], b"A: 1\n\nx\n", (Kinds.LEADING_BLANK_LINE, Kinds.NO_HEADERS)),
            (b"A: 1\n \n\t2\n\nx\n", ["A"], b"x\n", ()),
        ]
        for raw, fields, body, kinds in table:
            with self.subTest(raw=raw):
                self.check(raw, fields, body, *kinds)

    def test_cut(self) -> None:
        """Whether others may see fields that are not listed."""
        limits = Limits(block_headers=2, header_bytes=200)
        for raw, is_cut in (
            (b"", False),
            (b"A: 1", False),
            (b"A: 1\nB: 2\n\nx\n", False),
            (b"A: 1\n" + b":\n" * STRAY_LINES + b"B: 2\n\nx\n", False),
            (b"\nA: 1\n\nx\n", False),
            (b"A: " + b"1" * 200 + b"\n\nx\n", False),
            (b"A: 1\nodd\nB: 2\n\nx\n", True),
            (b"A: 1\nB: 2\nC: 3\n\nx\n", True),
            (b"A: " + b"1" * 200 + b"\nB: 2\n\nx\n", True),
            (b"A: 1\n" + b":\n" * (STRAY_LINES + 1) + b"B: 2\n\nx\n", True),
        ):
            self.assertEqual(parse(raw, limits).headers.is_cut, is_cut, raw)

    def test_whole(self) -> None:
        """Whether nobody sees other fields; a line of an mbox on top is passed over by all."""
        limits = Limits(block_headers=2)
        for raw, is_whole in (
            (b"", True),
            (b"A: 1\r\n b\nB: 2\r\n\r\nx\ry\0", True),
            (b"A: 1\r\n", True),
            (b"From a Mon\nA: 1\n\n", True),
            (b"A: 1\nB: 2\nC: 3\n\n", False),
            (b"A: 1\nodd\n\n", False),
            (b" odd\nA: 1\n\n", False),
            (b"A: 1\rB: 2\n\n", False),
            (b"A: 1\r\r\nB: 2\r\n\r\n", False),
            (b"A: 1\r", False),
            (b"A: 1\0\n\n", False),
            (b"A: \xe4\n\n", True),
            (b"\xe4: 1\nA: 1\n\n", False),
            (b"From a\rB: 2\nA: 1\n\n", False),
        ):
            self.assertEqual(parse(raw, limits).headers.is_whole(), is_whole, raw)

    def test_possible(self) -> None:
        """What else may be taken for a field: the first and the last ones."""
        raw = b"".join(
            (
                b"To: 1\r\n x\r\n",
                b"A: b\rTO : 2\r\n",
                b"A: b\0\tto: 3\0to: 4\n",
                b"\xef\xbb\xbfto\xc2\xa0: 5\n",
                b"not to: 0\n",
                b"to 6\n",
                b"to: 7\r\n\r\n",
                b"to: 8\r\n",
            )
        )
        headers = parse(raw).headers
        values = [b" 1\r\n x", b" 2", b" 3", b" 4", b" 5", b" 7"]
        self.assertEqual(headers.possible(b"to", 6), (values, True))
        self.assertEqual(headers.possible(b"to", 3), (values, True))
        self.assertEqual(headers.possible(b"to", 2), (values[:2] + values[-2:], False))
        self.assertEqual(headers.possible(b"to", 1), ([values[0], values[-1]], False))
        self.assertEqual(headers.possible(b"cc", 1), ([], True))
        beyond = parse(b"A: b\n" * 10 + b"To: c\n\n", Limits(block_headers=3))
        self.assertEqual(beyond.headers.possible(b"to", 1), ([b" c"], True))
        beyond = parse(b"A: b\n" * 10 + b"To: c\n\n", Limits(header_bytes=20))
        self.assertEqual(beyond.headers.possible(b"to", 1), ([], True))

    def test_what_a_body_is(self) -> None:
        """Any number of fields before it does not hide that: other programs read it."""
        many = b"X-Y: z\r\n" * 3000
        body = (
            b"Content-Type: text/plain\r\nContent-Transfer-Encoding :\r\n base64\r\n"
            b"Content-Disposition: inline\r\n"
        )
        message = parse(b"From: a@b\r\n" + many + body + many + b"Content-X: y\r\n\r\naGVsbG8=")
        disposition = message.headers.get("Content-Disposition")
        assert disposition is not None
        self.assertTrue(message.headers.is_cut)
        self.assertEqual("hello", message.text_parts[0].text)
        self.assertEqual("inline", disposition.unfolded)
        self.assertNotIn("content-x", message.headers)
        first = b"Content-Type: text/html\r\n" + many + body + b"\r\nx"
        self.assertEqual("text/html", parse(first).root.type)

    def test_exact_octets(self) -> None:
        """Names, values and whole fields as they came, folds included."""
        raw = b"A:1\r\nb : \x00\xff \r\n\t2\r\nC:\r\n\r\n"
        headers = parse(raw).headers
        self.assertEqual(
            [h.raw for h in headers], [b"A:1\r\n", b"b : \x00\xff \r\n\t2\r\n", b"C:\r\n"]
        )
        self.assertEqual([h.value for h in headers], [b"1", b" \x00\xff \r\n\t2", b""])
        self.assertEqual([h.name for h in headers], ["A", "b", "C"])
        self.assertEqual(b"".join(h.raw for h in headers), raw[:-2])

    def test_lookup(self) -> None:
        """By name in any case, and by place."""
        headers = parse(b"A: 1\nB: 2\na: 3\n\n").headers
        first = headers.get("a")
        assert first is not None
        self.assertEqual(first.text, "1")
        self.assertIs(first, headers[0])
        self.assertEqual([h.text for h in headers.all("A")], ["1", "3"])
        self.assertEqual((headers.count("a"), headers.count("x"), len(headers)), (2, 0, 3))
        self.assertEqual(headers.names(), {b"a", b"b"})
        self.assertIn("B", headers)
        self.assertNotIn("c", headers)
        self.assertNotIn("€", headers)
        self.assertIsNone(headers.get("c"))
        self.assertEqual([h.text for h in headers[1:]], ["2", "3"])
        self.assertEqual(headers[-1].text, "3")
        self.assertRaises(IndexError, headers.__getitem__, 3)

    def test_unfolding(self) -> None:
        """Line ends go, white space stays; UTF-8, else the body's charset, else detection."""
        table = [
            (b"A: 1\r\n 2\r\n\t3 \r\n\r\n", "1 2\t3"),
            ("A: é\n\n".encode(), "é"),
            (b"Content-Type: text/plain; charset=koi8-r\nA: \xf0\xd2\n\n", "Пр"),
            (b"A: caf\xe9\n\n", "café"),
        ]
        for raw, text in table:
            with self.subTest(raw=raw):
                self.assertEqual(parse(raw).headers.all("a")[0].unfolded, text)

    def test_message_ids(self) -> None:
        """With and without brackets."""
        for value, found in ((b"<a@b>", "a@b"), (b"a@b", "a@b"), (b"x <a> y", "a"), (b"", "")):
            with self.subTest(value=value):
                self.assertEqual(parse(b"Message-ID: " + value + b"\n\n").message_id, found)
        self.assertIsNone(parse(b"").message_id)
        self.assertIsNone(parse(b"").subject)


class OtherReadings(SynchronousTestCase):
    """What programs see that treat odd lines in another way."""

    def test_odd_line(self) -> None:
        """Some skip a line that is no field and go on with the header."""
        raw = (
            b"A: 1\nodd\nContent-Type: multipart/mixed; boundary=b\n\n"
            b"--b\nContent-Type: application/x-a\n\nx\n--b--\n"
        )
        message = parse(raw)
        self.assertEqual(names(message), ["A"])
        self.assertEqual([part.type for part in message.alternatives], ["application/x-a"])

    def test_leading_blank_line(self) -> None:
        """Some skip blank lines before the header."""
        message = parse(b"\r\n\r\nContent-Type: text/html\r\n\r\nx\r\n")
        self.assertEqual([part.type for part in message.alternatives], ["text/html"])

    def test_cr_alone(self) -> None:
        """Some take CR for a line end in a message without LF."""
        message = parse(b"A: 1\rContent-Type: text/html\r\rx\r")
        self.assertEqual([part.type for part in message.alternatives], ["text/html"])
        self.assertEqual(message.alternatives[0].decoded, b"x\n")
