"""`mailfilteradm rules`: which rules there are, and whether they do what their examples say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ..config.toml_text import printable
from ..mail import parse
from ..report.escape import escape
from ..rules.match import Matcher
from ..rules.model import Rule
from ..rules.python import PythonRule
from ..rules.ruleset import RuleSet, compiled, read_rules
from ..rules.target import read_octets
from .options import CONFIG_OPTION, FILE, JSON_OPTION, Knowledge, echo_json, fail, load_or_exit

MAX_FILE = 2**20
"""Octets of a file with rules, as the filter reads it."""

MAX_MESSAGE = 2**26
"""Octets of a message."""

MAX_SHOWN = 300
"""Octets shown of what is searched."""


@click.group()
def rules() -> None:
    """Look at rules, and try them."""


@rules.command("list")
@JSON_OPTION
@CONFIG_OPTION
@click.pass_obj
def list_(knowledge: Knowledge, as_json: bool, option: str | None) -> None:
    """Show all rules: symbol, score, group and meaning.

    Scores are those of the rules themselves, which [symbols] may change; those that only watch, as
    a shadow, are told.
    """
    found = load_or_exit(knowledge.rules, option)
    rows = [*map(_plain, found.rules), *(_plain_python(rule) for rule in found.python)]
    rows.sort(key=lambda row: row["symbol"])
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(
            f"{row['symbol']:<32} {row['score']:>6g}  {row['group']:<16} {row['description']}"
            f"{' (shadow)' if row['shadow'] else ''}"
        )


@rules.command()
@click.argument("files", type=FILE, nargs=-1, metavar="[FILE]...")
@CONFIG_OPTION
@click.pass_obj
def test(knowledge: Knowledge, files: Sequence[str], option: str | None) -> None:
    """Tell everything that is wrong with rules.

    Expressions are compiled and all examples tried. With FILE those of some files in TOML, which
    the filter need not use; otherwise all of the configuration. Exits with 1 if anything is wrong
    or doubtful.
    """
    if files and option is not None:
        raise click.UsageError("expected FILE or --config FILE")
    found = _of_files(files) if files else load_or_exit(knowledge.rules, option)
    for text in found.troubles:
        click.echo(printable(text))
    if found.troubles:
        raise SystemExit(1)
    examples = sum(len(rule.hits) + len(rule.misses) for rule in found.rules)
    many = len(found.rules) + len(found.python)
    click.echo(f"ok: {_count(many, 'rule')}, {_count(examples, 'example')}")


@rules.command()
@click.argument("symbol")
@click.argument("message", type=FILE, required=False)
@CONFIG_OPTION
@click.pass_obj
def explain(knowledge: Knowledge, symbol: str, message: str | None, option: str | None) -> None:
    """Show a rule, and what it makes of a MESSAGE.

    For each of its patterns it is shown in what is searched, and whether it matches.
    """
    found = load_or_exit(knowledge.rules, option)
    for python in found.python:
        if python.name == symbol:
            click.echo(f"{symbol}: {python.symbol.description} ({printable(python.place)})")
            return
    for rule in found.rules:
        if rule.symbol == symbol and found.matcher is not None:
            _explain(rule, found.matcher, message)
            return
    fail(f"no rule has the symbol {printable(symbol)}; `mailfilteradm rules list` shows all")


def _explain(rule: Rule, matcher: Matcher, message: str | None) -> None:
    click.echo(f"{rule.symbol}: {rule.description}")
    click.echo(f"  place    {printable(str(rule.place))}")
    click.echo(f"  score    {rule.score:g}{' (shadow)' if rule.is_shadow else ''}")
    if rule.when:
        click.echo(f"  fires    {rule.when}")
    parsed = None if message is None else parse(_octets(message, MAX_MESSAGE))
    matches = frozenset[str]() if parsed is None else matcher.matches(rule, parsed)
    for pattern in rule.patterns:
        flags = f" ({pattern.flags})" if pattern.flags else ""
        click.echo(f"  {pattern.name:<8} {printable(pattern.text)}{flags} in {pattern.target}")
        if parsed is not None:
            octets = read_octets(pattern.target, parsed)
            what = "matches" if pattern.name in matches else "does not match"
            click.echo(f"           {what}: {_shown(octets)}")
    if parsed is not None:
        fires = any(one is rule for one in matcher.run(parsed).rules)
        click.echo(f"  {'fires' if fires else 'does not fire'}")


def _shown(octets: bytes | None) -> str:
    if octets is None:
        return "nothing is there"
    text = escape(octets[:MAX_SHOWN].decode("utf-8", "backslashreplace"))
    return f"{text}..." if len(octets) > MAX_SHOWN else text


def _of_files(files: Sequence[str]) -> RuleSet:
    return compiled(read_rules((), [(file, _octets(file, MAX_FILE)) for file in files]))


def _octets(file: str, most: int) -> bytes:
    with Path(file).open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        fail(f"{file}: expected at most {most} octets")
    return data


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "symbol": rule.symbol,
        "score": rule.counted_score,
        "group": rule.group,
        "description": rule.description,
        "shadow": rule.is_shadow,
        "place": str(rule.place),
    }


def _plain_python(rule: PythonRule) -> dict[str, Any]:
    return {
        "symbol": rule.name,
        "score": rule.symbol.score,
        "group": rule.symbol.group,
        "description": rule.symbol.description,
        "shadow": rule.is_shadow,
        "place": rule.place,
    }


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
