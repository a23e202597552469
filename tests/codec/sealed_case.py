"""Sealed requests made by hand, and what their reader makes of them."""

from collections.abc import Callable, Iterable, Sequence

from mailfilter.codec.http1 import Event, RequestHead
from mailfilter.codec.http_body import Body, PlainBody, Refused
from mailfilter.codec.httpcrypt import (
    HttpCryptError,
    Keypair,
    SharedKey,
    key_header,
    read_key_header,
    shared_key,
)
from mailfilter.codec.httpcrypt_outside import Reading
from mailfilter.codec.httpcrypt_refused import CannotOpen
from mailfilter.codec.httpcrypt_requests import SealedRequests

OURS = Keypair.of(bytes(range(1, 33)))
CLIENT = Keypair.of(bytes(range(3, 35)))
SHARED = shared_key(OURS, CLIENT.public)
NONCE = bytes(range(24))
MAX_BODY = 40_000
CHECK = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"


def framed(body: bytes, *headers: bytes, line: bytes = b"POST /post HTTP/1.1") -> bytes:
    """A request with a body of known length."""
    fields = (*headers, b"Content-Length: %d" % len(body))
    return b"\r\n".join((line, *fields, b"", body))


def key_line(ours: Keypair = OURS, client: Keypair = CLIENT) -> bytes:
    return b"Key: " + key_header(ours.public, client.public).encode()


def sealed(inside: bytes, *headers: bytes, line: bytes = b"POST /post HTTP/1.1") -> bytes:
    """A request with another one in it."""
    return framed(SHARED.seal(inside, NONCE), key_line(), *headers, line=line)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


class OneKey:
    """A gate with one pair of keys, that admits everybody unless it is told otherwise."""

    def __init__(self, pair: Keypair = OURS) -> None:
        self._pair = pair
        self.plain: Refused | None = None
        self.sealed: Refused | None = None
        self.clients: list[bytes] = []
        self.unproved: list[bytes] = []
        self.body: Refused | None = None
        self.sizes: list[int] = []
        """Octets of bodies that were let in and are kept."""

    def find(self, headers: Sequence[bytes]) -> tuple[SharedKey, bytes]:
        try:
            short_id, client = read_key_header(headers[-1])
            if short_id != self._pair.short_id:
                raise CannotOpen("key", "not ours")
            return shared_key(self._pair, client), client
        except HttpCryptError as error:
            raise CannotOpen("header", str(error)) from None

    def admit_plain(self) -> None:
        if self.plain is not None:
            raise self.plain

    def admit_client(self, client: bytes) -> None:
        self.unproved.append(client)
        if self.sealed is not None:
            raise self.sealed

    def admit_body(self, size: int) -> None:
        if self.body is not None:
            raise self.body
        self.sizes.append(size)

    def release_body(self) -> None:
        self.sizes.clear()

    def admit_sealed(self, client: bytes) -> None:
        self.clients.append(client)
        if self.sealed is not None:
            raise self.sealed


def open_plain(_: RequestHead) -> Body:
    return PlainBody(MAX_BODY)


def make(
    gate: OneKey | None = None,
    open_body: Callable[[RequestHead], Body] = open_plain,
    waits: Callable[[RequestHead], bool] | None = None,
) -> SealedRequests:
    return SealedRequests(Reading(open_body, waits, MAX_BODY), gate or OneKey())


def read(pieces: Iterable[bytes], gate: OneKey | None = None) -> tuple[list[Event], SealedRequests]:
    """All events of a connection, and what has read it."""
    codec = make(gate)
    events: list[Event] = []
    for piece in pieces:
        new = codec.receive(piece)
        while new or codec.unread:
            events += new
            new = go_on(codec)
    return events, codec


def go_on(codec: SealedRequests) -> list[Event]:
    """What is told next, if nothing more comes."""
    if codec.unread:
        return codec.read_on()
    return codec.next_request() if codec.answering else []
