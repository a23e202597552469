"""What tests with hostile clients of TLS share: honest ones at the same time, and what is left."""

import contextlib
import functools
import re
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Collection, Mapping

from .harness import message_file
from .processes import wait_until
from .scan_client import Connection, with_length
from .threads import PATIENCE
from .tls import TlsCase, TlsFilter, connect, trusting

HANDSHAKES = 40
"""At once, of a listener in a worker."""
SPARE_MEMORY = 48 * 2**20
"""Octets by which workers may be larger after a test: heaps are not given back at once."""
HAM = with_length(message_file("ham.eml"))


@functools.cache
def hostile_filter() -> TlsFilter:
    """One that is impatient with handshakes."""
    return TlsFilter(timeout="6s", handshakes=HANDSHAKES)


class Honest:
    """Clients that scan without a pause, on a kept connection and on fresh ones."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self.served = 0
        self._kept = Connection(connect(port))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it. Raises what went wrong with any of them."""
        self._stop.set()
        self._thread.join(PATIENCE)
        self._kept.close()
        if self._failures:
            raise AssertionError(f"an honest client failed: {self._failures[0]!r}")

    def _run(self) -> None:
        context = trusting()
        try:
            while not self._stop.is_set():
                self._kept.scan(HAM)
                fresh = Connection(connect(self._port, context))
                fresh.scan(HAM)
                fresh.close()
                self.served += 1
                self._stop.wait(0.05)
        except BaseException as error:
            self._failures.append(error)


class HostileTlsCase(TlsCase):
    """Base: how it is checked that nothing is left of those who were refused."""

    def make_filter(self) -> TlsFilter:
        """See `LiveCase`."""
        return hostile_filter()

    def setUp(self) -> None:
        """Honest clients begin, unless the test has its own."""
        super().setUp()
        self._memory = self.filter.memory()
        self.honest = Honest(self.filter.ports["any"])
        self.addCleanup(self.honest.stop)

    def check_honest(self) -> None:
        """Since now, honest clients are served."""
        before = self.honest.served
        wait_until(lambda: self.honest.served > before + 1, "honest clients to be served", 60)

    def check_refused(self, expected: Mapping[str, Collection[str]]) -> None:
        """Each source was refused once, for one of these reasons, with one line in the log."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.refused().total() >= len(expected), "all refusals", 30)
        sure = Counter(min(reasons) for reasons in expected.values() if len(reasons) == 1)
        refused = self.refused()
        self.assertEqual(refused.total(), len(expected), (refused, sure))
        self.assertTrue(sure <= refused, (refused, sure))
        for source, reasons in expected.items():
            self.assertEqual(len(self.lines(source)), 1, (source, reasons, self.lines(source)))
        self.check_left()

    def check_left(self) -> None:
        """Honest clients are served, and nothing is left of others."""
        self.check_honest()
        self.honest.stop()
        wait_until(lambda: self.filter.connections() <= 1, "all connections to be closed", 30)
        self.assertLess(self.filter.memory() - self._memory, SPARE_MEMORY)

    def refused(self) -> Counter[str]:
        """How many were refused, by reason; and `broken`, who was served before."""
        counted = self.counted().items()
        return Counter(
            {
                key.removeprefix("refused/"): n
                for key, n in counted
                if key.startswith("refused/") or key == "broken"
            }
        )

    def lines(self, source: str) -> list[str]:
        """Lines of the log by which a source is refused."""
        pattern = re.compile(rf"(?<!\d){re.escape(source)}(?!\d).*TLS")
        return [line for line in self.filter.log(self.mark).splitlines() if pattern.search(line)]


def reset(client: socket.socket) -> None:
    """Hang up without order."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def drain(client: socket.socket, seconds: float = 60.0) -> bytes:
    """What comes until the other side closes, in whatever way, which it must."""
    client.settimeout(seconds)
    received = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while octets := client.recv(65536):
            received += octets
    return received


def push(client: socket.socket, octets: bytes) -> None:
    """Send what the other side may not want any more."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        client.sendall(octets)
