"""A client of the line protocols, RSPAMC and SPAMC: a connection is one request."""

from .dial import Address, Progress, dial
from .scan_requests import Make


class Connection:
    """One connection to the filter.

    Methods raise OSError when the filter is gone and ValueError when it answers nonsense.
    """

    def __init__(self, address: Address, make: Make) -> None:
        self.prepare = make
        """A message -> the request for it."""
        self.sock = dial(address)
        self.stream = self.sock.makefile("rb")
        self.progress = Progress()

    def scan(self, request: bytes) -> None:
        """Send the request and read the reply up to the end of the connection."""
        self.progress.begin()
        self.sock.sendall(request)
        self.progress.sent()
        reply = self.stream.read()
        if b" 0 EX_OK\r\n" not in reply[:40]:
            raise ValueError(f"reply {reply[:100]!r}")

    def close(self) -> None:
        """Close it."""
        self.stream.close()
        self.sock.close()
