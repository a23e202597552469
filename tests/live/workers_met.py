"""Connections with TLS to a certain worker: which one it is, and what it has shown."""

import ssl
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509

from bench import milter_client
from bench.dial import Secure, dial
from tests.live.harness import message_file
from tests.live.scan_client import Connection, with_length

MESSAGE = b"X-Soak-Worker: 1\r\n" + message_file("ham.eml")
_FIELD = "X-Worker"


class Asking(Protocol):
    """A connection that can be asked who answers it, as often as one likes."""

    def worker(self) -> int:
        """Process id."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True)
class Met:
    """A connection that a worker has answered."""

    listener: str
    pid: int
    serial: int
    """Of the certificate that was shown."""
    connection: Asking


def meet(name: str, address: Secure) -> Met:
    """Connect to a listener, whose name begins with its protocol. Raises OSError."""
    connection = Http(address) if name.startswith("http") else Milter(address)
    return Met(name, connection.worker(), serial(connection.socket), connection)


def serial(socket: object) -> int:
    """Number of the certificate that a server has shown."""
    assert isinstance(socket, ssl.SSLSocket)
    shown = socket.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


class Http(Connection):
    """Asks by HTTP."""

    def __init__(self, address: Secure) -> None:
        self.socket = dial(address)
        self._in = self.socket.makefile("rb")

    def worker(self) -> int:
        """See `Asking`."""
        verdict = self.scan(with_length(MESSAGE))
        return int(verdict["milter"]["add_headers"][_FIELD]["value"])


class Milter(milter_client.Connection):
    """Asks as an MTA does."""

    def __init__(self, address: Secure) -> None:
        self._pid = 0
        super().__init__(address)
        self.socket = self.sock

    def worker(self) -> int:
        """See `Asking`."""
        self.scan(self.prepare(MESSAGE))
        return self._pid

    def read(self) -> tuple[int, bytes]:
        """A frame, of which one adds the field."""
        code, payload = super().read()
        name, _, value = payload.partition(b"\0")
        if name.endswith(_FIELD.encode()):
            self._pid = int(value.strip(b" \0"))
        return code, payload
