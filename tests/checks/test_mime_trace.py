"""The kinds of parts."""

from mailfilter.checks.mime_trace import MAX_PARTS, MimeTrace

from .mime_case import alone, mixed, part
from .url_case import UrlCase


class MimeTraceTests(UrlCase):
    check = MimeTrace

    def test_kinds(self) -> None:
        raw = mixed(
            part("text/plain"),
            part("application/pdf"),
            part("application/x-msdownload"),
            part("application/octet-stream"),
            part("x-odd/y"),
        )
        expected = ("0:+", "1:+", "2:~", "3:-", "4:?", "5:?")
        self.assertEqual(self.found(raw), {"MIME_TRACE": expected})

    def test_one_part(self) -> None:
        for raw in (alone("text/plain"), b"Subject: x\n\nhi\n", b""):
            self.assertEqual(self.found(raw), {"MIME_TRACE": ("0:+",)})

    def test_many(self) -> None:
        options = self.found(mixed(*[part("text/plain")] * 99))["MIME_TRACE"]
        self.assertEqual(len(options), MAX_PARTS)
