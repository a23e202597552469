"""The report on a message, line by line."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.report_text import MAX_REPORT, MAX_TEXT, joined_options, report_text
from mailfilter.scan.verdict import Action, SymbolResult
from mailfilter.testing.fake_scanner import NO_ACTION


class ReportTests(SynchronousTestCase):
    def test_golden(self) -> None:
        verdict = replace(
            NO_ACTION,
            action=Action.ADD_HEADER,
            score=7.25,
            trace_id="0123456789ab",
            symbols=(
                SymbolResult("MISSING_SUBJECT", 2.0, 2.0, description="Subject is missing"),
                SymbolResult("GOOD", -0.5, -0.5),
                SymbolResult(
                    "URIBL",
                    5.0,
                    5.0,
                    description="An address of the web in the message is on a list of such that"
                    " spam names",
                    options=("example.org", "example.net:127.0.0.2"),
                ),
            ),
        )
        self.assertEqual(
            report_text(verdict),
            "Score 7.25 of 15.00, action: add header\n"
            "Trace 0123456789ab\n"
            "    5.00 URIBL An address of the web in the message is on a list of such that\n"
            "         spam names [example.org, example.net:127.0.0.2]\n"
            "    2.00 MISSING_SUBJECT Subject is missing\n"
            "   -0.50 GOOD\n",
        )

    def test_order(self) -> None:
        """What weighs most is first, also if it speaks for the message."""
        symbols = tuple(SymbolResult(name, score, 1.0) for name, score in (("A", 2), ("B", -9)))
        found = report_text(replace(NO_ACTION, symbols=symbols))
        self.assertTrue(found.endswith("\n   -9.00 B\n    2.00 A\n"), found)

    def test_width(self) -> None:
        """Lines are full where they can be; a word that is too long has one of its own."""
        for text, lines in (
            ("x" * 67 + " tail", ["    1.00 A " + "x" * 67, " " * 9 + "tail"]),
            ("x" * 68 + " tail", ["    1.00 A", " " * 9 + "x" * 68, " " * 9 + "tail"]),
            ("x" * 90 + " tail", ["    1.00 A", " " * 9 + "x" * 90, " " * 9 + "tail"]),
        ):
            symbol = SymbolResult("A", 1.0, 1.0, description=text)
            found = report_text(replace(NO_ACTION, symbols=(symbol,), trace_id=""))
            self.assertEqual(found.splitlines()[1:], lines)

    def test_long_texts(self) -> None:
        """None takes the room of the others."""
        symbol = SymbolResult("A", 2.0, 1.0, description="x " * 5000, options=("y" * 5000, "z"))
        found = report_text(replace(NO_ACTION, symbols=(symbol, SymbolResult("B", 1.0, 1.0))))
        self.assertEqual(found.count("x"), MAX_TEXT // 2)
        self.assertLess(found.count("y"), MAX_TEXT)
        self.assertTrue(found.endswith("...]\n    1.00 B\n"), found)

    def test_options(self) -> None:
        for options, expected in (
            ((), ""),
            (("a",), "a"),
            (("a", "b c"), "a, b c"),
            (("abcd", "ef"), "abcd, ef"),
            (("abcd", "efg"), "abcd,..."),
            (("abcdefghij",), "abcdefgh"),
            (("a",) * 1000, "a, a,..."),
        ):
            self.assertEqual(joined_options(options, 8), expected)

    def test_not_scanned(self) -> None:
        for changes, line in (
            ({"unscanned": "size"}, "Not scanned: size"),
            ({"is_skipped": True}, "Not scanned: skipped as configured"),
        ):
            found = report_text(replace(NO_ACTION, **changes))
            self.assertIn(line, found.split("\n"))

    def test_never_only_blanks(self) -> None:
        self.assertTrue(report_text(replace(NO_ACTION, trace_id="")).strip())

    def test_bounded(self) -> None:
        """Exim puts a blank behind every line end into a buffer that it does not watch."""
        for symbol in (
            SymbolResult("A", 1.0, 1.0, description="x " * 5000, options=("y",) * 100_000),
            SymbolResult("A", 1.0, 1.0, description="x" * 10_000),
            SymbolResult("A", float("nan"), 1.0),
        ):
            found = report_text(replace(NO_ACTION, symbols=(symbol,) * 2000))
            self.assertLessEqual(len(found), MAX_REPORT)
            self.assertLess(len(found) + found.count("\n"), 32_600)
            self.assertEqual(found[-11:], "(and more)\n")

    @settings(derandomize=True, max_examples=200, deadline=None, database=None)
    @given(st.lists(st.text(max_size=100), max_size=5), st.floats())
    def test_nothing_of_strangers_ends_a_line(self, texts: list[str], score: float) -> None:
        symbols = tuple(SymbolResult("A", score, 1.0, "", text, (text,)) for text in texts)
        found = report_text(replace(NO_ACTION, symbols=symbols, score=score))
        lines = found.removesuffix("\n").split("\n")
        for line in lines:
            self.assertRegex(line, r"\A[ -~]*[!-~][ -~]*\Z")
            self.assertTrue(line.startswith("         ") or line[-1] != " ", line)
        starts = [line for line in lines[2:] if not line.startswith(" " * 9)]
        self.assertEqual(len(starts), len(texts))
