"""`mailfilteradm`: administration from the command line."""

from collections.abc import Mapping
from typing import Any

import click

from .. import __version__
from ..config import Loaded, load
from ..config.saved import overlaid
from ..config.show import Entry, effective
from ..config.toml_text import parse_key, printable
from .control import ask_or_exit
from .dkim import dkim
from .dmarc import dmarc
from .dmarc_check import check as dmarc_check
from .dns import dns
from .history import explain, history
from .keypair import keypair
from .learn import learn
from .mta import mta
from .options import (
    CONFIG_OPTION,
    FILE,
    JSON_OPTION,
    STATE_OPTION,
    Commands,
    Knowledge,
    echo_json,
    fail,
    load_or_exit,
)
from .pw import pw
from .rules import rules
from .saved import read_or_warn, saved
from .spf import spf
from .status import status_text
from .store import store
from .symbols import symbols
from .tls import tls

EXIT_CODES = (
    (0, "All is well."),
    (1, "Something is wrong, or what was asked for is not there."),
    (2, "The command line is wrong."),
    (130, "It was interrupted by Ctrl-C."),
    (141, "Nobody reads what it prints any more."),
)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\n".join(["\b", "Exit status:", *(f"{code:>5}  {text}" for code, text in EXIT_CODES)]),
)
@click.version_option(__version__, prog_name="mailfilteradm", help="Show the version and exit.")
def main() -> None:
    """Administer mailfilter.

    Results are printed on standard output, errors and warnings on standard error.
    """


main.add_command(history)
main.add_command(explain)
main.add_command(store)
main.add_command(learn)
main.add_command(mta)
main.add_command(tls)
main.add_command(saved)
main.add_command(pw)
main.add_command(keypair)
main.add_command(dns)
main.add_command(spf)
main.add_command(dmarc)
dmarc.add_command(dmarc_check)
main.add_command(dkim)
main.add_command(rules)
main.add_command(symbols)


@main.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@click.argument("file", type=FILE, required=False)
@CONFIG_OPTION
@click.pass_obj
def check(knowledge: Knowledge, file: str | None, option: str | None) -> None:
    """Tell everything that is wrong with a configuration.

    Sockets are not bound: a port in use is told when the filter starts.
    """
    if file is not None and option is not None:
        raise click.UsageError("expected one file, as FILE or --config FILE")
    loaded = load_or_exit(knowledge.load_all, option if file is None else file)[0]
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)
    files = _count(len(loaded.files), "file") if loaded.files else "built-in defaults"
    listeners = [item for item in loaded.config.listeners.values() if item.enabled]
    click.echo(f"ok: {files}, {_count(len(listeners), 'listener')}")


@config.command()
@click.argument("key", required=False)
@JSON_OPTION
@CONFIG_OPTION
@STATE_OPTION
def show(key: str | None, as_json: bool, option: str | None, state_dir: str | None) -> None:
    """Show which values hold at or below a KEY.

    Beside each is where it was set. Values that were saved while the filter ran are among them,
    with who saved them and when. The output is TOML; with --json an array of objects, whose
    values are TOML, too. Without KEY everything is shown.
    """
    loaded = load_or_exit(load, option)
    entries = _entries(overlaid(loaded, read_or_warn(state_dir)), key)
    if as_json:
        echo_json([_plain(entry) for entry in entries])
        return
    for entry in entries:
        click.echo(str(entry))


@main.command()
@STATE_OPTION
def reload(state_dir: str | None) -> None:
    """Have the running filter go on with its changed files.

    It reads its configuration, and what that names, anew. Returns when new workers serve. If they
    cannot, the old ones go on, and what is wrong is said.
    """
    answer = ask_or_exit(state_dir, "reload")
    for warning in answer.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo("ok: reloaded")


@main.command()
@JSON_OPTION
@STATE_OPTION
def status(as_json: bool, state_dir: str | None) -> None:
    """Show how the running filter is.

    Its workers, connections, queues, memory and rates, certificates, maps, and the last alarms.
    """
    page = ask_or_exit(state_dir, "status").status or {}
    if as_json:
        echo_json(page)
        return
    click.echo(status_text(page))


def _entries(loaded: Loaded, key: str | None) -> list[Entry]:
    path = () if key is None else parse_key(key)
    if path is None:
        raise click.BadParameter(f"{printable(key or '')} is not a key", param_hint="KEY")
    try:
        return effective(loaded, path)
    except KeyError as error:
        hint = f"; {error.args[0]}" if error.args[0] else ""
        fail(f"{printable(key or '')}: unknown key{hint}")


def _plain(entry: Entry) -> Mapping[str, Any]:
    return {"key": entry.key, "value": entry.value, "origin": str(entry.origin)}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
