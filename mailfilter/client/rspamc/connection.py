"""One request and its answer over a socket, all within one time limit.

The request is sent and the answer read at the same time: a server that refuses a message while
it is still being sent is heard, and is not taken for one that broke.
"""

import socket
from collections.abc import Iterator
from select import POLLIN, POLLOUT, poll
from typing import Protocol

from ...codec.http_client import (
    MAX_ANSWER,
    Answer,
    AnswerError,
    AnswerReader,
    HttpRequest,
    NotHttp,
    render_head,
)
from .address import Server
from .channel import Channel, Piece, PlainChannel
from .dialing import Deadline, dial
from .exchange import Unanswered
from .options import Options

SENT_AT_ONCE = 2**18
"""Octets handed to the system at a time."""
READ_AT_ONCE = 2**16

MAX_WAIT = 3600.0
"""Seconds that are waited at a time: the system counts milliseconds in 31 bits."""

TLS_ALERT = b"\x15\x03"
"""How servers of TLS answer what is none (RFC 8446 5.1)."""

_SHOWN = 40
"""Octets of what is no HTTP that an error shows."""


class Reader(Protocol):
    """Reads an answer: `AnswerReader`, or what opens a sealed one."""

    @property
    def done(self) -> bool:
        """See `AnswerReader`."""
        ...

    @property
    def answer(self) -> Answer:
        """See `AnswerReader`."""
        ...

    @property
    def has_begun(self) -> bool:
        """See `AnswerReader`."""
        ...

    @property
    def progress(self) -> str:
        """See `AnswerReader`."""
        ...

    def feed(self, data: bytes) -> None:
        """See `AnswerReader`."""
        ...

    def end(self) -> None:
        """See `AnswerReader`."""
        ...


def exchange(
    server: Server, request: HttpRequest, options: Options, max_body: int = MAX_ANSWER
) -> Answer:
    """Ask a server on a connection of its own; any status from 200 on is an answer.

    `max_body` bounds the octets of the answer, as they are on the wire. Of the options, `timeout`,
    `bind`, `trust`, `key` and `keypair` count. Raises Unanswered; ValueError for a request that
    cannot be put into HTTP; Misused for a bind address, a pin or a key that is none.
    """
    deadline = Deadline.after(options.timeout)
    reader: Reader = AnswerReader(max_body)
    if options.key:
        from .sealing import seal

        request, reader = seal(request, server.host_header, options, max_body)
    head = render_head(request, server.host_header)
    try:
        return _ask(server, (head, request.body), reader, options, deadline)
    except Unanswered as error:
        raise Unanswered(f"{server}: {error}") from None


def _ask(
    server: Server,
    asked: tuple[bytes, bytes],
    reader: Reader,
    options: Options,
    deadline: Deadline,
) -> Answer:
    """`asked` are the head and the body of the request."""
    if not server.is_tls:
        with dial(server, options.bind, deadline) as sock:
            return _Exchange(sock, PlainChannel(), deadline, reader).run(*asked)
    from .tls_channel import new_connection, shake_hands

    # Before anybody is connected to: a file that cannot be used says nothing about the server.
    connection = new_connection(server, options.trust)
    with dial(server, options.bind, deadline) as sock:
        channel = shake_hands(connection, sock, deadline)
        return _Exchange(sock, channel, deadline, reader).run(*asked)


class _Exchange:
    """One exchange on a connection that does not block."""

    def __init__(
        self, sock: socket.socket, channel: Channel, deadline: Deadline, reader: Reader
    ) -> None:
        self._socket, self._channel, self._deadline = sock, channel, deadline
        self._reader = reader
        self._begun = b""
        self._pieces: Iterator[Piece] = iter(())
        self._pending = memoryview(b"")
        self._is_sending = True
        self._broke = ""

    def run(self, head: bytes, body: bytes) -> Answer:
        """Raises Unanswered."""
        self._pieces = _pieces(head, body)
        self._next_piece()
        try:
            self._carry()
        except TimeoutError:
            raise Unanswered(self._slow()) from None
        except NotHttp as error:
            raise Unanswered(f"{error}; {_beginning(self._begun)}") from None
        except AnswerError as error:
            raise Unanswered(f"{error}{self._unsent()}") from None
        answer = self._reader.answer
        if self._is_sending and answer.status < 400:
            raise Unanswered("it answered before it had the whole message")
        return answer

    def _carry(self) -> None:
        # There is room at first: no need to ask the system.
        self._send()
        poller = poll()
        while not self._reader.done:
            poller.register(self._socket, POLLIN | POLLOUT if self._can_send else POLLIN)
            for _, ready in poller.poll(min(self._deadline.left(), MAX_WAIT) * 1000):
                if ready & ~POLLOUT:
                    self._receive()
                if ready & POLLOUT and self._can_send:
                    self._send()

    @property
    def _can_send(self) -> bool:
        return self._is_sending and not self._broke

    def _next_piece(self) -> None:
        piece = next(self._pieces, None)
        self._is_sending = piece is not None
        if piece is not None:
            self._pending = memoryview(self._channel.seal(piece))

    def _send(self) -> None:
        try:
            sent = self._socket.send(self._pending)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            # What it has said before is still there to be read.
            self._broke = error.strerror or str(error)
            return
        self._pending = self._pending[sent:]
        if not self._pending:
            self._next_piece()

    def _receive(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            raise AnswerError(f"the connection broke: {error.strerror or error}") from None
        for piece in self._channel.open(data):
            self._begun += piece[: _SHOWN - len(self._begun)]
            self._reader.feed(piece)
            if self._reader.done:
                return
        if self._channel.is_ended:
            self._reader.end()

    def _slow(self) -> str:
        if not self._reader.has_begun:
            return f"no answer {self._deadline}{self._unsent()}"
        return f"no whole answer {self._deadline}: {self._reader.progress} came{self._unsent()}"

    def _unsent(self) -> str:
        if not self._is_sending:
            return ""
        return f"; the message was not sent whole{self._broke and f' ({self._broke})'}"


def _pieces(head: bytes, body: bytes) -> Iterator[Piece]:
    """What to send at a time; a small message goes in one packet with its head."""
    yield head + body[:SENT_AT_ONCE]
    view = memoryview(body)
    for at in range(SENT_AT_ONCE, len(body), SENT_AT_ONCE):
        yield view[at : at + SENT_AT_ONCE]


def _beginning(octets: bytes) -> str:
    if octets.startswith(TLS_ALERT):
        return "it speaks TLS there: use https:// or --tls"
    return f"it begins with {repr(octets)[1:]}"
