"""Replies of controllers; the texts are what rspamc 3.4 prints."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from .replies import COUNTER_LISTS, STATS, outcome, printed

STAT_TEXT = """\
Results for command: stat (0.25 seconds)
Messages scanned: 7
Messages with action reject: 1, 14.29%
Messages with action soft reject: 0, 0.00%
Messages with action rewrite subject: 0, 0.00%
Messages with action add header: 2, 28.57%
Messages with action greylist: 1, 14.29%
Messages with action no action: 3, 42.86%
Messages treated as spam: 3, 42.86%
Messages treated as ham: 4, 57.14%
Messages learned: 3
Connections count: 5
Control connections count: 6
Average scan time: 0.300 sec
Pools allocated: 10
Pools freed: 9
Bytes allocated: 123456789
Memory chunks allocated: 50
Shared chunks allocated: 3
Chunks freed: 2
Oversized chunks: 1
Fuzzy hashes in storage "rspamd.com": 123
Fuzzy hashes in storage "local": 0
Fuzzy hashes stored: 123
Statfile: BAYES_SPAM type: redis; length: 1000; free blocks: 90; total blocks: 100; \
free: 90.00%; learned: 3; users: 1; languages: 0
Statfile: BAYES_HAM <old> type: redis; length: 0; free blocks: -2; total blocks: 3; \
free: -66.67%; learned: 0; users: 0; languages: 0
Total learns: 8

