"""Which resolvers a command of `mailfilteradm` asks."""

from collections.abc import Sequence

import click

from ..config.model import Dns
from ..config.peer import parse_address
from ..net.servers import DNS_PORT, Server, dns_servers
from ..report.escape import escape

SERVER_OPTION = click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="ADDRESS",
    help="A resolver, with :PORT if it is not 53. May be given more than once. Otherwise those of"
    " the configuration, else those of /etc/resolv.conf.",
)


def chosen_servers(texts: Sequence[str], settings: Dns) -> tuple[Server, ...]:
    """Those of the option, else those that the filter asks. Raises click.BadParameter."""
    return tuple(_read(text) for text in texts) or dns_servers(settings)


def _read(text: str) -> Server:
    try:
        peer = parse_address(text, DNS_PORT)
        return Server(peer.host, peer.port)
    except ValueError:
        reason = f"{escape(text)}: expected an IP address, or ADDRESS:PORT"
        raise click.BadParameter(reason, param_hint="--server") from None
