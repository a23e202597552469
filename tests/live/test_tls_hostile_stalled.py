"""Handshakes that stand still: limited in time and number, and no hindrance to others."""

import contextlib
import selectors
import socket
import time

from .processes import wait_until
from .tls import connect, dial, new_source, papers, read_all, trusting
from .tls_hostile import HANDSHAKES, HostileTlsCase, push
from .tls_piped import Piped

LISTENERS = ("open", "open-known", "scan", "lines", "milter")


class StalledTests(HostileTlsCase):
    """Clients that do not go on."""

    turned_away = 0
    """Honest clients that were refused."""

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
        """More than may be, of one client, and more all the time: others all get in."""
        source, port = new_source(), self.filter.ports["open"]
        workers = len(self.filter.workers())
        held = [self.knock(port, source) for _ in range(3 * HANDSHAKES * workers)]
        wait_until(lambda: self.refused()["limit"] > 0, "some to be refused", 30)
        for _ in range(30):
            held += [self.knock(port, source) for _ in range(10)]
            self.assertTrue(self.serve(port))
        self.assertLessEqual(len(self.lines(source)), workers)
        self.let_go(held)
        self.assertEqual(self.turned_away, 0)

    def test_many_places(self) -> None:
        """The same of clients that have no more than one each: old ones make room for others."""
        port = self.filter.ports["lines"]
        count = 3 * HANDSHAKES * len(self.filter.workers())
        held = [self.knock(port, new_source()) for _ in range(count)]
        wait_until(lambda: self.refused()["limit"] > 0, "some to be refused", 30)
        # Those that came last are given a second.
        wait_until(lambda: self.serve(port), "an honest client to get in", 30)
        self.assertTrue(all(self.serve(port) for _ in range(10)))
        self.let_go(held)

    def knock(self, port: int, source: str) -> socket.socket:
        """Begin a handshake, and do not go on."""
        client = dial(port, source)
        self.addCleanup(client.close)
        push(client, b"\x16")
        return client

    def let_go(self, held: list[socket.socket]) -> None:
        """Close all; each is counted, and so is each honest one that was refused."""
        for client in held:
            client.close()
        count = len(held) + self.turned_away
        wait_until(lambda: self.refused().total() >= count, "all to be counted", 30)
        self.assertEqual(self.refused().total(), count)
        self.check_left()

    def serve(self, port: int) -> bool:
        """Whether a client of `open` or `lines` is served."""
        is_http = port == self.filter.ports["open"]
        try:
            with connect(port) as client:
                client.sendall(
                    b"GET /ping HTTP/1.0\r\n\r\n" if is_http else b"PING SPAMC/1.5\r\n\r\n"
                )
                return b"PONG" in read_all(client).upper()
        except OSError:
            self.turned_away += 1
            return False
