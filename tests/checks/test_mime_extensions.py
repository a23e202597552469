"""Extensions of dangerous files."""

from mailfilter.checks.mime_extensions import MimeExtensions
from mailfilter.scan.check import Hit
from mailfilter.testing.checks import run_check

from ..mail.archive_shapes import central, local, zip_with
from .mime_case import attached, file, mixed, part
from .url_case import UrlCase


class MimeExtensionsTests(UrlCase):
    check = MimeExtensions

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_BAD_EXTENSION": (
                    [
                        file("a.exe"),
                        file("a.SCR. ."),
                        file("a.v1.js"),
                        file("page.html", "text/html"),
                        file("a.e\u200bxe"),
                        mixed(part("application/octet-stream; name=a.lnk")),
                        mixed(part("application/octet-stream; name=a.lnk", name="a.pdf")),
                    ],
                    [file("a.pdf"), file("exe"), file("a.exe.txt"), file("a.pdf.exe"), file("a.")],
                ),
                "MIME_DOUBLE_BAD_EXTENSION": (
                    [file("a.pdf.exe"), file("a.PDF   .js"), file("x.jpg.lnk")],
                    [file("a.exe"), file("v1.2.exe"), file("a.exe.js"), file("a.tar.gz")],
                ),
            }
        )

    def test_worst_one_counts(self) -> None:
        raw = mixed(*[part("application/pdf", name=name) for name in ("a.exe", "b.js", "c.jar")])
        self.assertEqual(
            list(run_check(MimeExtensions, raw)), [Hit("MIME_BAD_EXTENSION", 4.0, ("js",))]
        )

    def test_in_archives(self) -> None:
        """Other extensions count there, and some for less."""
        for name, expected in (
            ("a.lnk", [Hit("MIME_BAD_EXTENSION", 4.0, ("lnk",))]),
            ("a.exe", [Hit("MIME_BAD_EXTENSION", 0.1, ("exe",))]),
            ("a.jpg.js", [Hit("MIME_DOUBLE_BAD_EXTENSION", 0.5, ("jpg.js",))]),
            ("a.lnk\0.txt", [Hit("MIME_BAD_EXTENSION", 4.0, ("lnk",))]),
            ("a.lnk\u200b", [Hit("MIME_BAD_EXTENSION", 4.0, ("lnk",))]),
            ("a.txt", []),
            ("a.lnk/", []),
        ):
            data = zip_with(local(name.encode()), central(name.encode()))
            self.assertEqual(list(run_check(MimeExtensions, attached(data))), expected, name)
            self.assertEqual(list(run_check(MimeExtensions, attached(data, "a.docx"))), [], name)

    def test_option_of_double(self) -> None:
        self.assertEqual(
            list(run_check(MimeExtensions, file("a.pdf.exe"))),
            [Hit("MIME_DOUBLE_BAD_EXTENSION", 1.0, ("pdf.exe",))],
        )

    def test_other_readings(self) -> None:
        """Of a message with two boundaries that programs read differently."""
        raw = (
            b"Content-Type: multipart/mixed; boundary=a\n"
            b"Content-Type: multipart/mixed; boundary=b\n\n"
            b"--a\n\nhi\n--a--\n--b\nContent-Disposition: attachment; filename=x.exe\n\nMZ\n--b--\n"
        )
        self.assertEqual(list(self.found(raw)), ["MIME_BAD_EXTENSION"])
