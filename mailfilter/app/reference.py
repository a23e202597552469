"""Write `docs/symbols.md` from the checks: `python -m mailfilter.app.reference`."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..checks import BUILT_IN
from ..client.symbols import Row, Standing, symbol_rows
from ..config import Config
from ..config.model import RuleSettings
from ..scan.plan import Plan, build_plan
from .composites import shipped_composites
from .rules import load_rule_set

PAGE = Path("docs/symbols.md")

_HEAD = """\
# Symbols

Made from the code by `make docs`; do not edit. `mailfilteradm symbols` lists the same by your \
configuration, with your own.

- **compatible** ({compatible}): Rspamd has the symbol by default, and it means the same; group \
and score are those of Rspamd.
- **ours** ({ours}): Rspamd has none of this name.
- **not built** ({not_built}): Rspamd has it by default, and we do not; at the end of the page.

A score is changed with `[symbols.NAME] score = ...`, a check switched off with \
`[checks.NAME] enabled = false`. A check that raises an exception or spends its time leaves a \
symbol `NAME_FAIL` with score 0, and the scan goes on without it.

| symbol | score | group | check | standing | meaning |
|---|---|---|---|---|---|
"""

_NOT_BUILT = """
## Not built

By group, with Rspamd's default scores where they are not 0.

"""


def built_in_plan() -> Plan:
    """The plan of the built-in checks and rules without a configuration."""
    settings = RuleSettings()
    rules = load_rule_set(settings).rules.check()
    return build_plan(Config(), [*BUILT_IN, rules], shipped=shipped_composites(settings))


def render_symbols() -> str:
    """The page: every symbol of the built-in checks and rules by name, and what is not built."""
    rows = list(symbol_rows(built_in_plan()))
    many = Counter(row.standing for row in rows)
    head = _HEAD.format(
        compatible=many[Standing.COMPATIBLE],
        ours=many[Standing.OURS],
        not_built=many[Standing.NOT_BUILT],
    )
    built = "".join(
        f"| `{row.symbol}` | {row.score:g} | {row.group} | {row.check} | {row.standing} |"
        f" {row.description} |\n"
        for row in rows
        if row.standing is not Standing.NOT_BUILT
    )
    return f"{head}{built}{_NOT_BUILT}{_not_built(rows)}"


def _not_built(rows: Sequence[Row]) -> str:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.standing is Standing.NOT_BUILT:
            score = f" {row.score:g}" if row.score else ""
            groups[row.group].append(f"`{row.symbol}`{score}")
    return "".join(f"- {group}: {', '.join(names)}\n" for group, names in sorted(groups.items()))


if __name__ == "__main__":
    PAGE.write_text(render_symbols(), "utf-8")
