"""`mailfilteradm saved`: what was saved over the configuration, and taking it back."""

import os
from collections.abc import Mapping
from typing import Any

import click

from ..config.saved import FILE, History, SavedError, Version, read_saved
from ..config.toml_text import printable
from .control import ask_or_exit, state_dirs
from .options import JSON_OPTION, STATE_OPTION, echo_json


@click.group()
def saved() -> None:
    """Look at what was saved over the configuration, or undo it.

    Scores, thresholds and maps that are changed over a controller are saved. They hold over what
    the files of the configuration say, after a reload and a restart too, until they are undone.
    """


@saved.command("list")
@JSON_OPTION
@STATE_OPTION
def show(as_json: bool, state_dir: str | None) -> None:
    """Show what is saved.

    The value, who saved it and when, and what the configuration says.
    """
    rows = ask_or_exit(state_dir, "saved").rows
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("nothing is saved: the configuration holds")


@saved.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "is_all", is_flag=True, help="Remove all that is saved.")
@STATE_OPTION
def undo(keys: tuple[str, ...], is_all: bool, state_dir: str | None) -> None:
    """Take back the last change of each KEY.

    The value that was saved before it holds then; without one, what the configuration says. With
    --all nothing is saved any more.
    """
    if bool(keys) == is_all:
        raise click.UsageError("expected KEY..., or --all")
    answer = ask_or_exit(state_dir, "undo", keys, is_all=is_all)
    for row in answer.rows:
        click.echo(f"undone: {printable(str(row['key']))}")
    if not answer.rows:
        click.echo("nothing was saved")


def read_or_warn(state_dir: str | None) -> History:
    """What is saved in the state directory of the filter; where it cannot be read, say so."""
    for directory in state_dirs(state_dir, os.environ, os.getcwd()):
        path = os.path.join(directory, FILE)
        try:
            found = read_saved(directory)
        except OSError as error:
            click.echo(f"warning: {path}: {error.strerror}; values in it are not shown", err=True)
        except SavedError as error:
            click.echo(f"warning: {path}: {error}; values in it are not shown", err=True)
        else:
            if found:
                return found
    return {}


def _line(row: Mapping[str, Any]) -> str:
    """`actions.reject = 12.0   # saved by WHO, TIME; configured: 15.0`."""
    value, versions = row["value"], row["versions"]
    shown = f"{value['octets']} octets" if isinstance(value, Mapping) else _shown(value)
    line = f"{printable(row['key'])} = {shown}   # {Version(None, row['by'], row['at'])}"
    line += f"; configured: {_shown(row['configured'])}"
    return f"{line}; {versions} versions" if versions > 1 else line


def _shown(value: object) -> str:
    return '"off"' if value is None else str(value)
