"""Where an MTA reaches a listener."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from ...config.endpoint import Endpoint, parse_endpoint
from ...config.toml_text import string_text

_SAFE_PATH = re.compile(r"/[A-Za-z0-9/._+@%=~-]*")
"""What neither Postfix nor Sendmail takes for the end of a path, or for a macro."""


class UnfitError(Exception):
    """A listener that cannot be told of; the text says why."""


@dataclass(frozen=True, slots=True)
class Tcp:
    """A port."""

    host: str
    """An IP address that one can connect to."""
    port: int
    is_everywhere: bool = False
    """It is that of all addresses of the machine, of which `host` is one."""

    @property
    def is_ipv6(self) -> bool:
        """The address is one of IPv6."""
        return isinstance(ip_address(self.host), IPv6Address)

    @property
    def url_host(self) -> str:
        """The address, an IPv6 one in brackets."""
        return f"[{self.host}]" if self.is_ipv6 else self.host


@dataclass(frozen=True, slots=True)
class Unix:
    """A unix socket."""

    path: str


@dataclass(frozen=True, slots=True)
class Held:
    """A socket of systemd: only its unit knows the address."""

    domain: str
    """INET, INET6 or UNIX."""
    name: str
    """For people: its name or number."""


Address = Tcp | Unix | Held


def address_of(endpoint: str) -> Address:
    """Read the `endpoint` of a listener. Raises UnfitError."""
    parsed = parse_endpoint(endpoint)
    if parsed.kind == "systemd":
        given = parsed.parameters
        return Held(given["domain"], given.get("name") or f"number {given['index']}")
    return _tcp(parsed) if parsed.path is None else _unix(parsed.path)


def _tcp(endpoint: Endpoint) -> Tcp:
    if not endpoint.port:
        raise UnfitError("its port is any free one; set one")
    if "%" in endpoint.interface:
        raise UnfitError("MTAs take no address with a zone; set another interface")
    address = ip_address(endpoint.interface)
    if not address.is_unspecified:
        return Tcp(str(address), endpoint.port)
    return Tcp("127.0.0.1" if address.version == 4 else "::1", endpoint.port, is_everywhere=True)


def _unix(path: str) -> Unix:
    if not _SAFE_PATH.fullmatch(path):
        raise UnfitError(
            f"MTAs cannot take the path {string_text(path)}: use letters, digits and / . _ + @ % ="
            " ~ - alone"
        )
    return Unix(path)
