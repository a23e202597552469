"""The head of a sealed request outside: what is decided by it before there is anything to open.

Sources: httpcrypt.md 5 and 6.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .http1 import RequestCodec, RequestHead
from .http_body import Body, PlainBody, Refused
from .http_head import MAX_WHOLE_HEAD
from .httpcrypt import OVERHEAD, SharedKey
from .httpcrypt_refused import CannotOpen
from .httpcrypt_way import NO_WAY, Outside, Way

KEY = b"key"
"""The header of a request that is sealed."""


class Gate(Protocol):
    """Decides of the requests of one connection. It must not refer to what reads them: bodies
    would be kept until the garbage is collected."""

    def find(self, headers: Sequence[bytes]) -> tuple[SharedKey, bytes]:
        """What opens a request with these `Key` headers, and the public key of its client.

        Raises CannotOpen.
        """
        ...

    def admit_plain(self) -> None:
        """A request is not sealed. Raises `Refused` if it is not wanted so."""
        ...

    def admit_client(self, client: bytes) -> None:
        """A request comes with this public key, which is not proved yet. Raises `Refused`."""
        ...

    def admit_body(self, size: int) -> None:
        """So many octets of a sealed request are about to come, or less; it is no matter whose they
        are. Raises `Refused`."""
        ...

    def release_body(self) -> None:
        """They are not kept any more, if they ever were."""
        ...

    def admit_sealed(self, client: bytes) -> None:
        """A request was opened that has this public key. Raises `Refused`."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """How requests are read; see `RequestCodec`."""

    open_body: Callable[[RequestHead], Body]
    waits: Callable[[RequestHead], bool] | None
    max_sealed: int
    """Octets of the body of a request outside, but for its head and what sealing adds."""
    way: Way = NO_WAY
    """Headers of which those outside count."""

    def codec(self) -> RequestCodec:
        """What reads the requests inside."""
        return RequestCodec(self.open_body, self.waits)


class OutsideHead:
    """What is decided by the head of a request outside."""

    def __init__(self, reading: Reading, gate: Gate) -> None:
        self._reading = reading
        self._gate = gate
        self.is_sealed = False
        self.key: SharedKey | None = None
        self.client = b""
        self.trouble: CannotOpen | None = None
        self.is_full = False
        """There was no room for its body."""
        self.way: Outside | None = None
        """What is told there of the way of the request."""

    def waits(self, head: RequestHead) -> bool:
        """See `RequestCodec`; it is asked first."""
        headers = [value for name, value in head.headers if name == KEY]
        if not headers:
            self._gate.admit_plain()
            return self._reading.waits is not None and self._reading.waits(head)
        self.is_sealed = True
        try:
            self.key, self.client = self._gate.find(headers)
        except CannotOpen as error:
            self.trouble = error
            raise
        if self._reading.way is not NO_WAY:
            self.way = self._reading.way.outside(head.headers)
        return False

    def open_body(self, head: RequestHead) -> Body:
        """See `RequestCodec`."""
        if not self.is_sealed:
            return self._reading.open_body(head)
        body = PlainBody(self._reading.max_sealed + MAX_WHOLE_HEAD + OVERHEAD)
        size = _length_of(head, body.limit)
        if size <= body.limit:
            self._admit_body(size)
        return body

    def _admit_body(self, size: int) -> None:
        try:
            self._gate.admit_body(size)
        except Refused:
            self.is_full = True
            raise


def _length_of(head: RequestHead, most: int) -> int:
    """Octets that a body has, or may have if it does not say it."""
    for name, value in head.headers:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return most
    return 0
