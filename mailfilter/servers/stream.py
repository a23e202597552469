"""What connections use of their transports."""

from fcntl import ioctl
from struct import Struct
from termios import TIOCOUTQ
from typing import Protocol

from twisted.internet.interfaces import IAddress


class Stream(Protocol):
    """A stream transport, with TLS or without; some have no `loseWriteConnection`."""

    def write(self, data: bytes) -> None: ...
    def loseConnection(self) -> None: ...
    def abortConnection(self) -> None: ...
    def getPeer(self) -> IAddress: ...
    def registerProducer(self, producer: object, streaming: bool) -> None: ...
    def unregisterProducer(self) -> None: ...
    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...
    def loseWriteConnection(self) -> None: ...


_INT = Struct("i")


def unsent(stream: Stream) -> tuple[int, int]:
    """Octets that wait in the transport, and in the system until the other side has them.

    What was written in this turn of the reactor may not be counted yet. Both are zero where there
    is nothing to ask.
    """
    waiting = len(getattr(stream, "dataBuffer", b"")) - getattr(stream, "offset", 0)
    handle = getattr(stream, "getHandle", None)
    if handle is None:
        return waiting, 0
    try:
        (queued,) = _INT.unpack(ioctl(handle().fileno(), TIOCOUTQ, bytes(_INT.size)))
    except (OSError, ValueError):
        return waiting, 0
    return waiting, queued
