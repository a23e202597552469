"""`mailfilteradm`: administration from the command line.

Exit codes: 0 all is well, 1 something is wrong, 2 the command line is.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from .. import __version__
from ..config import ConfigError, Loaded, default_path, load
from ..config.show import Entry, effective
from ..config.toml_text import parse_key, printable

FILE = click.Path(path_type=str)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the commands need of the application."""

    check_plan: Callable[[Loaded], object]
    """Load the checks and fit them to a configuration; raises ConfigError."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mailfilteradm")
def main() -> None:
    """Administer mailfilter."""


@main.group()
def config() -> None:
    """Look at the configuration.

    Without a file, /etc/mailfilter/mailfilter.toml is read if it exists, else the built-in
    defaults hold.
    """


@config.command()
@click.argument("file", type=FILE, required=False)
@click.pass_obj
def check(knowledge: Knowledge, file: str | None) -> None:
    """Tell everything that is wrong with a configuration.

    Sockets are not bound: a port in use is told when the filter starts.
    """
    loaded = _load(file, knowledge.check_plan)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    files = _count(len(loaded.files), "file") if loaded.files else "built-in defaults"
    listeners = [item for item in loaded.config.listeners.values() if item.enabled]
    click.echo(f"ok: {files}, {_count(len(listeners), 'listener')}")


@config.command()
@click.argument("key", required=False)
@click.option("-c", "--config", "file", type=FILE, help="The configuration file.")
def show(key: str | None, file: str | None) -> None:
    """Show the values that hold at or below a KEY, and where each was set.

    The output is TOML. Without KEY everything is shown.
    """
    for entry in _entries(_load(file), key):
        click.echo(str(entry))


def _load(file: str | None, check_more: Callable[[Loaded], object] | None = None) -> Loaded:
    """The configuration; where it is wrong, say so and exit."""
    try:
        loaded = load(default_path() if file is None else file)
        if check_more is not None:
            check_more(loaded)
        return loaded
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _entries(loaded: Loaded, key: str | None) -> list[Entry]:
    path = () if key is None else parse_key(key)
    if path is None:
        raise click.BadParameter(f"{printable(key or '')} is not a key", param_hint="KEY")
    try:
        return effective(loaded, path)
    except KeyError as error:
        hint = f"; {error.args[0]}" if error.args[0] else ""
        click.echo(f"{printable(key or '')}: unknown key{hint}", err=True)
        sys.exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
