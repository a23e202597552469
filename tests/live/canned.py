"""A server whose answers are known beforehand, for programs that ask."""

import re
import socket
from contextlib import suppress
from threading import Thread

_LENGTH = re.compile(rb"^content-length: *([0-9]+)", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(rb"^X-Number: ([0-9]+)", re.MULTILINE)
_SECONDS = 60


class Canned:
    """Answers what asks with a message that has a number, and the first one to what has none."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.status = "200 OK"
        self.headers: tuple[str, ...] = ()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Answer no more."""
        # A close alone does not wake it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(_SECONDS)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(_SECONDS)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        body = _body(connection)
        number = _NUMBER.search(body)
        answer = self.bodies[int(number[1]) if number else 0]
        head = (
            f"HTTP/1.1 {self.status}",
            "Content-Type: application/json",
            f"Content-Length: {len(answer)}",
            "Connection: close",
            *self.headers,
            "\r\n",
        )
        connection.sendall("\r\n".join(head).encode() + answer)


def numbered(number: int) -> bytes:
    """A message that gets the answer with that number."""
    return b"X-Number: %d\r\nSubject: hello\r\n\r\nhello\r\n" % number


def _body(connection: socket.socket) -> bytes:
    """That of a request."""
    head, body = b"", b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(2**16)
        if not part:
            return b""
        head += part
    head, _, body = head.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length is not None and len(body) < int(length[1]):
        part = connection.recv(2**16)
        if not part:
            break
        body += part
    return body
