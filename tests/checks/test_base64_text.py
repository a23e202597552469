"""Text in base64."""

from mailfilter.checks.base64_text import Base64Text

from .mime_case import alone, mixed, part
from .url_case import UrlCase

BASE64 = "Content-Transfer-Encoding: base64\n"


class Base64TextTests(UrlCase):
    check = Base64Text

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_BASE64_TEXT": (
                    [
                        alone("text/plain", "aGVsbG8=", BASE64),
                        alone("text/html; charset=utf-8", "w6TDtg==", BASE64),
                    ],
                    [
                        alone("text/plain"),
                        alone("image/png", "aGVsbG8=", BASE64),
                        mixed(part("text/plain", "aGVsbG8=", "a.txt", BASE64)),
                        b"",
                    ],
                ),
                "MIME_BASE64_TEXT_BOGUS": (
                    [alone("text/plain", "aGVsbG8=", BASE64)],
                    [
                        alone("text/html; charset=utf-8", "w6TDtg==", BASE64),
                        alone("text/plain", "", BASE64),
                        alone("text/plain"),
                    ],
                ),
            }
        )
