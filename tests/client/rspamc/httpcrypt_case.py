"""Servers that have a key, for the client."""

import socket
from pathlib import Path
from threading import Event
from typing import Any

from mailfilter.client.rspamc.address import Server
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.http_client import Answer
from mailfilter.codec.httpcrypt import Keypair, SharedKey, read_key_header, shared_key

from .wire_case import Serve, WireCase, length, read_request

PAIR = Keypair.of(bytes(range(32)))
"""The server's."""
OTHER = Keypair.of(bytes(range(1, 33)))
KEY = encode_base32(PAIR.public)
"""As it is given to clients."""
KIND = b"\r\nContent-Type: application/octet-stream"


def pair_file(path: str | Path, text: str, mode: int = 0o600) -> str:
    """A file with a keypair, by default for its owner alone."""
    path = Path(path)
    path.touch(mode=0o600)
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def sealed(shared: SharedKey, plain: bytes) -> bytes:
    """An answer as servers send it."""
    return length(shared.seal(plain), b"200 OK" + KIND)


def client_of(request: bytes) -> bytes:
    """The public key of who has asked; the request must be for the server's key."""
    value = request.partition(b"\r\nKey: ")[2].partition(b"\r\n")[0]
    short, client = read_key_header(value)
    assert short == PAIR.short_id
    return client


def opened(request: bytes, pair: Keypair = PAIR) -> tuple[bytes, SharedKey]:
    """What is sealed in a request, and the key for the answer."""
    shared = shared_key(pair, client_of(request))
    return shared.unseal(request.partition(b"\r\n\r\n")[2]), shared


class SealedCase(WireCase):
    """Asks such servers."""

    def setUp(self) -> None:
        """Nobody has asked anything."""
        super().setUp()
        self.inside: list[bytes] = []
        self.clients: list[bytes] = []

    def sealing(self, plain: bytes) -> Serve:
        """Open a request, and answer that."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.sendall(sealed(self.take(sock), plain))

        return serve

    def take(self, sock: socket.socket) -> SharedKey:
        """Open a request; the key for its answer."""
        request = read_request(sock)
        plain, shared = opened(request)
        self.requests.append(request)
        self.clients.append(client_of(request))
        self.inside.append(plain)
        return shared

    def ask_sealed(self, server: Server, **more: Any) -> Answer:
        """As `ask`, with the key."""
        return self.ask(server, **{"key": KEY, **more})

    def fails_sealed(self, server: Server, **more: Any) -> str:
        """As `fails`, with the key."""
        return self.fails(server, **{"key": KEY, **more})
