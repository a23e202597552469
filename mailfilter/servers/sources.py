"""Where connections come from, as far as limits and log lines are concerned."""

from ipaddress import IPv6Address as V6
from ipaddress import ip_address, ip_network

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress


def source_of(address: IAddress | None) -> str | None:
    """The address that a connection comes from, of IPv6 its /64: what one client can have.

    `None` for a unix socket.
    """
    if isinstance(address, IPv4Address):
        return address.host
    return source_of_host(address.host) if isinstance(address, IPv6Address) else None


def source_of_host(text: str) -> str:
    """The same of an address as text, which may have a zone. Raises ValueError if it is none."""
    host = ip_address(text.partition("%")[0])
    if isinstance(host, V6) and host.ipv4_mapped is None:
        return str(ip_network((host, 64), strict=False))
    return str(host)


def host_of(address: IAddress | None) -> str:
    """The address itself, or `unix`; for the log."""
    return address.host if isinstance(address, IPv4Address | IPv6Address) else "unix"
