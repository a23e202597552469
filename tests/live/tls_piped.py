"""A client of TLS whose records go through the test's hands before they are sent."""

import contextlib
import socket
import ssl

from .tls import NAME, trusting


class Piped:
    """One connection: what is to be sent can be cut, held back or spoiled."""

    def __init__(
        self, plain: socket.socket, context: ssl.SSLContext | None = None, name: str = NAME
    ) -> None:
        self.socket = plain
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (context or trusting()).wrap_bio(self._in, self._out, server_hostname=name)

    def hello(self) -> bytes:
        """Begin the handshake: the octets of the ClientHello, which are not sent."""
        self._step()
        return self._out.read()

    def finish(self) -> bytes:
        """Read until there is something to say again: the second flight, which is not sent."""
        while True:
            self._step()
            if octets := self._out.read():
                return octets
            self._take()

    def complete(self) -> None:
        """Read until the handshake is complete."""
        while not self._step():
            self._take()

    def shake_hands(self) -> None:
        """The whole handshake."""
        self.socket.sendall(self.hello())
        self.socket.sendall(self.finish())
        self.complete()

    def seal(self, octets: bytes) -> bytes:
        """The record of these octets, which is not sent."""
        self.tls.write(octets)
        return self._out.read()

    def half_close(self) -> None:
        """Tell that we send no more, and read on."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.socket.sendall(self._out.read())

    def read_all(self) -> bytes:
        """What comes until the other side tells that it sends no more."""
        received = b""
        while True:
            try:
                octets = self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._take()
                continue
            except ssl.SSLZeroReturnError:
                return received
            if not octets:
                return received
            received += octets

    def _step(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _take(self) -> None:
        octets = self.socket.recv(65536)
        if not octets:
            raise ConnectionError("closed without an end of TLS")
        self._in.write(octets)
