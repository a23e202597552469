"""Alternatives that are none."""

from mailfilter.checks.mime_alternatives import MimeAlternatives

from .mime_case import mixed, part
from .url_case import UrlCase

BOTH = mixed(part("text/plain"), part("text/html"), kind="alternative")
INNER = mixed(part("multipart/alternative; boundary=i", "--i\n\nhi\n--i--\n"), part("image/png"))


class MimeAlternativesTests(UrlCase):
    check = MimeAlternatives

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_MA_MISSING_HTML": (
                    [mixed(part("text/plain"), kind="alternative"), INNER],
                    [
                        BOTH,
                        mixed(part("text/plain")),
                        mixed(part("text/plain"), part("text/calendar"), kind="alternative"),
                        b"",
                        mixed(kind="alternative"),
                    ],
                ),
                "MIME_MA_MISSING_TEXT": (
                    [
                        mixed(part("text/html"), kind="alternative"),
                        mixed(part("text/html"), part("image/png"), kind="alternative"),
                    ],
                    [
                        BOTH,
                        mixed(part("text/html")),
                        mixed(part("text/plain"), kind="alternative"),
                        b"",
                    ],
                ),
            }
        )
