"""`mailfilteradm symbols`: which symbols there are, and which of Rspamd's are not."""

from collections.abc import Iterator
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import click

from ..scan.plan import Plan
from ..scan.symbols import COMPOSITES
from .known_symbols import known_symbols
from .options import CONFIG_OPTION, JSON_OPTION, Knowledge, echo_json, load_or_exit


class Standing(StrEnum):
    """How a symbol stands to the default symbols of Rspamd."""

    COMPATIBLE = "compatible"
    """Both have it, and it means the same."""
    OURS = "ours"
    """Rspamd has none of this name: it comes with us, or with the operator's rules."""
    NOT_BUILT = "not-built"
    """Only Rspamd has it."""


class Row(NamedTuple):
    """What is told of a symbol."""

    symbol: str
    score: float
    group: str
    check: str
    """Empty if nothing finds it."""
    is_enabled: bool
    standing: Standing
    description: str


def symbol_rows(plan: Plan) -> Iterator[Row]:
    """The symbols of a plan and those of Rspamd that it lacks, by name."""
    known = known_symbols()
    running = {step.name for step in plan.steps}
    for name in sorted({*plan.symbols, *known}):
        info = plan.symbols.get(name)
        if info is None:
            other = known[name]
            yield Row(
                name, other.score, other.group, "", False, Standing.NOT_BUILT, other.description
            )
        elif info.check:
            standing = Standing.COMPATIBLE if name in known else Standing.OURS
            is_on = info.check in running or info.check == COMPOSITES
            yield Row(name, info.score, info.group, info.check, is_on, standing, info.description)


@click.command()
@click.argument("pattern", default="*")
@click.option("--group", metavar="NAME", help="Only those of a group.")
@click.option("--found-by", "check", metavar="CHECK", help="Only those that a check finds.")
@click.option(
    "--standing",
    type=click.Choice([standing.value for standing in Standing]),
    metavar="STANDING",
    help="Only compatible, ours or not-built.",
)
@JSON_OPTION
@CONFIG_OPTION
@click.pass_obj
def symbols(
    knowledge: Knowledge,
    pattern: str,
    group: str | None,
    check: str | None,
    standing: str | None,
    as_json: bool,
    option: str | None,
) -> None:
    """List symbols: score, group, check and meaning.

    With PATTERN, such as 'MIME_*', those of such a name. Scores are those of the configuration. A
    symbol is compatible if Rspamd has it by default and it means the same, or ours, or not-built
    if only Rspamd has it. Exits with 1 if there is none.
    """
    wanted = {"group": group, "check": check, "standing": standing}
    rows = [
        row
        for row in symbol_rows(load_or_exit(knowledge.plan, option))
        if fnmatchcase(row.symbol.upper(), pattern.upper())
        and all(value in (None, getattr(row, key)) for key, value in wanted.items())
    ]
    if as_json:
        echo_json([_plain(row) for row in rows])
    for row in () if as_json else rows:
        click.echo(
            f"{row.symbol:<36} {row.score:>6g}  {row.group:<18} {_finder(row):<22}"
            f" {row.standing:<10}  {row.description}"
        )
    if not rows:
        raise SystemExit(1)


def _finder(row: Row) -> str:
    return f"{row.check} (off)" if row.check and not row.is_enabled else row.check or "-"


def _plain(row: Row) -> dict[str, Any]:
    known = known_symbols().get(row.symbol)
    return {
        "symbol": row.symbol,
        "score": row.score,
        "group": row.group,
        "description": row.description,
        "check": row.check or None,
        "enabled": row.is_enabled,
        "standing": row.standing,
        "default_of_rspamd": known.score if known else None,
    }
