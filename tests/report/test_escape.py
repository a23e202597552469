"""Text from strangers in log lines (row 44 of bad-input.md)."""

from hypothesis import given, settings
from hypothesis.strategies import characters, text
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.escape import escape, quote

ANY_TEXT = text(characters(exclude_categories=()), max_size=200)


class EscapeTests(SynchronousTestCase):
    def test_table(self) -> None:
        for raw, expected in {
            "plain text": "plain text",
            "Grüße 你好": "Grüße 你好",
            "a\r\nb": r"a\r\nb",
            "\x1b[31mred\x1b[0m": r"\x1b[31mred\x1b[0m",
            "nul\x00": r"nul\x00",
            "c1\x9b": r"c1\x9b",
            "rtl\u202e": r"rtl\u202e",
            "line\u2028sep": r"line\u2028sep",
            "lone\udcff": r"lone\udcff",
            "back\\slash": r"back\\slash",
            "astral\U000e0001": r"astral\U000e0001",
        }.items():
            self.assertEqual(escape(raw), expected)

    def test_cut(self) -> None:
        self.assertEqual(escape("x" * 10**7, 10), "xxxxxxx...")

    def test_quote(self) -> None:
        for raw, expected in {
            "word": "word",
            "": '""',
            "two words": '"two words"',
            'say "x"': '"say \\"x\\""',
            "a=b": '"a=b"',
            "x] action=reject": '"x] action=reject"',
        }.items():
            self.assertEqual(quote(raw), expected)

    @settings(derandomize=True, max_examples=300, deadline=None)
    @given(ANY_TEXT)
    def test_one_printable_line(self, raw: str) -> None:
        self.assertTrue(escape(raw).isprintable())
        self.assertTrue(quote(raw).isprintable())
        escape(raw).encode("utf-8")
