"""Write `docs/symbols.md` from the checks: `python -m mailfilter.app.reference`."""

from pathlib import Path

from ..checks import BUILT_IN
from ..config import Config
from ..scan.plan import build_plan
from ..scan.symbols import FAIL_SUFFIX

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
    """The page: every symbol of the built-in checks, by name."""
    plan = build_plan(Config(), BUILT_IN)
    checks = {symbol: check.name for check in BUILT_IN for symbol in check.symbols}
    rows = [
        f"| `{info.name}` | {info.score:g} | {info.group} | {checks[name]} | {info.description} |\n"
        for name, info in sorted(plan.symbols.items())
        if not name.endswith(FAIL_SUFFIX)
    ]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(render_symbols(), "utf-8")
