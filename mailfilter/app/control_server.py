"""The socket that `mailfilteradm` talks to: one request, one answer."""

import os
import pwd
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..codec.control import Answer, ControlError, Request, encode, request_reader
from ..config.paths import CONTROL_SOCKET, control_address
from ..servers.stream import Stream
from .acceptor import Acceptor
from .bind import bind_private
from .state import StateError

MAX_CONNECTIONS = 32
REQUEST_SECONDS = 10.0
"""In which a request must be there."""

_CREDENTIALS = struct.Struct("=3i")
"""SO_PEERCRED: pid, uid, gid."""

Command = Callable[[Request, str], Coroutine[Any, Any, Answer]]
"""Carries out a request of somebody, who has a name."""

log = Logger()


class ControlConnection(Protocol):
    """One request of `mailfilteradm`."""

    def __init__(self, server: "ControlServer") -> None:
        self._server = server
        self._reader = request_reader()
        self._timer: IDelayedCall | None = None
        self._is_asked = False

    def connectionMade(self) -> None:
        self._stream = cast(Stream, self.transport)
        self._timer = self._server.clock.callLater(REQUEST_SECONDS, self._stream.loseConnection)

    def dataReceived(self, data: bytes) -> None:
        if self._is_asked:
            return
        try:
            requests = self._reader.receive(data)
        except ControlError as error:
            self._answer(Answer(error=f"not a request: {error}"))
            return
        if requests:
            self._is_asked = True
            self._stop_timer()
            Deferred.fromCoroutine(self._run(requests[0]))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_timer()
        self._server.open.discard(self)

    async def _run(self, request: Request) -> None:
        command = self._server.commands.get(request.command)
        if command is None:
            known = ", ".join(sorted(self._server.commands))
            self._answer(Answer(error=f"unknown command; expected one of {known}"))
            return
        try:
            answer = await command(request, peer_name(self._stream))
        except Exception as error:
            log.failure("command {command} failed", command=request.command)
            answer = Answer(error=f"{type(error).__name__}: {error}")
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self._is_asked = True
        self._stream.write(encode(answer))
        self._stream.loseConnection()

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None


class ControlServer(Factory):
    """Listens in the state directory, whose permissions say who may ask."""

    noisy = False

    def __init__(self, reactor: Any, directory: str, commands: dict[str, Command]) -> None:
        self.clock = IReactorTime(reactor)
        self.commands = commands
        self.open: set[ControlConnection] = set()
        self._reactor = reactor
        self._directory = directory
        self._socket: socket.socket | None = None
        self._acceptor: Acceptor | None = None

    def start(self) -> None:
        """Listen; whoever was there before is gone, the lock says so. Raises StateError."""
        try:
            self._socket = bind_in(self._directory)
        except OSError as error:
            path = os.path.join(self._directory, CONTROL_SOCKET)
            raise StateError(f"{path} cannot be bound: {error.strerror}") from None
        self._acceptor = Acceptor(self._reactor, self._socket, self, _ignore, is_shared=False)
        self._acceptor.start()

    def stop(self) -> None:
        """Listen no more; answers under way are still given."""
        if self._acceptor is not None and self._socket is not None:
            self._acceptor.stop()
            self._socket.close()
            self._acceptor = None
            remove_in(self._directory)

    def buildProtocol(self, addr: object) -> ControlConnection | None:
        if len(self.open) >= MAX_CONNECTIONS:
            return None
        connection = ControlConnection(self)
        self.open.add(connection)
        return connection


def peer_name(stream: Stream) -> str:
    """Who is on the other side of a unix socket: a user of this machine, by name or number."""
    handle = getattr(stream, "getHandle", None)
    if handle is None:
        return "mailfilteradm"
    found = handle().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(found)
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = f"user {uid}"
    return f"{user} (mailfilteradm)"


def bind_in(directory: str) -> socket.socket:
    """A socket in a directory whose path may be too long for one. Raises OSError."""
    remove_in(directory)
    with control_address(directory) as address:
        opened = bind_private(address)
    try:
        opened.listen(MAX_CONNECTIONS)
    except OSError:
        opened.close()
        remove_in(directory)
        raise
    opened.setblocking(False)
    return opened


def remove_in(directory: str) -> None:
    """Remove the socket, if there is one."""
    try:
        os.unlink(os.path.join(directory, CONTROL_SOCKET))
    except OSError:
        return


def _ignore(text: str) -> None:
    """Descriptors run short: the listeners for mail say so."""
