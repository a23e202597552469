"""What PDF files show from without."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.pdf import (
    MAX_BEHIND,
    MAX_NAMES,
    MAX_OBJECTS,
    MAX_OCTETS,
    MAX_STREAMS,
    PdfTraits,
    read_pdf,
)

PLAIN = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Length 3 >>\nendobj\ntrailer\n%%EOF\n"


class PdfTests(SynchronousTestCase):
    def test_plain(self) -> None:
        self.assertEqual(read_pdf(PLAIN), PdfTraits(False, False, False, False, 1, 0))

    def test_names(self) -> None:
        for name, expected in (
            (b"/Encrypt 5 0 R", PdfTraits(True, False, False, False, 0, 0)),
            (b"/JS (app.alert)", PdfTraits(False, True, False, False, 0, 0)),
            (b"/S/JavaScript", PdfTraits(False, True, False, False, 0, 0)),
            (b"/S/Launch/Win<</F(a.exe)>>", PdfTraits(False, False, True, False, 0, 0)),
            (b"/L#61unch /#57in", PdfTraits(False, False, True, True, 0, 0)),
            (b"/S/Launch/F(b.docx)/WinAnsiEncoding", PdfTraits(False, False, False, False, 0, 0)),
            (b"/Win", PdfTraits(False, False, False, False, 0, 0)),
            (b"/J#61vaScript", PdfTraits(False, True, False, True, 0, 0)),
            (b"/#4aS", PdfTraits(False, True, False, True, 0, 0)),
            (b"/#4aS /L#65#66t", PdfTraits(False, True, False, True, 0, 0)),
            (b"/#4f#70enAction", PdfTraits(False, False, False, True, 0, 0)),
            (b"/L#65#66t", PdfTraits(False, False, False, False, 0, 0)),
            (b"/JSON /Encrypted /XEncrypt", PdfTraits(False, False, False, False, 0, 0)),
            (b"/J" + b"x" * 100 + b"#zz", PdfTraits(False, False, False, False, 0, 0)),
        ):
            self.assertEqual(read_pdf(name), expected, name)

    def test_streams(self) -> None:
        """What is packed may have any octets by chance."""
        for data, expected in (
            (b"<<>>\nstream\n/JS \nendstream\n", False),
            (b"<<>>stream\r\n/JS ", False),
            (b"<<>> stream\nxx\nendstream\n/JS ", True),
            (b"<<>>stream\n%\nendstream %x\n<<>>stream\n/JS \nendstream\n", False),
        ):
            self.assertIs(read_pdf(data).has_javascript, expected, data)

    def test_no_streams(self) -> None:
        """Nothing hides behind what only looks like a stream."""
        for data in (
            b"% stream\n/JS ",
            b"% >>stream\n/JS \nendstream",
            b"% >>\nstream\n/JS \nendstream",
            b"(stream)\n/JS \nendstream",
            b"<<>>streams\n/JS \nendstream",
            b"(>>\nstream\n) /JS 1 endobj 2 0 obj endstream",
            b"(>>\nstream\n) endobj /JS ",
        ):
            self.assertTrue(read_pdf(data).has_javascript, data)

    def test_objects(self) -> None:
        many = b"".join([b"%d 0 obj\n" % number for number in range(MAX_OBJECTS + 10)])
        self.assertEqual(read_pdf(many).objects, MAX_OBJECTS + 1)

    def test_bounds(self) -> None:
        """What is behind them is not searched."""
        for piece, many in ((b"/Ex ", MAX_NAMES), (b">>stream\nendstream", MAX_STREAMS)):
            self.assertTrue(read_pdf(piece * (many - 1) + b"/JS ").has_javascript, piece)
            self.assertFalse(read_pdf(piece * (many + 1) + b"/JS ").has_javascript, piece)
        self.assertTrue(read_pdf(b" " * (MAX_OCTETS - 3) + b"/JS").has_javascript)
        self.assertFalse(read_pdf(b" " * MAX_OCTETS + b"/JS").has_javascript)

    def test_trailing(self) -> None:
        for data, expected in (
            (b"%%EOF", 0),
            (b"%%EOF\r\n" + bytes(5000), 0),
            (b"%%EOF" + b"x" * 100 + b"%%EOF\n" + b"x" * 50, 50),
            (b"%%EOF" + b"x" * 100_000, MAX_BEHIND),
            (b"no end", 0),
        ):
            self.assertEqual(read_pdf(data).trailing, expected)

    def test_truncated(self) -> None:
        for size in range(len(PLAIN)):
            read_pdf(PLAIN[:size])
