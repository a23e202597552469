"""Who is at the other end of a connection, and whether to believe what is told from there."""

from dataclasses import dataclass

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger

from ..config.model import Listener
from ..scan.networks import LOOPBACK, Networks, read_address
from ..tls.known import Known
from .claim import Claim
from .sources import UnknownAddress, host_of

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
    """Who it has shown to be, by the name in [identities]."""
    by_key: bool = False
    """Whether it has shown that by a key of HTTPCrypt, and no certificate."""
    knows_client: bool = True
    """Whether address and name of its client are taken from it even if it is not believed."""
    is_local: bool = False
    """Whether it is certainly on this machine."""
    is_unknown: bool = False
    """Whether a proxy has passed it on that does not tell where it is."""
    passed_on: str | None = None
    """What a proxy says of it that has passed it on, in words."""

    def __str__(self) -> str:
        """For the log: where it is, and who it is if it has shown that."""
        return self.name if self.identity is None else f"{self.name}, {self.identity}"


class Peers:
    """The peers of one listener."""

    def __init__(self, name: str, listener: Listener) -> None:
        self._listener = name
        self._trusts = listener.trusted
        self._is_milter = listener.protocol == "milter"
        self._asks = listener.client_auth != "off"
        """For certificates."""
        self._networks = Networks((*listener.trusted_peers, *LOOPBACK))
        self._loopback = Networks(LOOPBACK)
        self._noted: set[tuple[str | None, str]] = set()

    def peer(
        self, address: IAddress | None, known: Known | None = None, claim: Claim | None = None
    ) -> Peer:
        """Who is there, and whether to believe it.

        Of one who is known by a certificate its identity says so. Of others their network does: one
        of a unix socket is of this machine. By milter all are MTAs that the listener is for, unless
        it would know them by certificates.
        """
        is_unix = not isinstance(address, IPv4Address | IPv6Address | UnknownAddress)
        host = host_of(address)
        if known is not None:
            is_believed, identity = known.is_trusted, known.name
        else:
            is_meant = self._is_milter and not self._asks
            is_near = is_unix or read_address(host) in self._networks
            is_believed, identity = is_meant or is_near, None
        return Peer(
            host,
            self._trusts and is_believed,
            is_unix,
            identity,
            # `trusted = false` is for MTAs whose clients may not be believed: they see these.
            known is not None and known.by_key,
            knows_client=is_believed and (self._is_milter or self._trusts),
            is_local=is_unix or read_address(host) in self._loopback,
            is_unknown=isinstance(address, UnknownAddress),
            passed_on=None if claim is None else str(claim),
        )

    def note_ignored(self, peer: Peer) -> None:
        """Say once of a peer, or of an identity, that what it told of its client was not believed.

        Its network does not matter for one who has an identity.
        """
        who = (peer.identity, peer.name if peer.identity is None else "")
        if who in self._noted or len(self._noted) >= MAX_NOTED:
            return
        self._noted.add(who)
        log.warn(
            "{listener}: {what} from {peer!r} are ignored" + self._reason(peer),
            listener=self._listener,
            what=self._what(peer),
            peer=str(peer),
            identity=peer.identity,
        )

    def _what(self, peer: Peer) -> str:
        if not self._is_milter:
            return "IP, User, Settings and the like"
        return "logins" if peer.knows_client else "addresses and logins of clients"

    def _reason(self, peer: Peer) -> str:
        if not self._trusts:
            return _OF_LISTENER
        if peer.identity is not None:
            return _OF_IDENTITY
        if self._is_milter:
            return _OF_STRANGER
        return _OF_UNKNOWN if peer.is_unknown else _OF_NETWORK


_OF_NETWORK = "; to believe it, add its network to listeners.{listener}.trusted_peers"
_OF_UNKNOWN = (
    "; to believe it, have its proxy tell its address, or the certificate of one of identities"
)
_OF_IDENTITY = "; to believe it, set identities.{identity}.trusted"
_OF_STRANGER = "; to believe it, let it show the certificate of one of identities"
_OF_LISTENER = ", as from all peers: listeners.{listener}.trusted is false"
