"""What several commands of `mailfilteradm` have in common: options, and how they end."""

import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

import click

from ..config import ConfigError, default_path

T = TypeVar("T")

FILE = click.Path(path_type=str)
STATE_OPTION = click.option(
    "--state-dir",
    type=FILE,
    help="The state directory of the filter, as it was started with. Otherwise"
    " MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.",
)
CONFIG_OPTION = click.option("-c", "--config", "option", type=FILE, help="The configuration file.")


def load_or_exit(loader: Callable[[str | None], T], file: str | None) -> T:
    """What is loaded from a file or the default one; where it is wrong, say so and exit."""
    try:
        return loader(default_path() if file is None else file)
    except ConfigError as error:
        fail(str(error))


def fail(text: str) -> NoReturn:
    """Say what is wrong, and exit."""
    click.echo(text, err=True)
    sys.exit(1)
