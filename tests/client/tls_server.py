"""Servers for `mailfilteradm tls check`: each connection in a thread, whatever becomes of it."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

Serve = Callable[[socket.socket, Event], None]
"""What is done with a connection; the event says that the test has ended."""


def listening(case: SynchronousTestCase, serve: Serve) -> str:
    """Have a server run until a test ends; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = Event()

    def one(sock: socket.socket) -> None:
        with sock, suppress(OSError, SSL.Error):
            sock.settimeout(60)
            serve(sock, over)

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
        over.set()
        # A close alone does not wake it.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)

    case.addCleanup(end)
    return f"127.0.0.1:{listener.getsockname()[1]}"


def with_tls(context: SSL.Context, after: Callable[[SSL.Connection], None] | None = None) -> Serve:
    """Shake hands, do something, and wait for the end."""

    def serve(sock: socket.socket, over: Event) -> None:
        # It would make the socket non-blocking.
        sock.settimeout(None)
        connection = SSL.Connection(context, sock)
        connection.set_accept_state()
        connection.do_handshake()
        if after is not None:
            after(connection)
        while connection.recv(2**14):
            pass

    return serve


def saying(data: bytes, *, for_ever: bool = False) -> Serve:
    """Send something at once, and over and over if so wished."""

    def serve(sock: socket.socket, over: Event) -> None:
        sock.sendall(data)
        while for_ever and not over.is_set():
            sock.sendall(data)
        over.wait(60)

    return serve


def silent(sock: socket.socket, over: Event) -> None:
    """Read and say nothing."""
    while not over.is_set() and sock.recv(2**14):
        pass
