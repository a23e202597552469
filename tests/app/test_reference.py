"""The page of symbols, and the names and scores that dashboards and sieve scripts rely on."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.reference import PAGE, built_in_plan, render_symbols
from mailfilter.client.known_symbols import known_symbols
from mailfilter.client.symbols import Standing, symbol_rows

ROOT = Path(__file__).parents[2]


class ReferenceTests(SynchronousTestCase):
    def test_page(self) -> None:
        """The page in the repository is what the code gives; `make docs` writes it anew."""
        self.assertEqual((ROOT / PAGE).read_text("utf-8"), render_symbols())

    def test_names_scores_and_groups(self) -> None:
        """Every symbol of ours that Rspamd has too has its group and default score."""
        known = known_symbols()
        rows = [row for row in symbol_rows(built_in_plan()) if row.standing is Standing.COMPATIBLE]
        self.assertGreater(len(rows), 200)
        for row in rows:
            other = known[row.symbol]
            self.assertEqual((row.group, row.score), (other.group, other.score), row.symbol)
