"""Tables of symbols: what must fire, and what must not, for each symbol of a check."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.check import Check

Table = Mapping[str, tuple[Iterable[Any], Iterable[Any]]]
"""Symbol -> cases that it fires for, and cases that it does not fire for."""


class SymbolCase(SynchronousTestCase):
    """A test of a check with such a table.

    `tests/test_symbols.py` runs all methods that call `compare` to see which symbols have one.
    """

    check: type[Check]

    def found(self, case: Any) -> Container[str]:
        """The symbols that fire for a case."""
        raise NotImplementedError

    def compare(self, expected: Table) -> None:
        """Every symbol of the check fires for the first of its cases, and not the second ones."""
        self.assertEqual(set(expected), set(self.check.symbols))
        for symbol, (hitting, others) in expected.items():
            for case in hitting:
                self.assertIn(symbol, self.found(case), repr(case)[:300])
            for case in others:
                self.assertNotIn(symbol, self.found(case), repr(case)[:300])


def alternatives(cases: Mapping[str, Iterable[Any]]) -> Table:
    """A table of symbols of which one fires at a time, each for its own cases."""
    own = {symbol: list(some) for symbol, some in cases.items()}
    return {
        symbol: (some, [case for other in own if other != symbol for case in own[other]])
        for symbol, some in own.items()
    }
