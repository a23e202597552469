"""An HTTP client that asks for scans as an MTA's client does."""

from .dial import Address, Progress, dial
from .scan_requests import Make, plain


class Connection:
    """One connection to the filter, kept alive.

    Methods raise OSError when the filter is gone and ValueError when it answers nonsense.
    """

    def __init__(self, address: Address, make: Make = plain) -> None:
        self.prepare = make
        """A message -> the request for it."""
        self.sock = dial(address)
        self.stream = self.sock.makefile("rb")
        self.progress = Progress()
        self.is_last = False
        """The filter has said that no other request may follow on this connection."""

    def scan(self, request: bytes) -> None:
        """Send a request and read the reply."""
        self.progress.begin()
        self.sock.sendall(request)
        self.progress.sent()
        status = self.stream.readline()
        self.progress.is_answering = bool(status)
        if not status:
            raise ConnectionError("the filter closed the connection")
        length = self.read_head()
        if b" 200 " not in status or length < 0:
            raise ValueError(f"reply {status!r}")
        if len(self.stream.read(length)) < length:
            raise ConnectionError("the filter closed the connection in a reply")

    def read_head(self) -> int:
        """Read the fields of a reply; the length of its body, -1 if that is not said."""
        length = -1
        while (line := self.stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.lower().partition(b":")
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                self.is_last = value.strip() == b"close"
        return length

    def close(self) -> None:
        """Close it."""
        self.stream.close()
        self.sock.close()
