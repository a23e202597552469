"""The command, and which listener it tells of."""

from collections.abc import Mapping, Sequence

import click

from ...config import load
from ...config.model import Config, Listener, Protocol
from ...config.names import listed
from ...config.toml_text import part_text, value_text
from ..options import CONFIG_OPTION, fail, load_or_exit
from .address import UnfitError
from .snippets import MTAS, snippet

_HELP = f"""\
Print what goes into an MTA's configuration.

MTA is one of {", ".join(MTAS)}. With what is printed it asks a listener of this filter. The
address, the time-outs and what becomes of mail without the filter are taken from the configuration.
The pages in docs/mta say more.
"""


@click.command(help=_HELP)
@click.argument("name", type=click.Choice(list(MTAS)), metavar="MTA")
@click.option("--listener", "wanted", metavar="NAME", help="Its name; otherwise the first one.")
@CONFIG_OPTION
def mta(name: str, wanted: str | None, option: str | None) -> None:
    """See `_HELP`."""
    protocols = MTAS[name].protocols
    config = load_or_exit(load, option).config
    found = _listeners(config, protocols)
    if not found:
        spoken = " or ".join(value_text(protocol) for protocol in protocols)
        fail(f"there is no enabled listener with protocol = {spoken}")
    if wanted is not None and wanted not in found:
        names = listed(part_text(item) for item in found)
        kind = " or ".join(protocols)
        fail(f"no enabled {kind} listener is named {part_text(wanted)}; there is {names}")
    chosen = next(iter(found)) if wanted is None else wanted
    try:
        server = _server(config, found[chosen])
        click.echo(snippet(name, found[chosen], _notes(chosen, found), server), nl=False)
    except UnfitError as error:
        fail(f"listeners.{part_text(chosen)}: {error}")


def _listeners(config: Config, protocols: Sequence[Protocol]) -> Mapping[str, Listener]:
    """The enabled ones by their names, in the order of the protocols."""
    return {
        name: listener
        for protocol in protocols
        for name, listener in config.listeners.items()
        if listener.enabled and listener.protocol == protocol
    }


def _server(config: Config, listener: Listener) -> str:
    """A name that the listener's certificates are for, if the configuration says one."""
    shown = (config.certificates[name] for name in listener.certificates)
    names = (name for certificate in shown for name in certificate.names)
    return next((name for name in names if not name.startswith("*")), "")


def _notes(chosen: str, found: Mapping[str, Listener]) -> list[str]:
    alike = {name for name in found if found[name].protocol == found[chosen].protocol}
    others = [part_text(name) for name in found if name in alike - {chosen}]
    if not others:
        return []
    return [f"For the listener {part_text(chosen)}; there is also {listed(others)} (--listener)."]
