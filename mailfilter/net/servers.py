"""Which resolvers are asked: those of the configuration, or of the machine.

Of resolv.conf(5) nothing but the addresses counts. The search list is for people who type short
names; applied to names of mail it would ask for other names than those that were written.
"""

import re
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from ..config.model import Dns

RESOLV_CONF = Path("/etc/resolv.conf")

DNS_PORT = 53

MAX_SERVERS = 8
"""Others of the file are left out; the C library takes 3."""

MAX_OCTETS = 65536
"""Of the file."""

_ZONE = re.compile(r"[A-Za-z0-9_.:-]{1,15}")
"""Names of interfaces as people choose them: Linux allows others, control characters even."""


class Server(NamedTuple):
    """Where a resolver listens."""

    host: str
    """An IP address, with its zone (`%eth0`) if it is link-local."""
    port: int = DNS_PORT

    def __str__(self) -> str:
        """As it stands in the configuration."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def dns_servers(settings: Dns, path: Path = RESOLV_CONF) -> tuple[Server, ...]:
    """Those to ask, at least one. Reads a file unless the configuration names them: blocks."""
    if settings.servers:
        return tuple(_of_text(text) for text in settings.servers)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_OCTETS)
    except OSError:
        data = b""
    # As resolv.conf(5) has it without a line.
    return nameservers(data) or (Server("127.0.0.1"),)


def nameservers(data: bytes) -> tuple[Server, ...]:
    """Those that the text of a resolv.conf names and that can be asked, each once, in order."""
    found: dict[Server, None] = {}
    for line in data.decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        _, _, zone = words[1].partition("%")
        if zone and not _ZONE.fullmatch(zone):
            continue
        try:
            found[Server(str(ip_address(words[1])))] = None
        except ValueError:
            continue
    return tuple(found)[:MAX_SERVERS]


def connected(server: Server, kind: socket.SocketKind, seconds: float = 0.0) -> socket.socket:
    """A socket of that kind, at a port that the kernel takes at random.

    `seconds` is its time-out, for connecting too; with 0 it does not block. Raises OSError.
    """
    # Does not ask anybody: it is an address, and this finds the number of its zone.
    family, kind, protocol, _, address = socket.getaddrinfo(
        server.host, server.port, type=kind, flags=socket.AI_NUMERICHOST
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def _of_text(text: str) -> Server:
    """From `address:port`, which is what the configuration makes of all servers."""
    host, _, port = text.rpartition(":")
    return Server(host.strip("[]"), int(port))
