"""TLS over a socket in programs that block: bounded in time and octets, whatever is sent."""

import socket
import time
from contextlib import suppress

from OpenSSL import SSL

from .errors import TlsError

MAX_OCTETS = 2**20
"""That are read until a handshake is complete; certificates have at most 100 KiB."""
_PART = 2**14


class Wire:
    """Carries octets between a connection of OpenSSL, in memory, and a socket."""

    def __init__(self, connection: SSL.Connection, sock: socket.socket, end: float) -> None:
        """`end` is when all must be done, by `time.monotonic`."""
        self._connection, self._socket, self._end = connection, sock, end
        self._octets = 0

    def handshake(self) -> None:
        """Raises SSL.Error, TlsError if it is too much, TimeoutError, and OSError."""
        while True:
            try:
                self._connection.do_handshake()
            except SSL.WantReadError:
                self._send()
                self._receive(self._end)
            except SSL.Error:
                # The alert that says why.
                with suppress(OSError):
                    self._send()
                raise
            else:
                self._send()
                return

    def first_octets(self, seconds: float) -> bytes:
        """What comes first after a handshake, within a time; empty if nothing does.

        What is no data, such as tickets for sessions, ends the wait, too. Raises as `handshake`,
        and SSL.ZeroReturnError where the other side has closed.
        """
        end = min(self._end, time.monotonic() + seconds)
        with suppress(SSL.WantReadError):
            return self._connection.recv(_PART)
        try:
            self._receive(end)
        except TimeoutError:
            return b""
        with suppress(SSL.WantReadError):
            return self._connection.recv(_PART)
        return b""

    def _send(self) -> None:
        while True:
            try:
                data = self._connection.bio_read(_PART)
            except SSL.WantReadError:
                return
            self._wait_until(self._end)
            self._socket.sendall(data)

    def _receive(self, end: float) -> None:
        self._wait_until(end)
        try:
            data = self._socket.recv(_PART)
        except ConnectionResetError:
            data = b""
        self._octets += len(data)
        if self._octets > MAX_OCTETS:
            raise TlsError(f"more than {MAX_OCTETS // 2**20} MiB came, and no end of it")
        if data:
            self._connection.bio_write(data)
        else:
            self._connection.bio_shutdown()

    def _wait_until(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
