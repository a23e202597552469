"""The keys by which a listener opens sealed requests, and knows who has sealed them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..codec.httpcrypt import HttpCryptError, Keypair, SharedKey, read_key_header, shared_key
from ..codec.httpcrypt_refused import CannotOpen
from ..config.model import Config, Listener
from ..tls.book import Book
from ..tls.known import Known

MAX_SHARED = 1024
"""Shared keys that are kept, as many as Rspamd keeps (httpcrypt.md 8)."""

MAX_KEY_HEADERS = 16
"""`Key` headers of one request that are looked at. Its clients send one."""

NOBODY: Mapping[bytes, Known] = {}


def client_keys(config: Config, listener: Listener) -> Mapping[bytes, Known]:
    """Public keys of clients that a listener knows -> whose they are."""
    if listener.client_keys == "off":
        return NOBODY
    return Book(config.identities, listener.identities).by_key


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a `Key` header means."""

    shared: SharedKey
    client: bytes
    """Its public key."""
    ours: bytes
    """The public key of ours that it is for."""


class Keyring:
    """Those of one listener."""

    def __init__(
        self, pairs: Iterable[Keypair] = (), clients: Mapping[bytes, Known] = NOBODY
    ) -> None:
        """`clients` are those who are known by their public key: see `client_keys`."""
        self._clients = clients
        self._opened: OrderedDict[bytes, _Opened] = OrderedDict()
        """What was made of `Key` headers, the one that was used last at the end. Who writes the
        same key in other ways takes more room of it, as by other keys."""
        self._pairs: dict[bytes, Keypair] = {}
        """By short id."""
        self.renew(pairs)

    def renew(self, pairs: Iterable[Keypair]) -> None:
        """Open requests with these from now on; those that were begun are answered as they were."""
        self._pairs = {pair.short_id: pair for pair in pairs}
        ours = {pair.public for pair in self._pairs.values()}
        for header in [name for name, found in self._opened.items() if found.ours not in ours]:
            del self._opened[header]

    def find(self, headers: Sequence[bytes]) -> tuple[SharedKey, bytes]:
        """What opens a request with these `Key` headers, and the public key of its client.

        One that is for a key of ours is enough; of several it is the last. Raises CannotOpen.
        """
        if len(headers) > MAX_KEY_HEADERS:
            raise CannotOpen("header", "too many Key headers")
        trouble = None
        for value in reversed(headers):
            try:
                found = self._opened.get(value) or self._open(value)
            except CannotOpen as error:
                trouble = error
                continue
            self._opened.move_to_end(value)
            return found.shared, found.client
        raise trouble or CannotOpen("header", "no Key header")

    def known(self, client: bytes) -> Known | None:
        """Whose public key that is."""
        return self._clients.get(client)

    def _open(self, header: bytes) -> _Opened:
        try:
            short_id, client = read_key_header(header)
        except HttpCryptError as error:
            raise CannotOpen("header", str(error)) from None
        pair = self._pairs.get(short_id)
        if pair is None:
            raise CannotOpen("key", "sealed for a key that is none of keypairs")
        try:
            shared = shared_key(pair, client)
        except HttpCryptError as error:
            raise CannotOpen("client", str(error)) from None
        if len(self._opened) >= MAX_SHARED:
            self._opened.popitem(last=False)
        made = self._opened[header] = _Opened(shared, client, pair.public)
        return made
