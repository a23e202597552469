"""Which symbols have tests of what they fire for, and of what they do not.

- A rule in TOML has examples of both, which are tried when rules are read.
- The symbols of a check stand in a table that a test hands to `compare` of
  `SymbolCase`. Tests are not read for that but run: `compare` then only counts the cases.
- The composites of the package stand in `CASES` of `tests/app/test_composites.py`.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import NamedTuple

from mailfilter.app.rules import load_rule_set
from mailfilter.config.model import RuleSettings
from tests import checks
from tests.app.test_composites import CASES
from tests.checks.symbol_case import SymbolCase, Table


class Cases(NamedTuple):
    """How many cases a symbol has."""

    hits: int = 0
    others: int = 0


def tested_symbols() -> dict[str, Cases]:
    """Every symbol that is tested in such a way."""
    found = dict.fromkeys(CASES, Cases(1, 1))
    for table in _tables():
        for symbol, (hitting, others) in table.items():
            hits, misses = found.get(symbol, Cases())
            found[symbol] = Cases(hits + len(list(hitting)), misses + len(list(others)))
    for rule in load_rule_set(RuleSettings()).rules.rules:
        hits, misses = found.get(rule.symbol, Cases())
        found[rule.symbol] = Cases(hits + len(rule.hits), misses + len(rule.misses))
    return found


def _tables() -> Iterator[Table]:
    for _, table in tables_by_case():
        yield table


def tables_by_case() -> Iterator[tuple[type[SymbolCase], Table]]:
    """The tables of checks, and the test that each is of."""
    for module in iter_modules(checks.__path__, f"{checks.__name__}."):
        if module.name.rpartition(".")[2].startswith("test_"):
            yield from _tables_of(import_module(module.name))


def _tables_of(module: ModuleType) -> Iterator[tuple[type[SymbolCase], Table]]:
    for _, case in inspect.getmembers(module, inspect.isclass):
        if not issubclass(case, SymbolCase) or case.__module__ != module.__name__:
            continue
        for name, method in inspect.getmembers(case, inspect.isfunction):
            if name.startswith("test_") and "self.compare(" in inspect.getsource(method):
                yield from ((case, table) for table in _handed_over(case, name))


def _handed_over(case: type[SymbolCase], name: str) -> list[Table]:
    """The tables that a test hands to `compare`."""
    tables: list[Table] = []
    test = case(name)
    vars(test)["compare"] = tables.append
    test.setUp()
    getattr(test, name)()
    return tables
