"""Containers without a reason."""

from mailfilter.checks.mime_mixed import MimeMixed

from .mime_case import alone, mixed, part
from .url_case import UrlCase


class MimeMixedTests(UrlCase):
    check = MimeMixed

    def test_symbols(self) -> None:
        self.compare(
            {
                "CTYPE_MIXED_BOGUS": (
                    [
                        mixed(part("text/plain")),
                        mixed(part("multipart/alternative; boundary=i", "--i\n\nhi\n--i--\n")),
                    ],
                    [
                        mixed(part("text/plain"), part("text/plain")),
                        mixed(part("text/plain", name="a.txt")),
                        mixed(part("image/png")),
                        mixed(part("text/plain"), kind="alternative"),
                        alone("text/plain"),
                        mixed(),
                    ],
                ),
            }
        )
