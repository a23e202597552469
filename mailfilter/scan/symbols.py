"""The table of symbols that a configuration knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..config.model import Composite, Config, SymbolSettings
from .check import Check

FAIL_SUFFIX = "_FAIL"

COMPOSITES = "composites"
"""What finds composites, as the name of a check."""


@dataclass(frozen=True, slots=True)
class SymbolInfo:
    """A symbol with its score, group and description as configured."""

    name: str
    score: float
    group: str
    description: str
    one_shot: bool = True
    check: str = ""
    """What finds it; empty for what says that a check failed."""


def fail_symbol(check_name: str) -> str:
    """The symbol that says that a check gave no answer."""
    return check_name.upper() + FAIL_SUFFIX


def symbol_table(
    config: Config, checks: Iterable[type[Check]]
) -> tuple[dict[str, SymbolInfo], list[tuple[tuple[str, ...], str]]]:
    """All symbols of checks and composites, with the operator's changes applied.

    The second value tells of those that are declared twice, as path of the key (or
    nothing) and text; the first declaration counts.
    """
    table: dict[str, SymbolInfo] = {}
    problems: list[tuple[tuple[str, ...], str]] = []
    for check in checks:
        for name, symbol in check.symbols.items():
            if name in table:
                problems.append(((), f"check {check.name}: symbol {name} is declared twice"))
                continue
            table[name] = SymbolInfo(
                name,
                symbol.score,
                symbol.group,
                symbol.description,
                symbol.one_shot,
                check.name,
            )
        failed = fail_symbol(check.name)
        table[failed] = SymbolInfo(failed, 0.0, "failures", f"check {check.name} gave no answer")
    for name, composite in config.composites.items():
        if name in table:
            problems.append((("composites", name), "a check declares a symbol of this name"))
            continue
        table[name] = _of_composite(name, composite)
    for name, change in config.symbols.items():
        if name in table:
            table[name] = _changed(table[name], change)
    return table, problems


def shipped_symbols(config: Config, shipped: Mapping[str, Composite]) -> dict[str, SymbolInfo]:
    """Those of the package's composites, with the operator's changes applied."""
    return {
        name: _changed(_of_composite(name, item), config.symbols.get(name, SymbolSettings()))
        for name, item in shipped.items()
    }


def _of_composite(name: str, item: Composite) -> SymbolInfo:
    text = item.description or "composite"
    return SymbolInfo(name, item.score, item.group, text, check=COMPOSITES)


def _changed(info: SymbolInfo, change: SymbolSettings) -> SymbolInfo:
    return replace(
        info,
        score=info.score if change.score is None else change.score,
        group=info.group if change.group is None else change.group,
        description=info.description if change.description is None else change.description,
    )
