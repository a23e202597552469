"""Files that are something else than they say."""

from mailfilter.checks.magic import Magic

from ..mail.archive_shapes import rar4, zip_of
from ..mail.test_archives import PROGRAM
from ..mail.test_images import jpeg, png
from .mime_case import attached, file
from .url_case import UrlCase, plain

PDF = b"%PDF-1.7\n"
PAGE = b"<!DOCTYPE html>\n<html><body>hi"


class MagicTests(UrlCase):
    check = Magic

    def test_symbols(self) -> None:
        self.compare(
            {
                "FILE_KIND_WRONG": (
                    [
                        attached(zip_of({"a": b""}), "a.pdf"),
                        attached(PDF, "a.docx"),
                        attached(zip_of({"a": b""}), "a.txt"),
                        attached(b"7z\xbc\xaf\x27\x1c", "a.zip"),
                        attached(PAGE, "a.pdf", "application/pdf"),
                        attached(PAGE, "a.jpg", "image/jpeg"),
                        attached(PAGE, "a.docx"),
                        attached(PAGE, "a.zip"),
                        attached(b"\xef\xbb\xbf <!-- x -->\n<script>x", "a.PDF"),
                        attached(b"<?xml version='1.0'?><svg/>", "a.png"),
                        attached(zip_of({"word/vbaProject.bin": b""}), "a.docx"),
                        attached(zip_of({"xl/VBAPROJECT.BIN": b""}), "a.xlsx"),
                    ],
                    [
                        attached(PDF, "a.pdf"),
                        attached(png(9, 9), "a.jpg"),
                        attached(b"\0\0\0\x18ftypheic", "IMG_1.JPG"),
                        attached(PDF, "a.pdf", 'application/pdf; name="a.docx"'),
                        attached(zip_of({"a": b""}), "a.docx"),
                        attached(rar4(), "a.zip"),
                        attached(PDF, "a.ai"),
                        attached(PDF, "", "image/png"),
                        attached(PAGE, "a.html", "text/html"),
                        attached(PAGE, "a.txt"),
                        attached(PAGE, "a.xls"),
                        attached(PAGE, "a.svg", "image/svg+xml"),
                        attached(b"<htmlx>", "a.pdf"),
                        attached(zip_of({"word/vbaProject.bin": b""}), "a.docm"),
                        attached(zip_of({"word/document.xml": b""}), "a.docx"),
                        file("a.pdf"),
                        plain("PK\3\4"),
                        b"",
                    ],
                ),
                "IMAGE_BOMB": (
                    [
                        attached(png(65535, 65535), "a.png", "image/png"),
                        attached(jpeg(65535, 65535), "", "image/jpeg"),
                    ],
                    [attached(png(4000, 3000), "a.png"), attached(PDF), plain("hi")],
                ),
                "PROGRAM_DISGUISED": (
                    [
                        attached(PROGRAM, "a.pdf"),
                        attached(PROGRAM, "", "image/png"),
                        attached(b"\x7fELF", "invoice"),
                    ],
                    [
                        attached(PROGRAM, "a.exe"),
                        attached(PROGRAM, "a", "application/x-msdownload"),
                        attached(b"MZ is no program", "a.txt"),
                        attached(PDF, "a.pdf"),
                    ],
                ),
            }
        )

    def test_options(self) -> None:
        self.assertEqual(self.found(attached(PROGRAM, "a.pdf"))["PROGRAM_DISGUISED"], ("pdf:exe",))
        self.assertEqual(self.found(attached(PAGE, "a.pdf"))["FILE_KIND_WRONG"], ("pdf:html",))
        found = self.found(attached(png(65535, 65535), "a.png"))
        self.assertEqual(found["IMAGE_BOMB"], ("65535x65535",))
