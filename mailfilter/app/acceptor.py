"""Accept connections on a socket that somebody else owns.

Unlike a port of Twisted it never closes the socket or removes its file, and when the process (or
the system) has no descriptors left it takes a pause: the connections wait in the socket's queue
instead of being accepted and dropped.
"""

# mypy: allow-untyped-calls
# Twisted says of few of these what they take.

import errno
import os
import socket
from collections.abc import Callable
from typing import Any, cast

from twisted.internet import tcp, unix
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IReactorTime,
    IReadDescriptor,
    ITransport,
)
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

PAUSE = 0.25
"""Seconds until accepting is tried again when there was no descriptor or memory for it."""

QUIET = 10.0
"""Seconds after which the same is news again."""

BURST = 16
"""Connections accepted in one turn of the reactor; of a socket that others share, one, so that
each gets some."""

MAX_QUEUE = 65_536
"""Connections that may wait in the queue of a socket."""

_NOTHING_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_NOTHING_THERE = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EPERM})
"""EPERM: a firewall forbids this connection."""
_NO_USE = frozenset({errno.EINVAL, errno.EBADF, errno.ENOTSOCK})
"""It does not listen, or is not there: also later nobody will come, and asking would not end."""

log = Logger()


@implementer(IReadDescriptor)
class Acceptor:
    """Accepts for a factory. `alarm` is told when nothing is left, once until that is over."""

    def __init__(
        self,
        reactor: Any,
        sock: socket.socket,
        factory: Factory,
        alarm: Callable[[str], None],
        *,
        is_shared: bool,
    ) -> None:
        self._reactor = reactor
        self._socket = sock
        self._factory = factory
        self._alarm = alarm
        self._burst = 1 if is_shared else BURST
        self._pause: IDelayedCall | None = None
        self._last_short: float | None = None
        self._number = 0
        name = sock.getsockname()
        # Connections of Twisted show the port of what they were accepted on.
        self._realPortNumber = name[1] if isinstance(name, tuple) else name
        self._where = f"port {name[1]}" if isinstance(name, tuple) else os.fsdecode(name)

    def start(self) -> None:
        """Begin to accept."""
        self._reactor.addReader(self)

    def stop(self) -> None:
        """Accept no more; what waits in the queue is left to others."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._reactor.removeReader(self)

    def sweep(self) -> None:
        """Accept what waits: the last chance before the socket is closed."""
        self._burst = MAX_QUEUE
        self.doRead()

    def fileno(self) -> int:
        """See IFileDescriptor."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """See ILoggingContext."""
        return "accept"

    def connectionLost(self, reason: Failure) -> None:
        """See IFileDescriptor: the reactor is told to drop everything."""

    def doRead(self) -> None:
        """Accept what is there."""
        for _ in range(self._burst):
            try:
                accepted, peer = self._socket.accept()
            except OSError as error:
                if error.errno in _NOTHING_LEFT:
                    self._take_pause(error)
                    return
                if error.errno in _NOTHING_THERE:
                    return
                if error.errno in _NO_USE:
                    self._give_up(error)
                    return
                # ECONNABORTED, or an error of the network that is the connection's own.
                continue
            self._serve(accepted, peer)

    def _take_pause(self, error: OSError) -> None:
        if self._pause is not None:
            return
        self._reactor.removeReader(self)
        clock = IReactorTime(self._reactor)
        self._pause = clock.callLater(PAUSE, self._resume)
        last, self._last_short = self._last_short, clock.seconds()
        if last is None or clock.seconds() - last >= QUIET:
            self._alarm(f"{self._trouble(error)}; waiting")

    def _give_up(self, error: OSError) -> None:
        self.stop()
        self._alarm(f"{self._trouble(error)}; it is not tried again")

    def _trouble(self, error: OSError) -> str:
        return f"cannot accept on {self._where}: {os.strerror(error.errno or 0)}"

    def _resume(self) -> None:
        self._pause = None
        self._reactor.addReader(self)

    def _serve(self, accepted: socket.socket, peer: Any) -> None:
        """Hand a connection to a protocol; what goes wrong ends this one connection."""
        protocol = None
        try:
            protocol = self._factory.buildProtocol(_peer_address(self._socket.family, peer))
        except Exception:
            log.failure("no protocol for a connection")
        if protocol is None:
            accepted.close()
            return
        self._number += 1
        make = _Unix if self._socket.family == socket.AF_UNIX else _Tcp
        # Of its port a connection only wants the number.
        port: Any = self
        transport = None
        try:
            transport = make(accepted, protocol, peer, port, self._number, self._reactor)
            protocol.makeConnection(transport)
        except Exception:
            log.failure("a connection cannot begin")
            if transport is not None:
                transport.abortConnection()
                return
            accepted.close()
            protocol.connectionLost(Failure(ConnectionAborted()))


class _Passing:
    """What a proxy may pass on, see `servers.proxied.Passing`: only the socket stays the same."""

    _passed_on_from: IAddress | None = None

    def pass_on(self, protocol: IProtocol, address: IAddress) -> None:
        self._passed_on_from = address
        self.protocol = protocol
        protocol.makeConnection(cast(ITransport, self))


class _Tcp(_Passing, tcp.Server):
    def getPeer(self) -> IAddress:
        return self._passed_on_from or super().getPeer()


class _Unix(_Passing, unix.Server):
    def getPeer(self) -> IAddress:
        return self._passed_on_from or super().getPeer()


def _peer_address(family: int, peer: Any) -> IAddress:
    if family == socket.AF_UNIX:
        return UNIXAddress(peer or None)
    if family == socket.AF_INET6:
        return IPv6Address("TCP", *peer)
    return IPv4Address("TCP", *peer)
