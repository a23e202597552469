"""`mailfilteradm saved`: what was saved over the configuration, and taking it back."""

import os
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from ..config.saved import FILE, History, SavedError, Version, read_saved
from ..config.toml_text import printable
from .control import ask_or_exit, state_dirs
from .options import STATE_OPTION


@click.group(invoke_without_command=True)
@STATE_OPTION
@click.pass_context
def saved(context: click.Context, state_dir: str | None) -> None:
    """List, or take back, what was saved over the configuration while the filter ran.

    Scores, thresholds and maps that are changed over a controller are saved. They hold over what
    the files of the configuration say, after a reload and a restart too, until they are undone.
    """
    if context.invoked_subcommand is None:
        context.invoke(show, state_dir=state_dir)


@saved.command("list")
@STATE_OPTION
@click.option("--json", "as_json", is_flag=True, help="A JSON array, for programs.")
def show(state_dir: str | None, as_json: bool = False) -> None:
    """Show what is saved: value, who saved it and when, what the configuration says."""
    rows = ask_or_exit(_state_dir(state_dir), "saved").rows
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("nothing is saved: the configuration holds")


@saved.command()
@click.argument("keys", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Remove all that is saved.")
@STATE_OPTION
def undo(keys: tuple[str, ...], is_all: bool, state_dir: str | None) -> None:
    """Take back the last change of each KEY.

    The value that was saved before it holds then; without one, what the configuration says. With
    --all nothing is saved any more.
    """
    if bool(keys) == is_all:
        raise click.UsageError("expected KEY..., or --all")
    answer = ask_or_exit(_state_dir(state_dir), "undo", keys, is_all=is_all)
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


def _state_dir(option: str | None) -> str | None:
    """The option, also where it stands before the command that it is for."""
    context = click.get_current_context()
    above = context.parent.params.get("state_dir") if context.parent else None
    return option or above


def _line(row: Mapping[str, Any]) -> str:
    """`actions.reject = 12.0   # saved by WHO, TIME; configured: 15.0`."""
    value, versions = row["value"], row["versions"]
    shown = f"{value['octets']} octets" if isinstance(value, Mapping) else _shown(value)
    line = f"{printable(row['key'])} = {shown}   # {Version(None, row['by'], row['at'])}"
    line += f"; configured: {_shown(row['configured'])}"
    return f"{line}; {versions} versions" if versions > 1 else line


def _shown(value: object) -> str:
    return '"off"' if value is None else str(value)
