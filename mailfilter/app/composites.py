"""Composites that the package ships."""

import tomllib
from collections.abc import Mapping
from functools import cache as once
from pathlib import Path
from types import MappingProxyType

from ..config.model import Composite, RuleSettings
from ..scan.composites import NO_COMPOSITES

SHIPPED = Path(__file__).parents[1] / "etc" / "composites.toml"


def shipped_composites(settings: RuleSettings) -> Mapping[str, Composite]:
    """Those of the package by name, if they are wanted."""
    return _shipped() if settings.built_in else NO_COMPOSITES


@once
def _shipped() -> Mapping[str, Composite]:
    tables = tomllib.loads(SHIPPED.read_text("utf-8"))["composites"]
    return MappingProxyType({name: _composite(**table) for name, table in tables.items()})


def _composite(expression: str, **others: object) -> Composite:
    """Expressions may be broken into lines."""
    return Composite(expression=" ".join(expression.split()), **others)  # type: ignore[arg-type]
