"""What several commands of `mailfilteradm` have in common: options, and how they end."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO, TypeVar

import click

from ..config import Config, ConfigError, Loaded, default_path
from ..report.reply_json import render_json
from ..rules.ruleset import RuleSet
from ..scan.plan import Plan, build_plan
from .own_key import OwnKey

T = TypeVar("T")

FILE = click.Path(path_type=str)
STATE_OPTION = click.option(
    "--state-dir",
    type=FILE,
    metavar="FOLDER",
    help="The state directory of the filter, as it was started with. Otherwise"
    " MAILFILTER_STATE_DIR, ./mailfilter-state or /var/lib/mailfilter.",
)
CONFIG_OPTION = click.option(
    "-c",
    "--config",
    "option",
    type=FILE,
    metavar="FILE",
    help="The configuration file. Otherwise /etc/mailfilter/mailfilter.toml if it exists, else the"
    " built-in defaults hold.",
)
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

INTERRUPTED_STATUS = 130
PIPE_STATUS = 141
"""What shells show for a tool that SIGINT or SIGPIPE has ended."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the commands need of the application; of paths, `None` is the built-in defaults."""

    load_all: Callable[[str | None], tuple[Loaded, object]]
    """Load a configuration and the checks, and fit them together; raises ConfigError."""
    tls_page: Callable[[str | None], Mapping[str, Any]]
    """What the files of a configuration hold that TLS needs, as plain values; raises
    ConfigError."""
    rules: Callable[[str | None], RuleSet] = lambda _: RuleSet()
    """The rules of a configuration, compiled; raises ConfigError."""
    plan: Callable[[str | None], Plan] = lambda _: build_plan(Config(), ())
    """Checks and symbols of a configuration, with rules that are not compiled; raises
    ConfigError."""
    own_key: Callable[[str | None, str, str], OwnKey] = lambda *_: OwnKey()
    """The key by which a configuration has mail signed for a domain and selector; raises
    ConfigError."""


class Commands(click.Group):
    """A group whose commands end without a traceback when what they print cannot be written.

    When nobody reads it any more, as with `| head`, or at Ctrl-C, they end without a word.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _let_go(sys.stdout, sys.stderr)
            sys.exit(PIPE_STATUS)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED_STATUS)
        except OSError as error:
            _let_go(sys.stdout)
            fail(str(error))


def _let_go(*streams: TextIO) -> None:
    # What is left in the buffers is written once more at the exit, which would complain.
    for stream in streams:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def load_or_exit(loader: Callable[[str | None], T], file: str | None) -> T:
    """What is loaded from a file or the default one; where it is wrong, say so and exit."""
    try:
        return loader(default_path() if file is None else file)
    except ConfigError as error:
        fail(str(error))


def echo_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a line of JSON, in ASCII whatever the locale."""
    click.echo(render_json(value))


def fail(text: str) -> NoReturn:
    """Say what is wrong, and exit."""
    click.echo(text, err=True)
    sys.exit(1)
