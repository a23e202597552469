"""An HTTP client that asks for scans as an MTA's client does."""

import socket

HEAD = (
    b"POST /checkv2 HTTP/1.1\r\nHost: 127.0.0.1\r\nFrom: alice@example.net\r\n"
    b"Rcpt: bob@example.org\r\nIP: 192.0.2.10\r\nHelo: mail.example.net\r\n"
    b"Hostname: mail.example.net\r\nQueue-Id: 4BENCH0001\r\nContent-Length: %d\r\n\r\n"
)


class Connection:
    """One connection to the filter, kept alive.

    Methods raise OSError when the filter is gone and ValueError when it answers nonsense.
    """

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.sock.makefile("rb")

    def prepare(self, raw: bytes) -> bytes:
        """The request for a message."""
        return HEAD % len(raw) + raw

    def scan(self, request: bytes) -> None:
        """Send a request and read the reply."""
        self.sock.sendall(request)
        status = self.stream.readline()
        length = -1
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if b" 200 " not in status or length < 0:
            raise ValueError(f"reply {status!r}")
        self.stream.read(length)

    def close(self) -> None:
        """Close it."""
        self.stream.close()
        self.sock.close()
