"""MIME without its version."""

from mailfilter.checks.mime_version import MimeVersion

from .mime_case import alone
from .url_case import UrlCase


class MimeVersionTests(UrlCase):
    check = MimeVersion

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_HEADER_CTYPE_ONLY": (
                    [b"Content-Type: text/html\n\nx", b"Content-Type: text/plain; charset=x\n\nx"],
                    [
                        b"Content-Type: text/plain\n\nx",
                        b"Content-Type: text/plain; encoding=utf-8\n\nx",
                        b"Content-Type: text/html\nContent-Transfer-Encoding: 7bit\n\nx",
                        alone("text/html"),
                        b"X: y\n\n",
                    ],
                ),
                "MISSING_MIME_VERSION": (
                    [
                        b"Content-Type: text/html\n\nx",
                        b"Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nx",
                        b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n",
                    ],
                    [b"Content-Type: text/plain\n\nx", alone("text/html"), b"X: y\n\n", b""],
                ),
            }
        )
