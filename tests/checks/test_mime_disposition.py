"""Octets that are not said to be an attachment."""

from mailfilter.checks.mime_disposition import MimeDisposition

from .mime_case import alone, file, mixed, part
from .url_case import UrlCase


class MimeDispositionTests(UrlCase):
    check = MimeDisposition

    def test_symbols(self) -> None:
        self.compare(
            {
                "CTYPE_MISSING_DISPOSITION": (
                    [
                        mixed(part("text/plain"), part("application/octet-stream")),
                        alone("application/octet-stream; name=a"),
                    ],
                    [
                        file("a"),
                        mixed(part("application/octet-stream", fields="Content-ID: <a@b>\n")),
                        mixed(
                            part("application/octet-stream", fields="Content-Disposition: inline\n")
                        ),
                        mixed(part("application/pdf")),
                        mixed(
                            part("application/pgp-encrypted"),
                            part("application/octet-stream"),
                            kind="encrypted",
                        ),
                        b"",
                    ],
                ),
            }
        )
