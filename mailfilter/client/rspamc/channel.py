"""What is between HTTP and the socket: nothing. `tls_channel` has the other kind."""

from collections.abc import Iterator
from typing import Protocol

Piece = bytes | memoryview


class Channel(Protocol):
    """Carries octets of one connection."""

    is_ended: bool
    """The other side has said that no more comes."""

    def seal(self, piece: Piece) -> Piece:
        """What to send for these octets. Raises Unanswered."""
        ...

    def open(self, data: bytes) -> Iterator[bytes]:
        """What was said by octets that came; none for the end. Raises Unanswered."""
        ...


class PlainChannel:
    """Octets as they are."""

    def __init__(self) -> None:
        self.is_ended = False

    def seal(self, piece: Piece) -> Piece:
        """See `Channel`."""
        return piece

    def open(self, data: bytes) -> Iterator[bytes]:
        """See `Channel`."""
        if data:
            yield data
        else:
            self.is_ended = True
