"""Values of Rspamd's fields. What is named golden is what rspamd 3.4 answered to `POST /checkv2`
for the same symbols and scores, with the routine in `use` (its line ends there are CRLF)."""

import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import HeaderName, HeaderSettings
from mailfilter.report.header_values import MAX_LINE, MAX_POINTS, MAX_RESULT, VALUES
from mailfilter.report.headers import clean_header_value
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.verdict import Action, SymbolResult, Verdict

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)
SAFE = re.compile(r"[ -~]*(?:\n\t[ -~]+)*")
ENVELOPE = Envelope("test", queue_id="4XQ")
VERDICT = Verdict(Action.NO_ACTION, 0.0, 15.0, (), "trace")


def symbol(name: str, score: float, *options: str) -> SymbolResult:
    """A symbol of a verdict."""
    return SymbolResult(name, score, 1.0, options=options)


def verdict(score: float, action: Action = Action.NO_ACTION, *symbols: SymbolResult) -> Verdict:
    """A verdict with that much in it."""
    return replace(VERDICT, score=score, action=action, symbols=symbols)


def value(routine: HeaderName, of: Verdict, **fields: Any) -> str | None:
    """What a routine writes, with these settings."""
    return VALUES[routine][1](HeaderSettings(**fields), ENVELOPE, of)


class GoldenTests(SynchronousTestCase):
    """As Rspamd writes them."""

    def test_scores(self) -> None:
        """Bar, level and status."""
        for score, action, bar, level, status in (
            (-4.3, Action.NO_ACTION, "----", None, "No, score=-4.30"),
            (0.0, Action.NO_ACTION, "/", None, "No, score=0.00"),
            (0.5, Action.NO_ACTION, "/", None, "No, score=0.50"),
            (-0.499999, Action.NO_ACTION, "/", None, "No, score=-0.50"),
            (5.9, Action.GREYLIST, "+++++", "*****", "No, score=5.90"),
            (6.95, Action.ADD_HEADER, "++++++", "******", "Yes, score=6.95"),
            (2.5, Action.REWRITE_SUBJECT, "++", "**", "Yes, score=2.50"),
            (2.5, Action.SOFT_REJECT, "++", "**", "Yes, score=2.50"),
            (17.599999, Action.REJECT, "+" * 17, "*" * 17, "Yes, score=17.60"),
        ):
            found = verdict(score, action)
            self.assertEqual(value("x-spamd-bar", found), bar)
            self.assertEqual(value("x-spam-level", found), level)
            self.assertEqual(value("x-spam-status", found), status)

    def test_characters(self) -> None:
        """Other characters for each point."""
        own = {"bar_positive": "p", "bar_negative": "n", "bar_neutral": "0", "level_char": "#"}
        self.assertEqual(value("x-spamd-bar", verdict(8.4), **own), "pppppppp")
        self.assertEqual(value("x-spamd-bar", verdict(-5.6), **own), "nnnnn")
        self.assertEqual(value("x-spamd-bar", verdict(0.9), **own), "0")
        self.assertEqual(value("x-spam-level", verdict(8.4), **own), "########")

    def test_result(self) -> None:
        """All symbols, what decides most first; of the same score those of a name first."""
        symbols = (
            symbol("SYM_B", -0.5),
            symbol("FROM_NO_DN", 0.0),
            symbol("MIME_TRACE", 0.0, "0:+"),
            symbol("DATE_IN_PAST", 1.0, "7937"),
            symbol("SYM_A", 5.0, "o1", "o2"),
        )
        self.assertEqual(
            value("x-spamd-result", verdict(5.5, Action.GREYLIST, *symbols)),
            "default: False [5.50 / 15.00];\n\tSYM_A(5.00)[o1,o2];\n\tDATE_IN_PAST(1.00)[7937];"
            "\n\tSYM_B(-0.50)[];\n\tFROM_NO_DN(0.00)[];\n\tMIME_TRACE(0.00)[0:+]",
        )
        self.assertEqual(
            value("x-spamd-result", verdict(18.4, Action.REJECT, *symbols), result_order="name"),
            "default: True [18.40 / 15.00];\n\tDATE_IN_PAST(1.00)[7937];\n\tFROM_NO_DN(0.00)[];"
            "\n\tMIME_TRACE(0.00)[0:+];\n\tSYM_A(5.00)[o1,o2];\n\tSYM_B(-0.50)[]",
        )

    def test_pre_result(self) -> None:
        """What has been forced; nothing where nothing was."""
        self.assertIsNone(value("x-rspamd-pre-result", verdict(1.0)))
        forced = replace(
            verdict(2.5, Action.ADD_HEADER), forced_by="test_module", smtp_message="msg"
        )
        self.assertEqual(
            value("x-rspamd-pre-result", forced),
            "action=add header;\n\tmodule=test_module;\n\tmsg",
        )
        self.assertEqual(
            value("x-rspamd-pre-result", replace(forced, smtp_message=None)),
            "action=add header;\n\tmodule=test_module",
        )

    def test_short(self) -> None:
        """Queue id, action, folder."""
        self.assertEqual(value("x-rspamd-queue-id", VERDICT), "4XQ")
        unknown = VALUES["x-rspamd-queue-id"][1](HeaderSettings(), Envelope("test"), VERDICT)
        self.assertIsNone(unknown)
        self.assertEqual(value("x-rspamd-action", verdict(0, Action.SOFT_REJECT)), "soft reject")
        for action in Action:
            is_ham = action in (Action.NO_ACTION, Action.GREYLIST)
            folder = value("spam-header", verdict(0, action))
            self.assertEqual(folder, None if is_ham else "Junk")

    def test_virus(self) -> None:
        """A virus comes before those who could not look, and those before none."""
        seen = symbol("TEST_VIRUS", 1.0, "Eicar", "Other")
        failed = symbol("TEST_VFAIL", 1.0, "timeout")
        own = {"virus_symbols": ("TEST_VIRUS",), "virus_fail_symbols": ("TEST_VFAIL",)}
        texts = {"virus_clean": "clean", "virus_infected": "infected", "virus_fail": "failed"}
        for symbols, bare, told in (
            ((symbol("OTHER", 1.0, "x"),), None, "clean"),
            ((seen,), "Eicar,Other", "infected, Eicar,Other"),
            ((failed,), None, "failed(timeout)"),
            ((failed, seen), "Eicar,Other", "infected, Eicar,Other"),
            ((symbol("TEST_VIRUS", 1.0),), "TEST_VIRUS", "infected, TEST_VIRUS"),
        ):
            found = verdict(1.0, Action.NO_ACTION, *symbols)
            self.assertEqual(value("x-virus", found, **own), bare)
            self.assertEqual(value("x-virus", found, **own, **texts), told)


