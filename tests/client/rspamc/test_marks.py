"""Values of the fields that LDA mode writes: those that rspamc 3.4 wrote for the same replies."""

import math
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from mailfilter.client.rspamc import marks
from mailfilter.client.rspamc.exchange import Item, Reply
from mailfilter.client.rspamc.marks import OWN, error_fields, result_fields, verdict_fields
from mailfilter.client.rspamc.options import Options, Output
from mailfilter.report.edits import clean_edits
from mailfilter.report.headers import MAX_VALUE
from mailfilter.scan.verdict import AddHeader

VERDICT = {
    "is_skipped": False,
    "score": 7.5,
    "required_score": 15.0,
    "action": "add header",
    "symbols": {"AAA": {"name": "AAA", "score": 5.0}, "BBB": {"score": 2.5}, "CC": {}},
}


def reply(seconds: float = 0.0, **members: Any) -> Reply:
    """A reply with some members other than usual; None leaves one out."""
    document = {name: value for name, value in {**VERDICT, **members}.items() if value is not None}
    return Reply(Item("stdin"), seconds, (), b"", document)


class VerdictTests(SynchronousTestCase):
    """A verdict."""

    def fields(self, seconds: float = 0.0, **members: Any) -> list[tuple[str, str]]:
        """Names and values, made safe."""
        edits = clean_edits(verdict_fields(reply(seconds, **members)))
        self.assertEqual(edits.dropped, ())
        return [(edit.name, edit.value) for edit in edits.edits if isinstance(edit, AddHeader)]

    def signed(self, signatures: Any) -> list[tuple[str, str]]:
        """All of one with signatures."""
        members: dict[str, Any] = {"dkim-signature": signatures}
        return self.fields(**members)

    def value(self, name: str, **members: Any) -> str | None:
        """The only field of a name."""
        found = [value for field, value in self.fields(**members) if field == name]
        self.assertLess(len(found), 2)
        return found[0] if found else None

    def test_order(self) -> None:
        """All of it."""
        expected = [
            ("X-Spam-Scanner", f"mailfilterc {__version__}"),
            ("X-Spam-Scan-Time", "0"),
            ("X-Spam", "yes"),
            ("X-Spam-Action", "add header"),
            ("X-Spam-Score", "7.50 / 15.00"),
            ("X-Spam-Level", "********"),
            ("X-Spam-Symbols", "AAA,\n\tBBB,\n\tCC"),
            ("DKIM-Signature", "v=1; a=b;\n\tc=d"),
            ("DKIM-Signature", "second"),
        ]
        signatures = ["v=1; a=b;\r\n\tc=d", "second", 5, ""]
        self.assertEqual(self.signed(signatures), expected)
        self.assertEqual(self.signed(signatures[0]), expected[:-1])
        for nothing in ("", 5, [""], [5], None):
            self.assertEqual(self.signed(nothing), expected[:-2])

    def test_own(self) -> None:
        """No other names are written."""
        names = {edit.name.lower() for edit in (*verdict_fields(reply()), *error_fields("x"))}
        self.assertEqual(names | {"x-spam-result"}, OWN)

    def test_time(self) -> None:
        """Three digits."""
        for seconds, expected in (
            (0.0, "0"),
            (1.0, "1"),
            (1.0101, "1.01"),
            (0.012345, "0.0123"),
            (10.0, "10"),
            (123.4, "123"),
            (0.00001, "1e-05"),
        ):
            self.assertEqual(self.value("X-Spam-Scan-Time", seconds=seconds), expected)

    def test_spam(self) -> None:
        """What is spam; not what is only to come again later."""
        for action, is_spam in (
            ("reject", True),
            ("rewrite subject", True),
            ("rewrite_subject", True),
            ("add header", True),
            ("Add Header", True),
            ("discard", True),
            ("quarantine", True),
            ("soft reject", False),
            ("soft_reject", False),
            ("greylist", False),
            ("no action", False),
            ("something else", False),
            ("spam", False),
        ):
            self.assertEqual(self.value("X-Spam", action=action), "yes" if is_spam else None)
            self.assertEqual(self.value("X-Spam-Action", action=action), action)

    def test_score(self) -> None:
        """Two digits, and a star for each point that was begun, up to 32."""
        for score, shown, level in (
            (0, "0.00", 0),
            (-1, "-1.00", 0),
            (-0.001, "-0.00", 0),
            (0.004, "0.00", 1),
            (0.5, "0.50", 1),
            (1, "1.00", 1),
            (1.2, "1.20", 2),
            (7.125, "7.12", 8),
            (7.135, "7.13", 8),
            (32, "32.00", 32),
            (33, "33.00", 32),
            (1e300, f"{1e300:.2f}", 32),
            (10**400, "inf", 32),
            (-math.inf, "-inf", 0),
            (None, "0.00", 0),
            ("7.5", "0.00", 0),
            (True, "0.00", 0),
            ([1], "0.00", 0),
        ):
            self.assertEqual(self.value("X-Spam-Score", score=score), f"{shown} / 15.00")
            self.assertEqual(self.value("X-Spam-Level", score=score), "*" * level)
        for required, shown in ((None, "0.00"), ("x", "0.00"), (-3, "-3.00"), (3.14159, "3.14")):
            value = self.value("X-Spam-Score", required_score=required)
            self.assertEqual(value, f"7.50 / {shown}")

    def test_symbols(self) -> None:
        """By their keys, each on a line of its own, and never one that somebody else wants."""
        cases: Sequence[tuple[Any, str]] = (
            ({}, ""),
            (None, ""),
            ([{"name": "A"}], ""),
            ("A", ""),
            ({"B": {"name": "OTHER"}, "A": {}}, "B,\n\tA"),
            ({"A": 1, "B": None, "C": {}}, "C"),
            ({"C,D": {}}, "C,\n\tD"),
            ({"A\nX-Evil: 1": {}, "B": {}}, "A X-Evil: 1,\n\tB"),
            ({"A\r\n\r\nbody": {}}, "A body"),
            ({"A\0": {}}, "=?utf-8?b?Qe+/vQ==?="),
            ({"Ä": {}, "B": {}}, "=?utf-8?b?w4Qs?=\n\tB"),
        )
        for symbols, expected in cases:
            self.assertEqual(self.value("X-Spam-Symbols", symbols=symbols), expected)

    def test_many_symbols(self) -> None:
        """No more than a header holds, and none of them in part."""
        symbols: dict[str, Any] = {f"SYMBOL_{number:08}": {} for number in range(10_000)}
        value = self.value("X-Spam-Symbols", symbols=symbols)
        assert value is not None
        self.assertLess(len(value), MAX_VALUE + 1)
        self.assertGreater(len(value), MAX_VALUE - 100)
        self.assertEqual({len(line) for line in value.split("\n\t")}, {len("SYMBOL_00000000,")})

    def test_action(self) -> None:
        """An action makes no line of its own."""
        value = self.value("X-Spam-Action", action="a\nX-Evil: 1\r\n\r\nb")
        self.assertEqual(value, "a X-Evil: 1 b")


