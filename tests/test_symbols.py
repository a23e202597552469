"""Every symbol has a test of mail that it fires for, and of mail that it does not fire for."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.reference import built_in_plan
from mailfilter.client.known_symbols import known_symbols
from mailfilter.client.symbols import Standing, symbol_rows

from .symbol_tables import Cases, tested_symbols

PROMISED = 200
"""Symbols that are compatible with Rspamd's."""


class SymbolTests(SynchronousTestCase):
    """What `mailfilteradm symbols` lists."""

    def setUp(self) -> None:
        self.cases = tested_symbols()
        rows = symbol_rows(built_in_plan())
        self.rows = [row for row in rows if row.standing is not Standing.NOT_BUILT]

    def test_both_kinds(self) -> None:
        """No symbol lacks one of the two."""
        lacking = []
        for row in self.rows:
            cases = self.cases.get(row.symbol, Cases())
            if not all(cases):
                what = "does not fire" if cases.hits else "fires"
                lacking.append(f"{row.symbol} (of {row.check}): no case that it {what} for")
        self.assertEqual(lacking, [])

    def test_as_many_as_promised(self) -> None:
        """Of those that are compatible."""
        compatible = {row.symbol for row in self.rows if row.standing is Standing.COMPATIBLE}
        tested = {name for name in compatible if all(self.cases.get(name, Cases()))}
        self.assertGreaterEqual(len(tested), PROMISED)

    def test_known(self) -> None:
        """What is tested is there: a table about a symbol that is gone is about nothing."""
        there = {"SKELETON", *known_symbols(), *(row.symbol for row in self.rows)}
        self.assertEqual(set(self.cases) - there, set())