class HostileTests(SynchronousTestCase):
    """Values that hold what strangers wrote."""

    def assert_safe(self, text: str | None) -> None:
        """Fit for a field as it is."""
        assert text is not None
        self.assertTrue(SAFE.fullmatch(text), text[:500])
        self.assertEqual(clean_header_value(text), text)
        self.assertLess(max(map(len, text.split("\n"))), 998 - len("X-Rspamd-Pre-Result: "))
        self.assertLessEqual(len(text), MAX_RESULT + MAX_LINE)

    def test_options(self) -> None:
        """Options cannot look like other symbols, and are ASCII."""
        found = verdict(1.0, Action.NO_ACTION, symbol("A", 1.0, "x]; B(-9.00)[", "caf\u00e9", "\\"))
        self.assertEqual(
            value("x-spamd-result", found),
            "default: False [1.00 / 15.00];\n\tA(1.00)[x]\\x3b B(-9.00)[,caf\\xe9,\\\\]",
        )

    def test_many(self) -> None:
        """Two thousand symbols, with as many options, end with how many more there are."""
        symbols = [symbol(f"SYMBOL_{n}", 1.0, *["option"] * 200) for n in range(2000)]
        text = value("x-spamd-result", verdict(9.0, Action.NO_ACTION, *symbols))
        self.assert_safe(text)
        self.assertRegex(str(text), r"\n\t\(19[0-9]{2} more\)\Z")
        symbols = [symbol(f"SYMBOL_{n}", 1.0) for n in range(2000)]
        text = value("x-spamd-result", verdict(9.0, Action.NO_ACTION, *symbols))
        self.assert_safe(text)
        self.assertRegex(str(text), r"SYMBOL_[0-9]+\(1.00\)\[\];\n\t\([0-9]+ more\)\Z")

    def test_long(self) -> None:
        """One symbol with options of all that may be is folded between them."""
        found = verdict(1.0, Action.NO_ACTION, symbol("A", 1.0, *["\u00e9" * 1024] * 100))
        text = value("x-spamd-result", found)
        self.assert_safe(text)
        self.assertIn(",\n\t\\xe9\\xe9", str(text))
        self.assert_safe(value("x-virus", found, virus_symbols=("A",)))

    def test_numbers(self) -> None:
        """Scores without bound, and what is no number."""
        for score in (1e300, -1e300, float("inf"), float("-inf"), float("nan"), -0.001):
            found = verdict(score, Action.NO_ACTION, symbol("A", score))
            for routine in ("x-spamd-bar", "x-spam-status", "x-spamd-result"):
                self.assert_safe(value(routine, found))
        self.assertEqual(value("x-spam-status", verdict(-0.001)), "No, score=0.00")
        self.assertEqual(value("x-spam-level", verdict(1e9)), "*" * MAX_POINTS)
        long = value("x-spam-level", verdict(1e9), level_char="abcdefghi")
        self.assertEqual(len(str(long)), MAX_LINE)

    @bounded
    @given(
        st.lists(
            st.tuples(
                st.from_regex(r"[A-Za-z0-9_.-]{1,128}", fullmatch=True),
                st.floats(),
                st.lists(st.text(max_size=300), max_size=20),
            ),
            max_size=30,
        ),
        st.text(max_size=3000),
        st.text(max_size=300),
        st.floats(),
    )
    def test_any(
        self, found: list[tuple[str, float, list[str]]], text: str, word: str, score: float
    ) -> None:
        """Whatever checks and MTAs say, every value is fit for a field."""
        symbols = [symbol(name, number, *options) for name, number, options in found]
        whole = replace(verdict(score, Action.REJECT, *symbols), forced_by=word, smtp_message=text)
        own = HeaderSettings(virus_symbols=tuple(name for name, _, _ in found))
        for _, write in VALUES.values():
            written = write(own, Envelope("test", queue_id=word), whole)
            if written is not None:
                self.assert_safe(written)
