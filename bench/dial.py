"""Connections of the load clients: over TCP or a unix socket, and how far a request has come."""

import socket
import time

Address = int | str
"""A TCP port on 127.0.0.1, or the path of a unix socket."""

PATIENCE = 60.0
"""Seconds that a client waits for anything."""


def dial(address: Address) -> socket.socket:
    """A connection. Raises OSError."""
    if isinstance(address, int):
        sock = socket.create_connection(("127.0.0.1", address), timeout=PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


class Progress:
    """How far the request of a client has come: read when it has failed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new request."""
        self.sent_at: float | None = None
        """`time.monotonic()` when all of it was sent."""
        self.is_answering = False
        """A part of the answer has come."""

    def sent(self) -> None:
        """All of it was sent."""
        self.sent_at = time.monotonic()
