"""Programs in attached archives."""

from mailfilter.checks.archive_programs import ArchivePrograms

from ..mail.archive_shapes import (
    STORED,
    central,
    file4,
    local,
    rar4,
    rar5,
    tar_of,
    zip_of,
    zip_with,
)
from .mime_case import attached, file
from .url_case import UrlCase, plain

HONEST = attached(
    zip_of({"a.txt": b"hello", "invoice.pdf": b"x"}), "invoice.zip", subject="invoice"
)
ONE = zip_of({"a.exe": b"MZ"})
TWO = zip_of({"a.exe": b"MZ", "readme.txt": b"x"})
RAR = rar4(file4(b"a.exe"), file4(b"b.txt"))


class ArchiveProgramsTests(UrlCase):
    check = ArchivePrograms

    def test_symbols(self) -> None:
        self.compare(
            {
                "EXE_ARCHIVE_CLICKBAIT_FILENAME": (
                    [
                        attached(ONE, "Invoice_2024.zip"),
                        attached(zip_of({"DHL-Rechnung.scr": b""}), "a.zip"),
                        attached(zip_of({"Cotizaci\u00f3n.exe": b""})),
                    ],
                    [
                        HONEST,
                        attached(ONE, "setup.zip"),
                        attached(TWO, "invoice.zip"),
                        attached(ONE, "disorders.zip"),
                    ],
                ),
                "EXE_ARCHIVE_CLICKBAIT_SUBJECT": (
                    [
                        attached(ONE, subject="Your ORDER 1234"),
                        attached(ONE, subject="=?utf-8?q?Re=3A_Purchase_order?="),
                    ],
                    [HONEST, attached(ONE, subject="Our new tool"), attached(TWO, subject="order")],
                ),
                "EXE_IN_ARCHIVE": (
                    [
                        attached(TWO),
                        attached(zip_of({"a.exe. ": b""})),
                        attached(zip_of({"a.exe" + " ." * 50: b""})),
                        attached(zip_of({"x.zip": ONE})),
                        attached(zip_with(local(b"a.exe\0.txt"), central(b"a.exe\0.txt"))),
                        attached(tar_of({"a.scr": b""}), "a.tar"),
                        attached(RAR, "a.rar"),
                        attached(zip_of({"example.com": b"", "readme.txt": b""})),
                        attached(zip_of({"a.exe": b"", "example.org": b""})),
                        attached(ONE, "", "application/zip"),
                    ],
                    [
                        HONEST,
                        attached(zip_of({"example.com": b"", "example.org": b""})),
                        attached(zip_of({"exe": b"", "b.exe.txt": b"", "c.exe/": b""})),
                        file("a.exe"),
                        plain("hi"),
                        b"",
                    ],
                ),
                "EXE_IN_MISIDENTIFIED_RAR": (
                    [attached(RAR, "a.zip"), attached(RAR, "a.pdf")],
                    [attached(RAR, "a.rar"), attached(rar4(file4(b"a.txt")), "a.zip")],
                ),
                "MIME_EXE_IN_GEN_SPLIT_RAR": (
                    [attached(RAR, "a.001"), attached(RAR, "a.12")],
                    [
                        attached(RAR, "a.rar"),
                        attached(RAR, "a.r01"),
                        attached(RAR, "a.001", "application/x-rar; name=a.rar"),
                        attached(ONE, "a.001"),
                    ],
                ),
                "MISIDENTIFIED_RAR": (
                    [attached(rar4(), "a.zip"), attached(rar5(), "a.doc"), attached(RAR, "rar")],
                    [
                        attached(RAR, "a.RAR"),
                        attached(RAR, "a.r00"),
                        attached(RAR, "a.001"),
                        attached(RAR, "", "application/x-rar"),
                        attached(ONE, "a.rar"),
                    ],
                ),
                "SINGLE_FILE_ARCHIVE_WITH_EXE": (
                    [attached(ONE), attached(zip_of({"folder/": b"", "folder/a.exe": b""}))],
                    [HONEST, attached(TWO), attached(zip_of({"a.txt": b""}))],
                ),
                "UDF_COMPRESSION_500PLUS": (
                    [attached(zip_of({"a.iso": bytes(1_000_000)}))],
                    [
                        attached(zip_of({"a.txt": bytes(1_000_000)})),
                        attached(zip_of({"a.iso": b"hello"})),
                        attached(zip_of({"a.iso": b""})),
                        attached(zip_of({"a.iso": b""}, method=STORED)),
                    ],
                ),
            }
        )

    def test_program_in_archive_in_archive(self) -> None:
        """It is not the one file of the outer archive."""
        self.assertEqual(list(self.found(attached(zip_of({"x.zip": ONE})))), ["EXE_IN_ARCHIVE"])

    def test_options(self) -> None:
        self.assertEqual(
            self.found(attached(RAR, "a.zip")),
            {
                "MISIDENTIFIED_RAR": ("a.zip",),
                "EXE_IN_MISIDENTIFIED_RAR": ("a.zip",),
                "EXE_IN_ARCHIVE": ("a.exe",),
            },
        )
