"""Addresses of hosts: looked up in threads of their own, so that one that hangs holds up nobody.

The threads of the reactor are few and for everybody, and a process does not end before they do.
"""

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from threading import Thread
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from zope.interface import implementer


@implementer(IHostResolution)
class Resolution:
    """Something that is being looked up."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """The thread goes on; nobody needs what it finds."""


@implementer(IHostnameResolver)
class Names:
    """Looks up names, each in one thread at a time, however many ask for it."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._waiting: dict[str, list[tuple[IResolutionReceiver, int]]] = {}

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Have the receiver hear of each address."""
        resolution = Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        if hostName not in self._waiting:
            # First, since there may be no thread left.
            Thread(target=self._look_up, args=(hostName,), name="look up", daemon=True).start()
        # Those who have given up are told, too, and do not mind; there are few in any time.
        self._waiting.setdefault(hostName, []).append((resolutionReceiver, portNumber))
        return resolution

    def _look_up(self, name: str) -> None:
        """In a thread."""
        found: list[str] = []
        # No such name, or none at all.
        with suppress(OSError, UnicodeError):
            found = [str(item[4][0]) for item in getaddrinfo(name, None, type=SOCK_STREAM)]
        self._reactor.callFromThread(self._found, name, found)

    def _found(self, name: str, addresses: list[str]) -> None:
        for receiver, port in self._waiting.pop(name):
            _tell(receiver, port, addresses)


@implementer(IReactorPluggableNameResolver)
class Naming:
    """The reactor, but with names looked up as here."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.nameResolver = Names(reactor)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """There is no other way."""
        raise NotImplementedError

    def endpoint(self, host: str, port: int, seconds: float) -> IStreamClientEndpoint:
        """Where to connect; with an address there is nothing to look up."""
        try:
            version = ip_address(host).version
        except ValueError:
            return HostnameEndpoint(self, host, port, seconds)
        kind = TCP4ClientEndpoint if version == 4 else TCP6ClientEndpoint
        return kind(self._reactor, host, port, seconds)


def _tell(receiver: IResolutionReceiver, port: int, addresses: list[str]) -> None:
    for address in addresses:
        kind = IPv6Address if ":" in address else IPv4Address
        receiver.addressResolved(kind("TCP", address, port))
    receiver.resolutionComplete()
