"""Names that are shown otherwise than they are."""

from mailfilter.checks.mime_bad_unicode import MimeBadUnicode

from .mime_case import file
from .url_case import UrlCase


class MimeBadUnicodeTests(UrlCase):
    check = MimeBadUnicode

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_BAD_UNICODE": (
                    [file("ann\u202efdp.exe"), file("a.e\u200bxe"), file("a\u2024pdf.exe")],
                    [
                        file("a.pdf"),
                        file("Gr\u00fc\u00dfe.pdf"),
                        file("\u0645\u06cc\u200c\u0631.pdf"),
                        file("\u200fa.pdf"),
                    ],
                )
            }
        )

    def test_option(self) -> None:
        self.assertEqual(self.found(file("a\u202eb")), {"MIME_BAD_UNICODE": ("U+202E",)})
