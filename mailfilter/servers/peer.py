"""Who is at the other end of a connection, and whether to believe what is told from there."""

from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger

from ..config.model import Listener
from ..scan.networks import LOOPBACK, Networks, read_address
from ..tls.known import Known

MAX_NOTED = 1000
"""Peers of which it is said that they are not believed."""

log = Logger()


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of one connection."""

    name: str
    """Its address, or `unix`; for the log."""
    is_trusted: bool
    """Whether it may say who its client is, and have wishes."""
    is_unix: bool
    identity: str | None = None
    """Who it has shown to be by its certificate, by the name in [identities]."""

    def __str__(self) -> str:
        """For the log."""
        return shown(self.name, self.identity)


def shown(host: str, identity: str | None) -> str:
    """A peer for the log: where it is, and who it is if it has shown that."""
    return host if identity is None else f"{host}, {identity}"


class Peers:
    """The peers of one listener, of any protocol that is not milter."""

    def __init__(self, name: str, listener: Listener) -> None:
        self._listener = name
        self._trusts = listener.trusted
        self._networks = Networks((*listener.trusted_peers, *LOOPBACK))
        self._noted: set[tuple[str | None, str]] = set()

    def peer(self, address: IAddress | None, known: Known | None = None) -> Peer:
        """Who is there: one of a unix socket is of this machine.

        Of one who is known by a certificate its identity says whether to believe it.
        """
        is_unix = not isinstance(address, IPv4Address | IPv6Address)
        host = "unix" if not isinstance(address, IPv4Address | IPv6Address) else address.host
        if known is not None:
            return Peer(host, self._trusts and known.is_trusted, is_unix, known.name)
        is_near = is_unix or read_address(host) in self._networks
        return Peer(host, self._trusts and is_near, is_unix)

    def note_ignored(self, peer: Peer) -> None:
        """Say once of a peer, or of an identity, that what it told of its client was not believed.

        Its network does not matter for one who has an identity.
        """
        who = (peer.identity, peer.name if peer.identity is None else "")
        if who in self._noted or len(self._noted) >= MAX_NOTED:
            return
        self._noted.add(who)
        reason = _OF_NETWORK if peer.identity is None else _OF_IDENTITY
        log.warn(
            "{listener}: IP, User, Settings and the like from {peer!r} are ignored"
            + (reason if self._trusts else _OF_LISTENER),
            listener=self._listener,
            peer=str(peer),
            identity=peer.identity,
        )


_OF_NETWORK = "; to believe it, add its network to listeners.{listener}.trusted_peers"
_OF_IDENTITY = "; to believe it, set identities.{identity}.trusted"
_OF_LISTENER = ", as from all peers: listeners.{listener}.trusted is false"
