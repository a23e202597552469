"""The kinds of parts."""

from dataclasses import replace

from mailfilter.checks.mime_trace import MAX_PARTS, MimeTrace
from mailfilter.testing.checks import ENVELOPE, scan_message

from .mime_case import alone, mixed, part
from .symbol_case import SymbolCase
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


class MimeTraceSymbolTests(SymbolCase):
    """By whether what is scanned is mail."""

    check = MimeTrace

    def found(self, case: bool) -> list[str]:
        envelope = ENVELOPE if case else replace(ENVELOPE, flags=frozenset({"raw"}))
        verdict = self.successResultOf(scan_message(b"A: b\n\nc", [MimeTrace], envelope))
        return [item.name for item in verdict.symbols]

    def test_symbols(self) -> None:
        self.compare({"MIME_TRACE": ([True], [False])})
