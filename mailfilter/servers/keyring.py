"""The keys by which a listener opens sealed requests, and knows who has sealed them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

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


class Keyring:
    """Those of one listener."""

    def __init__(
        self, pairs: Iterable[Keypair] = (), clients: Mapping[bytes, Known] = NOBODY
    ) -> None:
        """`clients` are those who are known by their public key: see `client_keys`."""
        self._clients = clients
        self._shared: OrderedDict[tuple[bytes, bytes], SharedKey] = OrderedDict()
        """By the client's public key and ours, the one that was used last at the end."""
        self._pairs: dict[bytes, Keypair] = {}
        """By short id."""
        self.renew(pairs)

    def renew(self, pairs: Iterable[Keypair]) -> None:
        """Open requests with these from now on; those that were begun are answered as they were."""
        self._pairs = {pair.short_id: pair for pair in pairs}
        ours = {pair.public for pair in self._pairs.values()}
        for key in [key for key in self._shared if key[1] not in ours]:
            del self._shared[key]

    def find(self, headers: Sequence[bytes]) -> tuple[SharedKey, bytes]:
        """What opens a request with these `Key` headers, and the public key of its client.

        One that is for a key of ours is enough; of several it is the last. Raises CannotOpen.
        """
        trouble = CannotOpen("header", "too many Key headers")
        if len(headers) > MAX_KEY_HEADERS:
            raise trouble
        for value in reversed(headers):
            try:
                short_id, client = read_key_header(value)
            except HttpCryptError as error:
                trouble = CannotOpen("header", str(error))
                continue
            pair = self._pairs.get(short_id)
            if pair is not None:
                return self._share(pair, client), client
            trouble = CannotOpen("key", "sealed for a key that is none of keypairs")
        raise trouble

    def known(self, client: bytes) -> Known | None:
        """Whose public key that is."""
        return self._clients.get(client)

    def _share(self, pair: Keypair, client: bytes) -> SharedKey:
        name = client, pair.public
        found = self._shared.get(name)
        if found is not None:
            self._shared.move_to_end(name)
            return found
        try:
            made = shared_key(pair, client)
        except HttpCryptError as error:
            raise CannotOpen("client", str(error)) from None
        if len(self._shared) >= MAX_SHARED:
            self._shared.popitem(last=False)
        self._shared[name] = made
        return made
