"""What a client of HTTPCrypt sends to a server in memory, and how it reads the reply."""

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, shared_key
from mailfilter.config.model import Config, Identity, Listener
from mailfilter.servers.keyring import Keyring, client_keys

from ..codec.sealed_case import CLIENT, OURS, framed, key_line
from .http_case import DATE, SERVER

FRIEND = CLIENT
GUEST = Keypair.of(bytes(range(7, 39)))
STRANGER = Keypair.of(bytes(range(8, 40)))

CONFIG = Config(
    identities={
        "friend": Identity(
            httpcrypt_keys=(encode_base32(FRIEND.public),), trusted=True, controller="write"
        ),
        "guest": Identity(httpcrypt_keys=(encode_base32(GUEST.public),)),
    }
)
NOT_OPENED = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
    + SERVER
    + DATE
    + b"Content-Length: 0\r\nContent-Type: text/plain\r\n\r\n"
)
"""In the clear, and the same for whatever cannot be opened."""

OUTSIDE = (
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
    + SERVER
    + DATE
    + b"Content-Length: %d\r\nContent-Type: application/octet-stream\r\n\r\n"
)


def ring(listener: Listener) -> Keyring:
    """The keys of a listener."""
    return Keyring([OURS], client_keys(CONFIG, listener))


def sealed_by(client: Keypair, inside: bytes, *headers: bytes) -> bytes:
    """A request of somebody; the headers are outside."""
    blob = shared_key(OURS, client.public).seal(inside)
    return framed(blob, key_line(OURS, client), *headers)


def opened(reply: bytes, client: Keypair = CLIENT) -> bytes:
    """The reply inside."""
    head, found, body = reply.partition(b"\r\n\r\n")
    assert head + found == OUTSIDE % len(body), reply
    return shared_key(client, OURS.public).unseal(body)
