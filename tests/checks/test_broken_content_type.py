"""Types that cannot be read."""

from mailfilter.checks.broken_content_type import BrokenContentType

from .mime_case import alone, mixed, part
from .url_case import UrlCase


class BrokenContentTypeTests(UrlCase):
    check = BrokenContentType

    def test_symbols(self) -> None:
        self.compare(
            {
                "BROKEN_CONTENT_TYPE": (
                    [
                        alone("text"),
                        alone("; charset=utf-8"),
                        mixed(part("text/plain"), part("/html")),
                    ],
                    [
                        alone("text/plain"),
                        alone("odd/thing; x"),
                        mixed(part("")),
                        b"Subject: x\n\nhi\n",
                        b"",
                    ],
                ),
            }
        )
