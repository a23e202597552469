"""A controller that counts how often each message is learned, and answers as Rspamd does."""

import hashlib
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_LEARNED = b'{"success":true}'
_KNOWN = b'{"error":"<x@y.example> has been already learned as spam, ignore it"}'


class LearningServer(socketserver.ThreadingTCPServer):
    """On a port of the loopback interface; several connections at a time."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.learned: Counter[bytes] = Counter()
        """Digest of a message -> how often it came in whole."""
        self.names: list[str] = []
        """What requests said their files were called."""
        self.fails_from: int | None = None
        """So many messages are learned before it learns no more."""
        self.seconds = 0.0
        """What an answer takes."""
        self._stall_at: int | None = None
        self._going_on = threading.Event()
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """Of its listener."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def total(self) -> int:
        """How many messages came in, those twice that came twice."""
        return self.learned.total()

    def stall_at(self, number: int | None) -> None:
        """Answer no more once so many came in, until told otherwise."""
        self._going_on.set()
        with self.lock:
            self._stall_at, self._going_on = number, threading.Event()

    def answer(self, body: bytes) -> bytes:
        """Learn a message."""
        digest = digest_of(body)
        with self.lock:
            if self.fails_from is not None and self.total >= self.fails_from:
                return _reply(b"503 Not now", b'{"error":"not now"}')
            self.learned[digest] += 1
            is_known = self.learned[digest] > 1
            going_on = self._going_on
            stalls = self._stall_at is not None and self.total >= self._stall_at
        if stalls:
            going_on.wait(60)
        if self.seconds:
            threading.Event().wait(self.seconds)
        if is_known:
            return _reply(b"208 Already Reported", _KNOWN)
        return _reply(b"200 OK", _LEARNED)


class _Connection(socketserver.StreamRequestHandler):
    server: LearningServer

    def handle(self) -> None:
        """One request, as rspamc makes them."""
        try:
            self.rfile.readline()
            length = 0
            while line := self.rfile.readline():
                if not line.strip():
                    break
                name, _, value = line.strip().partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                if name.lower() == b"filename":
                    self.server.names.append(value.strip().decode())
            body = self.rfile.read(length)
            if line and len(body) == length:
                self.wfile.write(self.server.answer(body))
        except OSError:
            pass  # Whoever asks may be killed.


def digest_of(message: bytes) -> bytes:
    """What a message is counted by."""
    return hashlib.sha256(message).digest()


def _reply(status: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
    )


@contextmanager
def learning_server() -> Iterator[LearningServer]:
    """One that answers in threads of ours."""
    with LearningServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
