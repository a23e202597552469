"""Content types that do not fit names."""

from mailfilter.checks.mime_attachment import MimeAttachment

from .mime_case import file, mixed, part
from .url_case import UrlCase


class MimeAttachmentTests(UrlCase):
    check = MimeAttachment

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_BAD_ATTACHMENT": (
                    [
                        file("a.pdf", "text/html"),
                        file("a.pdf", "application/zip"),
                        file("a.jpg", "application/zip"),
                        file("A.DOCX", "application/pdf"),
                    ],
                    [
                        file("a.pdf", "application/pdf"),
                        file("a.pdf"),
                        file("a.jpg", "image/png"),
                        file("a.csv", "text/plain"),
                        file("a.unheard", "text/html"),
                        file("pdf", "text/html"),
                        mixed(part("text", name="a.pdf")),
                        mixed(part("", name="a.pdf")),
                    ],
                )
            }
        )

    def test_option(self) -> None:
        self.assertEqual(
            self.found(file("a.pdf", "text/html")), {"MIME_BAD_ATTACHMENT": ("pdf:text/html",)}
        )
