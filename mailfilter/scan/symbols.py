"""The table of symbols that a configuration knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..config.model import Config
from .check import Check, Symbol

FAIL_SUFFIX = "_FAIL"


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """A symbol with its score, group and description as configured."""

    name: str
    score: float
    group: str
    description: str
    one_shot: bool = True


def fail_symbol(check_name: str) -> str:
    """The symbol that says that a check gave no answer."""
    return check_name.upper() + FAIL_SUFFIX


def symbol_table(config: Config, checks: Iterable[type[Check]]) -> dict[str, SymbolInfo]:
    """All symbols of checks and composites, with the operator's changes applied.

    Raises ValueError when two checks declare the same symbol.
    """
    table: dict[str, SymbolInfo] = {}
    for check in checks:
        _declare(table, check.symbols, check.name)
        failed = fail_symbol(check.name)
        table[failed] = SymbolInfo(failed, 0.0, "failures", f"check {check.name} gave no answer")
    for name, composite in config.composites.items():
        if name in table:
            raise ValueError(f"composite {name}: a check declares a symbol of this name")
        table[name] = SymbolInfo(
            name, composite.score, composite.group, composite.description or "composite"
        )
    for name, change in config.symbols.items():
        info = table.get(name)
        if info is None:
            continue
        table[name] = replace(
            info,
            score=info.score if change.score is None else change.score,
            group=info.group if change.group is None else change.group,
            description=info.description if change.description is None else change.description,
        )
    return table


def _declare(table: dict[str, SymbolInfo], symbols: Mapping[str, Symbol], check_name: str) -> None:
    for name, symbol in symbols.items():
        if name in table:
            raise ValueError(f"check {check_name}: symbol {name} is declared twice")
        table[name] = SymbolInfo(
            name, symbol.score, symbol.group, symbol.description, symbol.one_shot
        )
