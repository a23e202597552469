"""Bodies of requests and answers, taken as they come; `http_zstd` has those that are packed.

A body is written piece by piece and gives its content when it is complete. It is kept once, in
the form in which it is used.
"""

from io import BytesIO
from typing import NamedTuple, Protocol


class Refused(Exception):
    """A request is answered with this and nothing else.

    What is refused while its body is read ends the connection, too.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class TooLarge(Refused):
    """The body has that many octets, or more (http-scan.md T11)."""

    def __init__(self, size: int) -> None:
        super().__init__(413, f"Request entity too large: {size}")
        self.size = size


class Part(NamedTuple):
    """A part of a form (RFC 7578)."""

    name: str
    content_type: bytes
    """In lower case, with its parameters; empty if the part has none."""
    data: bytes


class Content(NamedTuple):
    """What a body holds: octets, or the parts of a form."""

    raw: bytes
    parts: tuple[Part, ...] = ()


class Body(Protocol):
    """Takes one body. After an error it must not be used any more."""

    limit: int
    """Octets that may come, as they are on the wire without chunking. More are never written."""

    def write(self, data: memoryview) -> None:
        """Take some octets, at least one. Raises `Refused`."""
        ...

    def finish(self) -> Content:
        """Everything was written. Raises `Refused` if that is not all."""
        ...


class PlainBody:
    """Octets as they come."""

    __slots__ = ("_first", "_rest", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._first: memoryview | None = None
        self._rest: BytesIO | None = None

    def write(self, data: memoryview) -> None:
        """See `Body`."""
        if self._rest is None:
            if self._first is None:
                # Most bodies come in one piece.
                self._first = data
                return
            self._rest = BytesIO()
            self._rest.write(self._first)
            self._first = None
        self._rest.write(data)

    def finish(self) -> Content:
        """See `Body`."""
        if self._rest is not None:
            # A BytesIO grows in place and gives its buffer away: the body is never there twice.
            return Content(self._rest.getvalue())
        return Content(b"" if self._first is None else bytes(self._first))
