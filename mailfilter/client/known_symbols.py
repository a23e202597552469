"""The default symbols of Rspamd: what dashboards, sieve scripts and composites name.

`etc/symbols.tsv` has a line for each: its name, group and default score as of 4.1 (or the last
release that had it), the kind of rule behind it there, the releases whose defaults have it, and
what it means, in our words.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

TABLE = Path(__file__).parents[1] / "etc" / "symbols.tsv"


class KnownSymbol(NamedTuple):
    """A default symbol of Rspamd."""

    name: str
    group: str
    score: float
    kind: str
    releases: str
    description: str


@cache
def known_symbols() -> Mapping[str, KnownSymbol]:
    """All of them, by name."""
    lines = TABLE.read_text("utf-8").splitlines()[1:]
    return MappingProxyType({known.name: known for known in map(_read, lines)})


def _read(line: str) -> KnownSymbol:
    name, group, score, kind, releases, description = line.split("\t")
    return KnownSymbol(name, group, float(score), kind, releases, description)
