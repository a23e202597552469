"""From where a request to the controller comes, whoever has passed it on."""

from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..codec.http1 import RequestHead
from ..codec.httpcrypt_way import Way
from ..config.model import Controller
from ..scan.envelope import IPAddress
from ..scan.networks import LOOPBACK, Networks, read_address
from .forwarded import find_client, is_forwarded, is_sign
from .noted import Noted
from .peer import Peer
from .same_origin import OF_BROWSERS, OF_PAGES, host_text, is_our_name
from .sources import source_of_host

log = Logger()


def _tells(name: bytes) -> bool:
    return name in OF_PAGES or is_sign(name)


WAY = Way(_tells, OF_BROWSERS)
"""What of a sealed request is believed of whoever has passed it on, and of nobody else."""


@dataclass(frozen=True, slots=True)
class Client:
    """Whose request it is, as far as that is believed."""

    name: str
    """For the log."""
    source: str
    """What wrong passwords are counted by."""
    is_unix: bool = False
    """By a unix socket, and passed on by nobody."""
    is_near: bool = False
    """From this machine, and passed on by nobody."""
    is_direct: bool = True
    """Passed on by nobody."""
    address: IPAddress | None = None
    """Not known of one who is by a unix socket, or by a proxy that is not believed."""


class Clients:
    """Finds out who they are, and says in the log why somebody is not believed."""

    def __init__(self, controller: Controller, clock: IReactorTime) -> None:
        self._proxies = Networks(controller.trusted_proxies)
        self._loopback = Networks(LOOPBACK)
        self._names = frozenset(name.lower().rstrip(".") for name in controller.hosts)
        self._noted = Noted(clock)

    def client(self, head: RequestHead, peer: Peer) -> Client:
        """Whose request it is."""
        address = None if peer.is_unix else read_address(peer.name)
        source = peer.name if address is None else source_of_host(str(address))
        if not is_forwarded(head):
            is_near = address in self._loopback
            return Client(peer.name, source, peer.is_unix, is_near, address=address)
        is_believed = peer.is_unix or address in self._proxies
        found = find_client(head, self._proxies) if is_believed else None
        if found is not None:
            name = f"{found} (by {peer.name})"
            return Client(name, source_of_host(str(found)), is_direct=False, address=found)
        if self._noted.is_new(source):
            said = _UNTOLD if peer.is_unknown else _UNCLEAR if is_believed else _NO_PROXY
            log.warn("controller: " + said, peer=peer.name)
        return Client(peer.name, source, is_direct=False)

    def is_our_name(self, client: Client, head: RequestHead) -> bool:
        """Whether the name that a client uses for us is one of ours."""
        if is_our_name(head, self._names, is_near=client.is_near):
            return True
        if self._noted.is_new(client.source):
            log.warn("controller: " + _OTHER_NAME, peer=client.name, host=host_text(head))
        return False


_NO_PROXY = (
    "requests from {peer} say that they were passed on by a proxy; they need a password until it is"
    " in controller.trusted_proxies"
)
_UNTOLD = (
    "requests from {peer} say that they were passed on by a proxy; they need a password, since the"
    " PROXY protocol does not tell where they come from"
)
_UNCLEAR = (
    "requests from the proxy {peer} do not say clearly from whom they are: X-Forwarded-For or"
    " X-Real-IP must hold an address, and the same; they need a password"
)
_OTHER_NAME = (
    "requests from {peer} are sent to {host!r}, which is no name of ours: they need a password"
    " until it is in controller.hosts"
)
