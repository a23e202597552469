"""What a proxy says of a connection that it passes on, and what is believed of that."""

from dataclasses import dataclass
from ipaddress import IPv4Address as V4
from ipaddress import IPv6Address as V6

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from ..codec.proxy_protocol import Place, Proxied
from ..codec.proxy_tlv import ProxiedTls
from ..scan.networks import LOOPBACK, Networks, read_address
from ..tls.known import Known
from .sources import UnknownAddress, host_of

UNKNOWN = "an unknown client"
_LOOPBACK = Networks(LOOPBACK)
_BROADCAST = V4(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Claim:
    """See the module."""

    proxy: str
    """Where the proxy is, for the log."""
    client: str
    """Where it says that the client is, in words."""
    tls: ProxiedTls | None = None
    """Of a client that speaks TLS with the proxy."""
    tells_tls: bool = False
    """Whether it says that the client does so, or does not. Then TLS with us is the proxy's own."""
    known: Known | None = None
    """Who the client is, by the certificate that the proxy has verified."""

    def __str__(self) -> str:
        """For the trace of a message. What may be a stranger's is quoted."""
        parts = [f"passed on for {self.client} by the proxy {self.proxy}"]
        if self.tls is not None:
            parts.append(_shown_tls(self.tls))
            if self.tls.has_certificate:
                parts.append(_shown_certificate(self.tls))
        return ", ".join(parts)


def _shown_tls(tls: ProxiedTls) -> str:
    told = [repr(text) for text in (tls.version, tls.cipher) if text]
    return " ".join(("with TLS", *told))


def _shown_certificate(tls: ProxiedTls) -> str:
    name = repr(tls.common_name) if tls.common_name else "no name that is told"
    return f"certificate of {name}, {'verified' if tls.is_verified else 'not verified'}"


class Senders:
    """Who may send PROXY headers: networks, and `unix` for all of unix sockets."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._takes_unix = "unix" in texts
        self._networks = Networks(text for text in texts if text != "unix")

    def __contains__(self, address: IAddress | None) -> bool:
        if isinstance(address, UNIXAddress):
            return self._takes_unix
        return read_address(host_of(address)) in self._networks


def claimed_address(proxied: Proxied, proxy: IAddress) -> IAddress:
    """The address of a client, as its proxy tells it.

    Loopback is the proxy's machine: if that is not ours, it is nobody that we know.
    """
    if proxied.source is None:
        return UnknownAddress(host_of(proxy))
    place = _unmapped(proxied.source)
    address = place.address
    is_strange = address in _LOOPBACK and not _is_here(proxy)
    if is_strange or address.is_unspecified or address.is_multicast or address == _BROADCAST:
        return UnknownAddress(host_of(proxy))
    kind = IPv6Address if isinstance(address, V6) else IPv4Address
    return kind("TCP", str(address), place.port)


def client_in(address: IAddress) -> str:
    """A claimed address, in words."""
    return UNKNOWN if isinstance(address, UnknownAddress) else host_of(address)


def _unmapped(place: Place) -> Place:
    if isinstance(place.address, V6) and place.address.ipv4_mapped is not None:
        return Place(place.address.ipv4_mapped, place.port)
    return place


def _is_here(address: IAddress) -> bool:
    return isinstance(address, UNIXAddress) or read_address(host_of(address)) in _LOOPBACK
