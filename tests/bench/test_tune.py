"""Scores are proposed by train alone, and keep ham from harm."""

import json
from collections.abc import Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import tune
from bench.tune import Row

CURRENT = {"GOOD_SIGN": -1.0, "PILLS": 1.0, "RARE": 1.0, "USELESS": 1.0}


def row(label: str, family: str, base: float, *names: str) -> Row:
    """A message with symbols."""
    return Row(label == "spam", family, base, tuple((name, 1.0) for name in names))


ROWS = [
    *[row("spam", "a", 5.0, "PILLS", "USELESS")] * 60,
    *[row("spam", "b", 5.0, "PILLS")] * 30,
    row("spam", "b", 1.0, "RARE"),
    *[row("ham", "c", 5.5, "USELESS", "GOOD_SIGN")] * 60,
    *[row("ham", "d", 0.0)] * 30,
]


class TuneTests(SynchronousTestCase):
    """Over some rows."""

    def test_fit(self) -> None:
        """What tells spam from ham gets what it takes; what does not gets nothing."""
        scores = tune.fit(ROWS, CURRENT, 8.0)
        self.assertGreater(scores["PILLS"], 1.2)
        self.assertLessEqual(scores["PILLS"], tune.MOST)
        self.assertEqual(scores["USELESS"], 0.0)
        self.assertLess(scores["GOOD_SIGN"], 0.0)
        self.assertEqual(tune.figures(ROWS, scores), (90, 91, 0, 90))

    def test_bounds(self) -> None:
        """A symbol that fired once proves less than one that often did."""
        limits = tune.bounds(ROWS, CURRENT)
        self.assertLess(limits["RARE"][1], 1.0)
        self.assertEqual(limits["PILLS"][1], tune.MOST)
        self.assertEqual(limits["GOOD_SIGN"][1], 0.0)

    def test_small_sources(self) -> None:
        """Ham of a source with few messages costs more, up to a bound."""
        rows = [row("ham", "large", 0.0)] * 99 + [row("ham", "small", 0.0), row("spam", "a", 0.0)]
        costs = tune.costs_of(rows, 2.0)
        self.assertAlmostEqual(costs[0], 2.0 * 50 / 99)
        self.assertEqual(costs[-2:], [2.0 * tune.MOST_WEIGHT, 1.0])

    def test_costs(self) -> None:
        """Ham costs more until our symbols do the sources left out no harm that others do not."""
        found = {1.0: tune.Figures(9, 10, 3, 10), 2.0: tune.Figures(8, 10, 1, 10)}
        self.patch(tune, "HAM_COSTS", (1.0, 2.0, 3.0))
        self.patch(tune, "figures", lambda rows, scores: tune.Figures(0, 10, 1, 10))
        self.patch(tune, "left_out", lambda rows, current, cost: found[cost])
        self.assertEqual(list(tune.choose(ROWS, CURRENT)), list(found.items()))

    def test_left_out(self) -> None:
        """A source says nothing of its own scores: what only one has is worth nothing to it."""
        rows = [row("spam", "a", 5.0, "RARE")] * 50 + [row("ham", "c", 0.0)] * 50
        self.assertEqual(tune.fit(rows, CURRENT, 4.0)["RARE"] >= 1.0, True)
        self.assertEqual(tune.left_out(rows, CURRENT, 4.0), (0, 50, 0, 50))

    def test_dump(self) -> None:
        """Our symbols are taken apart from what others give; those of a family go together."""
        path = self.dump("/mail/train/spam/1.eml", {"PILLS": 2.0, "OTHER": 3.5, "USELESS": 0.0})
        (found,) = tune.read_rows(path, CURRENT)
        self.assertEqual(found, Row(True, "sa-spam", 3.5, (("PILLS", 2.0),)))

    def test_dev(self) -> None:
        """Mail that is for measuring is refused."""
        path = self.dump("/mail/dev/spam/1.eml", {})
        self.assertRaises(SystemExit, tune.main, [str(path)])

    def test_proposal(self) -> None:
        """A line for each symbol, highest first, after the figures."""
        lines = list(tune.propose(ROWS, {**CURRENT, "UNSEEN": 2.5}, ROWS))
        self.assertIn("spam caught 90 of 91", next(line for line in lines if "proposed" in line))
        names = [line.split()[0] for line in lines[-5:]]
        self.assertEqual(names[:2], ["UNSEEN", "PILLS"])
        self.assertEqual(lines[-5].split(), ["UNSEEN", "2.50", "2.5", "0", "0"])
        self.assertEqual(names[-1], "GOOD_SIGN")

    def test_ours(self) -> None:
        """Symbols that Rspamd has are not among them."""
        self.assertNotIn("SUBJ_ALL_CAPS", tune.ours())

    def dump(self, name: str, symbols: Mapping[str, float]) -> Path:
        """A dump of one message."""
        path = Path(self.mktemp())
        found = {"path": name, "label": "spam", "source": "sa-spam-2", "symbols": symbols}
        path.write_text(json.dumps({**found, "score": sum(symbols.values())}) + "\n")
        return path
