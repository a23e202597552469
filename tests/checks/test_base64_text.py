"""Text in base64."""

from base64 import encodebytes

from mailfilter.checks.base64_text import BY_CHANCE, Base64Text

from .mime_case import alone, mixed, part
from .url_case import UrlCase

BASE64 = "Content-Transfer-Encoding: base64\n"


def utf8(size: int) -> bytes:
    text = encodebytes(b"x" * size).decode()
    return alone("text/plain; charset=UTF-8", text, BASE64)


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
                    [
                        alone("text/plain", "aGVsbG8=", BASE64),
                        alone("text/plain; charset=us-ascii", "aGVsbG8=", BASE64),
                        utf8(BY_CHANCE),
                    ],
                    [
                        utf8(BY_CHANCE - 1),
                        alone("text/plain; charset=utf8", "aGVsbG8=", BASE64),
                        alone("text/html; charset=utf-8", "w6TDtg==", BASE64),
                        alone("text/plain", "", BASE64),
                        alone("text/plain"),
                    ],
                ),
            }
        )
