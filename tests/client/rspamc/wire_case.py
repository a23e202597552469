"""Servers of all kinds for the client's connections, each connection in a thread."""

import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from threading import Event, Thread

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.connection import exchange
from mailfilter.client.rspamc.exchange import Unanswered
from mailfilter.client.rspamc.options import Options
from mailfilter.codec.http_client import Answer, HttpRequest

Serve = Callable[[socket.socket, Event], None]
"""What is done with a connection; the event says that the test has ended."""

PATIENCE = 60.0
"""Seconds that a test waits for what should come."""
SHORT = 1.0
"""Seconds until what never comes is given up."""

LARGE = 20 * 2**20
"""Octets that fill all buffers between two ends."""


def length(body: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer with its length."""
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def read_request(sock: socket.socket) -> bytes:
    """All of one, or what came until the end."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        part = sock.recv(2**16)
        if not part:
            return bytes(data)
        data += part
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    pieces, missing = [body], size - len(body)
    while missing > 0 and (part := sock.recv(2**18)):
        pieces.append(part)
        missing -= len(part)
    return head + b"\r\n\r\n" + b"".join(pieces)


class WireCase(SynchronousTestCase):
    """With servers that end with the test."""

    def setUp(self) -> None:
        """Nothing runs yet."""
        self.requests: list[bytes] = []
        self.over = Event()
        self.addCleanup(self.over.set)

    def listen(self, serve: Serve, host: str = "127.0.0.1", *, is_tls: bool = False) -> Server:
        """Have a server run until the test ends."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, 0), family=family)
        self._accept(listener, serve)
        return Server(host, listener.getsockname()[1], is_tls=is_tls)

    def listen_unix(self, serve: Serve) -> Server:
        """The same at a path, which must be short."""
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(rmtree, folder)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.fspath(folder / "s"))
        listener.listen()
        self._accept(listener, serve)
        return Server(path=os.fspath(folder / "s"))

    def _accept(self, listener: socket.socket, serve: Serve) -> None:
        def one(sock: socket.socket) -> None:
            with sock, suppress(OSError):
                sock.settimeout(PATIENCE)
                if sock.family != socket.AF_UNIX:
                    # Else what was said last may never be sent before a reset.
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                serve(sock, self.over)

        def accept() -> None:
            while True:
                try:
                    sock = listener.accept()[0]
                except OSError:
                    return
                Thread(target=one, args=(sock,), daemon=True).start()

        thread = Thread(target=accept, daemon=True)
        thread.start()

        def end() -> None:
            self.over.set()
            # A close alone does not wake it.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(PATIENCE)

        self.addCleanup(end)

    def answering(self, *pieces: bytes) -> Serve:
        """Read a request and answer it, piece by piece, then end the connection."""

        def serve(sock: socket.socket, over: Event) -> None:
            self.requests.append(read_request(sock))
            for piece in pieces:
                sock.sendall(piece)

        return serve

    def ask(
        self,
        server: Server,
        body: bytes = b"hello",
        *,
        timeout: float = PATIENCE,
        **options: object,
    ) -> Answer:
        """Send this."""
        request = HttpRequest("POST", "/checkv2", [("From", "a@example.org")], body)
        return exchange(server, request, Options(timeout=timeout, **options))  # type: ignore[arg-type]

    def fails(
        self,
        server: Server,
        body: bytes = b"hello",
        *,
        timeout: float = PATIENCE,
        **options: object,
    ) -> str:
        """Why there is no answer; the server is named first, on one line."""
        with self.assertRaises(Unanswered) as caught:
            self.ask(server, body, timeout=timeout, **options)
        said = str(caught.exception)
        self.assertTrue(said.startswith(f"{server}: "), said)
        self.assertTrue(said.isprintable(), said)
        return said.removeprefix(f"{server}: ")


def closed_port() -> Server:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Server("127.0.0.1", listener.getsockname()[1])


def silent(sock: socket.socket, over: Event) -> None:
    """Read and say nothing."""
    while not over.is_set() and sock.recv(2**16):
        pass


def saying(*pieces: bytes) -> Serve:
    """Say this whatever is asked, and read nothing."""

    def serve(sock: socket.socket, over: Event) -> None:
        for piece in pieces:
            sock.sendall(piece)
        over.wait(PATIENCE)

    return serve


def trickling(first: bytes, more: bytes = b"x") -> Serve:
    """Say something, and then a little again and again."""

    def serve(sock: socket.socket, over: Event) -> None:
        read_request(sock)
        sock.sendall(first)
        while not over.wait(0.02):
            sock.sendall(more)

    return serve
