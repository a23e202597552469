"""The table of Rspamd's default symbols."""

import re

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.known_symbols import TABLE, known_symbols


class KnownSymbolsTests(SynchronousTestCase):
    """What is in it."""

    def test_form(self) -> None:
        """All are there once, in order, and say what they mean."""
        known = known_symbols()
        lines = TABLE.read_text("utf-8").splitlines()
        self.assertEqual(lines[0], "symbol\tgroup\tscore\tkind\treleases\tdescription")
        self.assertEqual(list(known), [line.split("\t")[0] for line in lines[1:]])
        self.assertEqual(list(known), sorted(known))
        for symbol in known.values():
            self.assertTrue(re.fullmatch("[A-Z][A-Za-z0-9_]+", symbol.name), symbol)
            self.assertIn(symbol.releases, ("3.4", "4.1", "3.4 4.1"), symbol)
            self.assertTrue(symbol.group and symbol.description, symbol)

    def test_facts(self) -> None:
        """Some that everybody knows."""
        known = known_symbols()
        self.assertEqual(known["MISSING_MID"][1:3], ("headers", 2.5))
        self.assertEqual(known["BAYES_HAM"][1:4], ("statistics", -3.0, "classifier"))
        self.assertGreater(len(known), 700)
