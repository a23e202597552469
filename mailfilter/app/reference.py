"""Write `docs/symbols.md` from the checks: `python -m mailfilter.app.reference`."""

from pathlib import Path

from ..checks import BUILT_IN
from ..config import Config
from ..config.model import RuleSettings
from ..scan.plan import build_plan
from ..scan.symbols import FAIL_SUFFIX
from .rules import load_rule_set

PAGE = Path("docs/symbols.md")

_HEAD = """\
# Symbols

Made from the code by `make docs`; do not edit. Names, groups and scores are those of Rspamd \
where both mean the same. A score is changed with `[symbols.NAME] score = ...`, a check switched \
off with `[checks.NAME] enabled = false`.

A check that raises an exception or spends its time leaves a symbol `NAME_FAIL` with score 0, \
and the scan goes on without it.

| symbol | score | group | check | meaning |
|---|---|---|---|---|
"""


def render_symbols() -> str:
    """The page: every symbol of the built-in checks and rules, by name."""
    built_in = [*BUILT_IN, load_rule_set(RuleSettings()).rules.check()]
    plan = build_plan(Config(), built_in)
    checks = {symbol: check.name for check in built_in for symbol in check.symbols}
    rows = [
        f"| `{info.name}` | {info.score:g} | {info.group} | {checks[name]} | {info.description} |\n"
        for name, info in sorted(plan.symbols.items())
        if not name.endswith(FAIL_SUFFIX)
    ]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(render_symbols(), "utf-8")