"""

ODD_STAT_TEXT = """\
Messages scanned: 3
Messages with action a: 0, 0.00%
Messages with action b: 2, 66.67%
Messages with action c: 0, 0.00%
Messages with action d: 0, 0.00%
Messages treated as spam: 0, 0.00%
Messages treated as ham: 1099511627776, 36650387592533.33%
Messages learned: 0
Connections count: 0
Control connections count: 0
Average scan time: 2.000 sec
"""

ODD_STORES = """\
Fuzzy hashes in storage "a": 1
Fuzzy hashes in storage "b": 0
Fuzzy hashes in storage "c": -1
Fuzzy hashes stored: 0
Statfile:  type: x; length: 0; free blocks: 2; total blocks: 2; free: 100.00%; learned: 0; \
users: 0; languages: 0
Total learns: 0
"""

NO_SCANS = """\
Messages scanned: -5
Messages learned: 0
Connections count: 0
Control connections count: 0
Pools allocated: 0
"""


class StatTests(SynchronousTestCase):
    """`stat` and `stat_reset`."""

    def test_full(self) -> None:
        """Everything."""
        self.assertEqual(printed(outcome(STATS["full"]), "stat"), STAT_TEXT)
        text = printed(outcome(STATS["full"]), "stat_reset")
        self.assertEqual(text, STAT_TEXT.replace("command: stat", "command: stat_reset"))

    def test_odd(self) -> None:
        """What is of another type counts as nothing."""
        text = printed(outcome(STATS["odd"]), "stat")
        self.assertIn(ODD_STAT_TEXT, text)
        self.assertIn(ODD_STORES, text)

    def test_no_scans(self) -> None:
        """There are no shares of nothing."""
        self.assertIn(NO_SCANS, printed(outcome(STATS["no scans"]), "stat"))
        nothing = printed(outcome({}), "stat")
        self.assertEqual(nothing.count(": 0\n"), 12)
        self.assertEqual(printed(outcome([1]), "stat"), nothing)

    def test_broken(self) -> None:
        """What rspamc crashes on."""
        for document in (
            {"statfiles": [{}, 5, None, {"symbol": 5, "type": None}]},
            {"fuzzy_hashes": [1, 2], "scanned": 1e300, "actions": [1]},
            {"scanned": 10**400, "scan_times": [10**400]},
        ):
            self.assertTrue(printed(outcome(document), "stat").endswith("Total learns: 0\n\n"))


RULE = f" {'-' * 50} \n"

ODD_COUNTERS = (
    "Results for command: counters (0.25 seconds)\nSymbols cache\n"
    f"{RULE}| Pri  | Symbol | Weight  |   Frequency   |  Hits   |\n"
    f"{RULE}|      |        |         |   hits/min    |         |\n"
    f"{RULE}| 0    | B      |   0.0   | 0.000 (0.000) |    2    |\n"
    f"{RULE}{RULE}| 2    | Y      |   1.0   | 60.000(0.000) |    1    |\n{RULE}\n"
)

ROWS = """\
| 0    | A1                                    | 1234567.2 | 24.000(3.000) |    1    |
| 1    | A_NAME_OF_37_CHARACTERS_XXXXXXXXXXXXX |  -0.0   | 12.000(3.600) |    4    |
| 2    | B                                     |   1.0   | 0.000 (0.000) |    0    |
| 3    | C                                     |   3.5   | 18.000(1.200) |    6    |
| 4    | Z_                                    |   0.2   | 36.000(2.400) |    5    |
| 5    | a                                     |  -5.0   | 30.000(0.600) |    3    |
| 6    | aa                                    |   0.0   | 6.000 (1.800) |    2    |
"""


class CounterTests(SynchronousTestCase):
    """`counters`."""

    def test_rows(self) -> None:
        """All that are there, by name."""
        lines = printed(outcome(COUNTER_LISTS["full"]), "counters").splitlines(keepends=True)
        self.assertEqual(
            "".join(line for line in lines if line.startswith("| "))[-len(ROWS) :], ROWS
        )

    def test_odd(self) -> None:
        """What is not whole has no row, but a rule."""
        self.assertEqual(printed(outcome(COUNTER_LISTS["odd"]), "counters"), ODD_COUNTERS)

    def test_names(self) -> None:
        """Long ones are cut, wide ones take their room."""
        text = printed(outcome(COUNTER_LISTS["long name"]), "counters")
        self.assertIn(f"| 0    | {'X' * 34}... |", text)
        text = printed(outcome(COUNTER_LISTS["wide name"]), "counters")
        self.assertIn("| 0    | \u6f22\u5b57\u00e9    |", text)

    def test_order(self) -> None:
        """By another field."""
        text = printed(outcome(COUNTER_LISTS["full"]), "counters", "--sort", "hits")
        names = [line.split()[3] for line in text.split("\n") if line.startswith("| ")][2:]
        self.assertEqual(names[:2] + names[-1:], ["C", "Z_", "B"])

    def test_no_counters(self) -> None:
        """None, and something else."""
        self.assertEqual(printed(outcome([]), "counters").count(RULE), 3)
        text = printed(outcome({"error": "x"}), "counters")
        self.assertEqual(text, "Results for command: counters (0.25 seconds)\nBad output\n\n")

    def test_broken(self) -> None:
        """What rspamc crashes on."""
        text = printed(
            outcome([5, {"symbol": 5, "weight": 1, "frequency": 1, "hits": 1}]), "counters"
        )
        self.assertIn("| 5      |   1.0   |", text)


class UptimeTests(SynchronousTestCase):
    """`uptime`."""

    def test_durations(self) -> None:
        """Seconds, then hours, then days."""
        for seconds, text in (
            (0, "0 second"),
            (2, "2 seconds"),
            (59, "59 seconds"),
            (60, "0 hour 1 minute 0 second"),
            (3599, "0 hour 59 minutes 59 seconds"),
            (3661, "1 hour 1 minute 1 second"),
            (7199, "1 hour 59 minutes 59 seconds"),
            (7200, "0 day 2 hours 0 minute"),
            (86400, "1 day 0 hour 0 minute"),
            (180000.9, "2 days 2 hours 0 minute"),
            (1e9, "11574 days 1 hour 46 minutes"),
            ("x", "0 second"),
            (-5, "-5 second"),
        ):
            found = printed(outcome({"version": "3.4", "uptime": seconds}), "uptime")
            self.assertEqual(
                found,
                "Results for command: uptime (0.25 seconds)\n"
                f"Rspamd version: 3.4\nUptime: {text}\n\n",
            )

    def test_nothing(self) -> None:
        """Nothing is said of what is not known."""
        documents: tuple[Any, ...] = ({}, [], {"error": "x"})
        for document in documents:
            found = printed(outcome(document), "uptime")
            self.assertEqual(found, "Results for command: uptime (0.25 seconds)\n\n")
