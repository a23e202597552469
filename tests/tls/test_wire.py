"""TLS over a socket in programs that block, with peers that never come to an end."""

import contextlib
import socket
import threading
import time
from typing import Any

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.tls import wire as wire_module
from mailfilter.tls.errors import TlsError
from mailfilter.tls.wire import Wire


class Insatiable(SSL.Connection):
    """Takes whatever comes, and is never done."""

    def do_handshake(self) -> None:
        """Want more."""
        raise SSL.WantReadError

    def bio_write(self, buf: Any) -> int:
        """Take it."""
        return len(buf)


class WireTests(SynchronousTestCase):
    """Bounds."""

    def setUp(self) -> None:
        """Two ends of a connection."""
        self.ours, self.theirs = socket.socketpair()
        self.addCleanup(self.theirs.close)
        self.addCleanup(self.ours.close)

    def wire(self, seconds: float) -> Wire:
        """Ours, with a connection that is never done."""
        connection = Insatiable(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        return Wire(connection, self.ours, time.monotonic() + seconds)

    def test_octets(self) -> None:
        """More than anybody needs is not read."""
        self.patch(wire_module, "MAX_OCTETS", 100_000)

        def flood() -> None:
            with contextlib.suppress(OSError):
                while True:
                    self.theirs.sendall(bytes(2**14))

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        error = self.assertRaises(TlsError, self.wire(60).handshake)
        self.assertIn("came, and no end of it", str(error))
        self.ours.close()
        thread.join(60)
        self.assertFalse(thread.is_alive())

    def test_time(self) -> None:
        """Nor is waited for ever, also where something comes now and then."""
        self.theirs.sendall(b"x")
        self.assertRaises(TimeoutError, self.wire(0.05).handshake)
