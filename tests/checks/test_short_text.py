"""Messages that say nothing."""

from mailfilter.checks.short_text import BEGINNING, ShortText

from .mime_case import alone, mixed, part
from .url_case import UrlCase


class ShortTextTests(UrlCase):
    check = ShortText

    def test_symbols(self) -> None:
        self.compare(
            {
                "COMPLETELY_EMPTY": (
                    [b"X: y\n\n", b"X: y\n\n  \n", alone("text/html", "<p></p>")],
                    [
                        b"Subject: x\n\n",
                        b"X: y\n\nhi\n",
                        alone("image/png", ""),
                        mixed(part("text/plain", "")),
                    ],
                ),
                "SINGLE_SHORT_PART": (
                    [b"Subject: x\n\nhi\n", b"Subject: x\n\n", alone("text/html", "<p>hi")],
                    [
                        b"Subject: x\n\n" + b"word " * 8,
                        alone("image/png"),
                        mixed(part("text/plain"), part("image/png")),
                        alone("text/plain", " " * 5000),
                        alone("text/plain", "hi" + "\n" * BEGINNING + "word " * 8),
                    ],
                ),
            }
        )
