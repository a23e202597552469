"""Handshakes that stand still: limited in time and number, and no hindrance to others."""

import contextlib
import selectors
import socket
import time

from .processes import wait_until
from .scan_client import Connection
from .tls import connect, dial, new_source, papers, trusting
from .tls_hostile import HAM, HANDSHAKES, HostileTlsCase, push
from .tls_piped import Piped

LISTENERS = ("open", "open-known", "scan", "lines", "milter")


class StalledTests(HostileTlsCase):
    """Clients that do not go on."""

    def test_time(self) -> None:
        """Wherever they stop, and also if they go on ever so little."""
        held: dict[str, socket.socket] = {}
        drips: list[tuple[socket.socket, bytes]] = []
        for listener in LISTENERS:
            for stage in ("silent", "hello begun", "hello", "end begun", "drip"):
                source = new_source()
                plain = dial(self.filter.ports[listener], source)
                client = Piped(plain, trusting(papers().partner))
                held[source] = client.socket
                octets = b"" if stage == "silent" else client.hello()
                if stage == "drip":
                    drips.append((client.socket, octets))
                    continue
                if stage == "end begun":
                    client.socket.sendall(octets)
                    octets = client.finish()
                if stage != "hello":
                    octets = octets[: len(octets) // 2]
                client.socket.sendall(octets)
        self.watch(set(held.values()), drips)
        self.check_refused({source: ["timeout"] for source in held})

    def watch(
        self, open_ones: set[socket.socket], drips: list[tuple[socket.socket, bytes]]
    ) -> None:
        """Wait until all are closed; meanwhile some send an octet now and then."""
        selector = selectors.DefaultSelector()
        for client in open_ones:
            selector.register(client, selectors.EVENT_READ)
            self.addCleanup(client.close)
        end = time.monotonic() + 60
        at = 0
        while open_ones:
            self.assertLess(time.monotonic(), end, f"{len(open_ones)} are still open")
            for client, octets in drips:
                with contextlib.suppress(OSError):
                    client.sendall(octets[at : at + 1])
            at += 1
            for key, _ in selector.select(0.2):
                assert isinstance(key.fileobj, socket.socket)
                with contextlib.suppress(ConnectionError):
                    if key.fileobj.recv(65536):
                        continue
                selector.unregister(key.fileobj)
                open_ones.remove(key.fileobj)
        selector.close()

    def test_number(self) -> None:
        """More than may be: the oldest make room for honest clients, who all get in."""
        source, port = new_source(), self.filter.ports["open"]
        workers = len(self.filter.workers())
        most = HANDSHAKES * workers
        held = [dial(port, source) for _ in range(3 * most)]
        for client in held:
            self.addCleanup(client.close)
            push(client, b"\x16")
        wait_until(lambda: self.refused()["limit"] >= most, "some to be refused", 30)
        # Those that came last are given a second.
        wait_until(lambda: self.serve(port), "an honest client to get in", 30)
        self.assertTrue(all(self.serve(port) for _ in range(30)))
        self.assertLessEqual(len(self.lines(source)), workers)
        for client in held:
            client.close()
        wait_until(lambda: self.refused().total() >= len(held), "all to be counted", 30)
        self.check_left()

    def serve(self, port: int) -> bool:
        """Whether a client is served."""
        try:
            client = Connection(connect(port))
        except OSError:
            return False
        try:
            return "action" in client.scan(HAM)
        finally:
            client.close()