class ResultTests(SynchronousTestCase):
    """The reply in the header."""

    def value(self, output: Output, **members: Any) -> str | None:
        """The value of the field, or None."""
        found = list(result_fields(reply(**members), Options(output=output)))
        for edit in found:
            self.assertEqual(edit.name, "X-Spam-Result")
            self.assertEqual(clean_edits([edit]).edits, (edit,))
        return found[0].value if found else None

    def test_forms(self) -> None:
        """In the form that is asked for, in lines of 60 characters."""
        small = dict.fromkeys(VERDICT) | {"score": 1, "options": ["ä"]}
        for output, expected in (
            ("json", '{\n    "score": 1,\n    "options": [\n        "ä"\n    ]\n}'),
            ("compact", '{"score":1,"options":["ä"]}'),
            ("ucl", 'score = 1;\noptions [\n    "ä",\n]\n'),
        ):
            value = self.value(output, **small)  # type: ignore[arg-type]
            assert value is not None
            self.assertEqual(b64decode(value).decode(), expected)
            *lines, last = value.split("\n\t")
            self.assertEqual({len(line) for line in lines} - {60}, set())
            self.assertTrue(0 < len(last) <= 60)

    def test_none(self) -> None:
        """Not asked for."""
        self.assertIsNone(self.value("human"))
        self.assertIsNone(self.value("raw"))

    def test_full_line(self) -> None:
        """Of a value that fills its last line, no fold of nothing is left."""
        for size in range(200, 260):
            value = self.value("compact", filler="x" * size)
            self.assertFalse(value is None or value.endswith("\t"))

    def test_large(self) -> None:
        """One that would be cut is not there: half of it is of no use."""
        self.assertIsNotNone(self.value("compact", filler="x" * 43_000))
        self.assertIsNone(self.value("compact", filler="x" * 45_000))

    def test_no_more_than_needed(self) -> None:
        """Of one that does not fit, no more is written than shows that: lines may be all blanks."""
        written = 0

        def count(self: Any, part: str) -> None:
            nonlocal written
            written += len(part)
            put(self, part)

        put = marks._Bounded.put
        self.patch(marks._Bounded, "put", count)
        deep: Any = [1] * 10**5
        for _ in range(100):
            deep = [deep]
        for output in ("json", "compact", "ucl"):
            written = 0
            self.assertIsNone(self.value(output, filler=deep))
            self.assertLess(written, 2 * MAX_VALUE)

    def test_deep(self) -> None:
        """One that is nested so deeply that nobody could write it."""
        deep: Any = {}
        for _ in range(5000):
            deep = {"a": deep}
        for output in ("json", "compact", "ucl"):
            self.assertIsNone(self.value(output, filler=deep))

    def test_broken_text(self) -> None:
        """Half a character."""
        self.assertIsNotNone(self.value("json", filler="\ud800"))
