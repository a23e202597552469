"""Which requests of a connection are wanted: sealed or not, and by whom they may be sealed."""

from collections.abc import Sequence

from twisted.internet.interfaces import IAddress

from ..codec.http_body import Refused
from ..codec.httpcrypt import SharedKey
from ..codec.httpcrypt_requests import Unopened
from ..config.model import Listener
from ..tls.known import Known
from .claim import Claim
from .keyring import Keyring
from .peer import Peer, Peers
from .refusals import Refusals
from .sealed_room import SMALL, Room

ENCRYPTION_REQUIRED = "Encryption required"
UNKNOWN_KEY = "Unknown key"
NO_ROOM = "Too many large requests"


def must_seal(listener: Listener, peer: Peer) -> bool:
    """Whether requests from there are refused that are not sealed."""
    if listener.encrypted_only == "remote":
        return not peer.is_local
    return listener.encrypted_only == "all"


class Door:
    """That of one connection: a `Gate` that knows who has come in, from `begin` on."""

    peer: Peer
    known: Known | None
    _address: IAddress | None
    _claim: Claim | None

    def __init__(
        self,
        keyring: Keyring,
        listener: Listener,
        refusals: Refusals,
        peers: Peers,
        room: Room | None = None,
    ) -> None:
        """`room` is for bodies, where it must be known who sends large ones."""
        self._keyring = keyring
        self._listener = listener
        self._refusals = refusals
        self._peers = peers
        self._room = room
        self._taken = 0
        """Octets of the room."""

    def begin(
        self, address: IAddress | None, peer: Peer, known: Known | None, claim: Claim | None
    ) -> None:
        """Somebody has connected."""
        self._address = address
        self._claim = claim
        self.peer = peer
        self.known = known

    def find(self, headers: Sequence[bytes]) -> tuple[SharedKey, bytes]:
        """See `Gate.find`."""
        return self._keyring.find(headers)

    def admit_plain(self) -> None:
        """See `Gate.admit_plain`."""
        if must_seal(self._listener, self.peer):
            self._refusals.count_sealed("refused/plain")
            raise Refused(403, ENCRYPTION_REQUIRED)

    def admit_client(self, client: bytes) -> None:
        """See `Gate.admit_client`."""
        if self._listener.client_keys == "required" and self._keyring.known(client) is None:
            self._refusals.count_sealed("refused/stranger")
            raise Refused(403, UNKNOWN_KEY)

    def admit_body(self, size: int) -> None:
        """See `Gate.admit_body`."""
        if self._room is None or size <= SMALL:
            return
        if not self._room.take(size):
            self._refusals.count_sealed("refused/full")
            raise Refused(503, NO_ROOM)
        self._taken = size

    def release_body(self) -> None:
        """See `Gate.release_body`."""
        if self._room is not None:
            self._room.leave(self._taken)
            self._taken = 0

    def admit_sealed(self, client: bytes) -> None:
        """See `Gate.admit_sealed`: a key says more of who is there than what the connection has
        shown."""
        self.admit_client(client)
        self._refusals.count_sealed("opened")
        known = self._keyring.known(client)
        if known is not None:
            self.known = known
            self.peer = self._peers.peer(self._address, known, self._claim)

    def note(self, event: Unopened) -> None:
        """Count a request that could not be opened, and say it if it is time."""
        self._refusals.note_unopened(event.reason, event.text, self._address)
