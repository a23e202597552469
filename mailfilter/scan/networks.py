"""Sets of networks, and what is taken from a client whose network and name prove nothing."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from socket import AF_INET, AF_INET6, inet_pton

from .envelope import Envelope, IPAddress

LOOPBACK = ("127.0.0.0/8", "::1/128")

_PRIVILEGES = frozenset(("no_log", "raw", "skip"))
"""Flags that only those may set who are believed."""


class Networks:
    """Networks by their text, as `192.0.2.0/24`. Raises ValueError for what is none."""

    __slots__ = ("_networks",)

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(text, strict=False) for text in texts
        )

    def __contains__(self, ip: IPAddress | None) -> bool:
        """Whether an address is in one of them; none at all is not."""
        if ip is None:
            return False
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip in network for network in self._networks)


NO_NETWORKS = Networks(())


def read_address(text: str) -> IPAddress | None:
    """Read an IP address, with or without a zone; `None` is for what is none."""
    text = text.partition("%")[0]
    try:
        if ":" not in text:
            return IPv4Address(inet_pton(AF_INET, text))
        address = IPv6Address(inet_pton(AF_INET6, text))
    except (OSError, ValueError):
        return None
    return address.ipv4_mapped or address


def local_networks(texts: Iterable[str]) -> Networks:
    """The networks of our own, `scan.local_networks`, and loopback."""
    return Networks((*texts, *LOOPBACK))


def distrusted(envelope: Envelope, local: Networks) -> Envelope:
    """Take away whatever gives a message privileges: login, certificate, profile, settings, the
    client's address and name, the name by which we vouch for it, and that it be not scanned, not
    be told of, or be no mail.

    Address and name stay where `knows_client` says so, unless the address is in `local`.
    """
    tls = envelope.tls
    ip = envelope.client_ip
    return replace(
        envelope,
        user=None,
        settings_id=None,
        settings=None,
        mta_tag=None,
        mta_host=None,
        flags=envelope.flags - _PRIVILEGES,
        client_ip=ip if envelope.knows_client and ip not in local else None,
        hostname=envelope.hostname if envelope.knows_client else None,
        tls=tls and replace(tls, cert_subject=None, cert_issuer=None),
    )


def is_ignored(envelope: Envelope) -> bool:
    """Whether something was told that is not believed of the other side."""
    return not envelope.is_trusted and distrusted(envelope, NO_NETWORKS) != envelope
