"""Outcomes on a terminal: with colours and tables, and nothing of mail that a terminal obeys.

Colours are left out if `NO_COLOR` is set, or the terminal has none.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import counters_text, scan_text, stat_text
from .commands import Command
from .exchange import Failure, Outcome, Reply
from .options import Options
from .plain import below, headline, new_body
from .values import members, number, printable, printable_lines, text, whole

MAX_ROWS = 1000
"""Of a table, which takes 0.25 ms for each; what has more is printed as it is elsewhere."""

_FOLD = re.compile(r"\r?\n[ \t]+")
_ACTION_STYLES = {
    "reject": "bold red",
    "no action": "green",
    "add header": "yellow",
    "rewrite subject": "yellow",
    "greylist": "cyan",
    "soft reject": "cyan",
}


def for_terminal(outcome: Outcome, command: Command, options: Options) -> bytes:
    """Octets for one outcome, the empty line behind it included."""
    if isinstance(outcome, Failure):
        failure = outcome
        return _painted(lambda console: _failure(console, failure, command, options))
    table = _TABLES.get(command.name) if options.output == "human" else None
    if table is not None:
        reply = outcome = replace(outcome, document=_clean(outcome.document))
        if not options.is_human and not _is_long(reply.document):
            return _painted(lambda console: _reply(console, reply, command, options, table))
    first = printable(headline(outcome, command, options).rstrip("\n"))
    return (f"{first}\n" if first else "").encode() + _escaped(below(outcome, command, options))


def _is_long(document: Any) -> bool:
    lists = document.values() if isinstance(document, dict) else (document,)
    return any(len(value) > MAX_ROWS for value in lists if isinstance(value, dict | list))


def _painted(paint: Callable[[Console], None]) -> bytes:
    console = Console(force_terminal=True, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        paint(console)
    return captured.get().encode("utf-8", "replace")


def _escaped(octets: bytes) -> bytes:
    shown = octets.replace(b"\r\n", b"\n").decode("utf-8", "surrogateescape")
    return printable_lines(shown).encode()


def _clean(value: Any) -> Any:
    """The same with nothing in its texts that a terminal obeys, or that is no part of a line."""
    if isinstance(value, str):
        return printable(_FOLD.sub(" ", value))
    if isinstance(value, dict):
        return {_clean(name): _clean(member) for name, member in value.items()}
    return [_clean(element) for element in value] if isinstance(value, list) else value


def _failure(console: Console, failure: Failure, command: Command, options: Options) -> None:
    _headline(console, failure, command, options)
    console.print(Text(printable(failure.text), style="bold red"))
    if options.output == "json" and failure.raw:
        console.print(Text(_escaped(failure.raw).decode()), soft_wrap=True)
    console.print()


def _headline(console: Console, outcome: Outcome, command: Command, options: Options) -> None:
    if shown := headline(outcome, command, options):
        console.print(Text(printable(shown.rstrip("\n")), style="bold"), soft_wrap=True)


def _reply(
    console: Console,
    reply: Reply,
    command: Command,
    options: Options,
    show: Callable[[Console, Reply, Options], None],
) -> None:
    _headline(console, reply, command, options)
    if options.shows_headers:
        _lines(console, ((printable(name), printable(value)) for name, value in reply.headers))
        console.print()
    show(console, reply, options)
    if body := new_body(reply, options):
        console.print(Text("\nNew body:", style="bold"))
        console.print(Text(_escaped(body).decode()), soft_wrap=True)
    console.print()


def _lines(console: Console, lines: Iterable[tuple[str, str | Text]]) -> None:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in lines:
        grid.add_row(Text(label), value if isinstance(value, Text) else Text(value))
    console.print(grid)


def _scan(console: Console, reply: Reply, options: Options) -> None:
    style = _ACTION_STYLES.get(scan_text.action_of(reply.fields), "bold")
    _lines(
        console,
        (
            (label, Text(value, style=style) if label in ("Action", "Score") else value)
            for label, value in scan_text.head(reply.fields)
        ),
    )
    if symbols := scan_text.symbols(reply.fields, options):
        console.print()
        console.print(_symbols(symbols))
        console.print()
    _lines(console, scan_text.tail(reply.fields, options))
    if "profile" in reply.fields:
        profile = scan_text.profile(reply.fields)
        _lines(console, [("Profile", ""), *((name, scan_text.cost(it)) for name, it in profile)])


def _symbols(symbols: Iterable[tuple[str, Any]]) -> Table:
    table = _table("Symbol", "Score", "Options", "Description", numbers=("Score",))
    for name, symbol in symbols:
        value = members(symbol)
        score = number(value.get("score"))
        table.add_row(
            Text(text(name)),
            Text(f"{score:.2f}", style="red" if score > 0 else "green" if score < 0 else "dim"),
            Text(", ".join(scan_text.option_texts(value) or ())),
            Text(text(value.get("description", "")), style="dim"),
        )
    return table


def _table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        is_number = name in numbers
        table.add_column(
            name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
        )
    return table


def _stat(console: Console, reply: Reply, options: Options) -> None:
    _lines(console, stat_text.stat_lines(reply.fields))


def _uptime(console: Console, reply: Reply, options: Options) -> None:
    _lines(console, stat_text.uptime_lines(reply.fields))


def _counters(console: Console, reply: Reply, options: Options) -> None:
    if not isinstance(reply.document, list):
        console.print("Bad output")
        return
    numbers = ("Weight", "Hits/min", "Deviation", "Hits", "Time")
    table = _table("Symbol", *numbers, numbers=numbers)
    for counter in counters_text.counters(reply.document, options.sort):
        if not counters_text.is_whole(counter):
            continue
        table.add_row(
            Text(text(counter["symbol"])),
            f"{number(counter['weight']):.1f}",
            f"{counters_text.frequency(counter):.3f}",
            f"{counters_text.frequency(counter, 'frequency_stddev'):.3f}",
            f"{whole(counter['hits'])}",
            f"{number(counter.get('time')):.3f}",
        )
    console.print(table)


_TABLES = {
    "symbols": _scan,
    "stat": _stat,
    "stat_reset": _stat,
    "counters": _counters,
    "uptime": _uptime,
}
