"""Content types that say too much or nothing."""

from mailfilter.checks.mime_types import MimeTypes

from .mime_case import alone, file, mixed, part
from .url_case import UrlCase


class MimeTypesTests(UrlCase):
    check = MimeTypes

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_BAD": (
                    [file("a", "application/x-msdownload"), alone("text/javascript")],
                    [file("a", "application/pdf"), alone("text/plain"), b"Subject: x\n\nhi\n"],
                ),
                "MIME_UNKNOWN": (
                    [
                        file("a"),
                        alone("odd/thing"),
                        alone("text"),
                        mixed(part("text/plain"), part("", name="a.bin")),
                    ],
                    [
                        alone("text/plain"),
                        file("a", "application/pdf"),
                        mixed(part("", "Text"), part("text/html")),
                        b"Subject: x\n\nhi\n",
                    ],
                ),
            }
        )

    def test_options(self) -> None:
        raw = mixed(part("odd/a"), part("odd/b"), part("odd/a"), part("text"))
        self.assertEqual(self.found(raw), {"MIME_UNKNOWN": ("odd/a", "odd/b", "missing")})
