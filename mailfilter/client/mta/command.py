"""The command, and which listener it tells of."""

from collections.abc import Mapping

import click

from ...config import load
from ...config.model import Config, Listener
from ...config.names import listed
from ...config.toml_text import part_text
from ..options import CONFIG_OPTION, fail, load_or_exit
from .address import UnfitError
from .snippets import MTAS, snippet


@click.command()
@click.argument("name", type=click.Choice(list(MTAS)), metavar="|".join(MTAS))
@click.option("--listener", "wanted", help="Its name; otherwise the first one.")
@CONFIG_OPTION
def mta(name: str, wanted: str | None, option: str | None) -> None:
    """Print what goes into an MTA's configuration.

    With it the MTA asks a milter listener of this filter. The address, the time-outs and what
    becomes of mail without the filter are taken from the configuration. The pages in docs/mta say
    more.
    """
    found = _milters(load_or_exit(load, option).config)
    if not found:
        fail('there is no enabled listener with protocol = "milter"')
    if wanted is not None and wanted not in found:
        names = listed(part_text(item) for item in found)
        fail(f"no enabled milter listener is named {part_text(wanted)}; there is {names}")
    chosen = next(iter(found)) if wanted is None else wanted
    try:
        click.echo(snippet(name, found[chosen], _notes(chosen, found)), nl=False)
    except UnfitError as error:
        fail(f"listeners.{part_text(chosen)}: {error}")


def _milters(config: Config) -> Mapping[str, Listener]:
    return {
        name: listener
        for name, listener in config.listeners.items()
        if listener.enabled and listener.protocol == "milter"
    }


def _notes(chosen: str, found: Mapping[str, Listener]) -> list[str]:
    others = [part_text(name) for name in found if name != chosen]
    if not others:
        return []
    return [f"For the listener {part_text(chosen)}; there is also {listed(others)} (--listener)."]
