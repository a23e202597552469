"""A plain HTTP client over a socket: what it sends is exactly what the test says."""

import json
import socket
from collections.abc import Iterable, Sequence
from typing import Any

CRLF = b"\r\n"


class Connection:
    """One connection, perhaps one that is there; `patience` is the timeout of reads in seconds."""

    def __init__(self, port: int | socket.socket, patience: float = 30.0) -> None:
        self.socket = connected(port, patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in = self.socket.makefile("rb")

    def write(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.socket.sendall(octets)

    def read_reply(self) -> tuple[int, bytes]:
        """Status and body of one reply."""
        status = int(self._in.readline().split()[1])
        length = 0
        while (line := self._in.readline()) not in (CRLF, b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self._in.read(length)

    def read_line(self) -> bytes:
        """One line, as it came."""
        return self._in.readline()

    def read_octets(self, count: int) -> bytes:
        """So many octets, or fewer at the end."""
        return self._in.read(count)

    def scan(self, request: bytes) -> dict[str, Any]:
        """Send a request; the verdict in its reply."""
        self.write(request)
        status, body = self.read_reply()
        if status != 200:
            raise AssertionError(f"status {status}: {body!r}")
        verdict: dict[str, Any] = json.loads(body)
        return verdict

    def close(self) -> None:
        """Hang up."""
        self._in.close()
        self.socket.close()


def connected(port: int | socket.socket, patience: float) -> socket.socket:
    """A connection to a port of this machine, unless it is one."""
    if isinstance(port, int):
        return socket.create_connection(("127.0.0.1", port), patience)
    port.settimeout(patience)
    return port


def head(fields: Iterable[tuple[str, str]] = (), path: str = "/checkv2") -> bytes:
    """The head of a POST, without its last blank line."""
    lines = [f"POST {path} HTTP/1.1", "Host: mailfilter"]
    lines += [f"{name}: {value}" for name, value in fields]
    return "".join(f"{line}\r\n" for line in lines).encode()


def with_length(message: bytes, fields: Sequence[tuple[str, str]] = ()) -> bytes:
    """A request with `Content-Length`."""
    return head([*fields, ("Content-Length", str(len(message)))]) + CRLF + message


def chunked(message: bytes, fields: Sequence[tuple[str, str]] = (), size: int = 1000) -> bytes:
    """A request in chunks of that many octets."""
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head([*fields, ("Transfer-Encoding", "chunked")]) + CRLF + body + b"0\r\n\r\n"
