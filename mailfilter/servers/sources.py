"""Where connections come from, as far as limits and log lines are concerned."""

from dataclasses import dataclass
from ipaddress import IPv6Address as V6
from ipaddress import ip_address, ip_network

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from zope.interface import implementer


@implementer(IAddress)
@dataclass(frozen=True, slots=True)
class UnknownAddress:
    """That of a client of whom a proxy does not tell it, or none that means anything here.

    It is in no network, on no machine, and at no unix socket.
    """

    proxy: str
    """The proxy's own, as `host_of` has it."""

    def __str__(self) -> str:
        return f"unknown, by {self.proxy}"


def source_of(address: IAddress | None) -> str | None:
    """The address that a connection comes from, of IPv6 its /64: what one client can have.

    `None` for a unix socket. All whom a proxy does not tell of are one source.
    """
    if isinstance(address, UnknownAddress):
        return str(address)
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
    if isinstance(address, UnknownAddress):
        return str(address)
    return address.host if isinstance(address, IPv4Address | IPv6Address) else "unix"
