"""`mailfilteradm spf`: what SPF says of a client, and why."""

import time
from collections.abc import Sequence
from ipaddress import ip_address
from socket import gethostname
from typing import Any

import click

from ..auth.spf import evaluate
from ..auth.spf_drive import run_evaluation
from ..auth.spf_values import Asked, Limits, SpfResult
from ..config import load
from ..config.model import Dns
from ..net.resolver import Resolver
from ..net.servers import Server
from ..report.escape import escape
from .dns_option import SERVER_OPTION, chosen_servers
from .options import CONFIG_OPTION, JSON_OPTION, echo_json, load_or_exit
from .spf_text import evaluation_lines, plain_evaluation
from .with_store import run_in_reactor

DEFAULTS = Limits()
MAX_LIMIT = 1000


@click.group()
def spf() -> None:
    """Evaluate SPF, which says who may send for a domain."""


@spf.command()
@click.option("--ip", "ip_text", required=True, metavar="ADDRESS", help="Address of the client.")
@click.option(
    "--from",
    "sender",
    default="",
    metavar="ADDRESS",
    help="Sender, as in MAIL FROM. Without it the name of HELO is evaluated, as for bounces.",
)
@click.option("--helo", default="", metavar="NAME", help="Name that the client gives in HELO.")
@SERVER_OPTION
@click.option(
    "--max-lookups",
    type=click.IntRange(0, MAX_LIMIT),
    default=DEFAULTS.lookups,
    show_default=True,
    metavar="COUNT",
    help="Terms that may ask DNS.",
)
@click.option(
    "--max-void",
    type=click.IntRange(0, MAX_LIMIT),
    default=DEFAULTS.void,
    show_default=True,
    metavar="COUNT",
    help="Terms that may have no answer.",
)
@JSON_OPTION
@CONFIG_OPTION
def check(
    ip_text: str,
    sender: str,
    helo: str,
    servers: Sequence[str],
    max_lookups: int,
    max_void: int,
    as_json: bool,
    option: str | None,
) -> None:
    """Evaluate SPF for a client, step by step.

    Shows each question to DNS with its answer, each term with whether it matches, and the result.
    Nothing is taken from the memory of the running filter. The exit status is 1 if the result is
    an error.
    """
    asked = _asked(ip_text, sender, helo)
    limits = Limits(max_lookups, max_void, has_terms=True)
    settings = load_or_exit(load, option).config.dns
    chosen = chosen_servers(servers, settings)
    found = run_in_reactor(lambda reactor: _evaluate(reactor, settings, chosen, asked, limits))
    if as_json:
        echo_json(plain_evaluation(asked, found))
    else:
        click.echo("\n".join(evaluation_lines(asked, found, limits)))
    if found.result in ("temperror", "permerror"):
        raise SystemExit(1)


def _asked(ip_text: str, sender: str, helo: str) -> Asked:
    sender = sender.strip().removeprefix("<").removesuffix(">")
    if not sender and not helo:
        raise click.UsageError("expected --from, --helo, or both")
    try:
        # A zone means something to one host alone.
        ip = ip_address(ip_text.strip("[]").partition("%")[0])
    except ValueError:
        reason = f"{escape(ip_text)}: expected an IP address"
        raise click.BadParameter(reason, param_hint="--ip") from None
    return Asked(ip, sender, helo, receiver=gethostname(), time=time.time())


async def _evaluate(
    reactor: Any, settings: Dns, servers: Sequence[Server], asked: Asked, limits: Limits
) -> SpfResult:
    resolver = Resolver(reactor, settings, servers)
    try:
        evaluation = evaluate(asked, limits)
        return await run_evaluation(
            evaluation, lambda asks, _: resolver.lookup(asks), resolver.peek, reactor.seconds
        )
    finally:
        resolver.close()
