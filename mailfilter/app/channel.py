"""Messages over a pair of pipes, in a worker."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ..codec.control import ControlError, FrameReader, Message, encode

T = TypeVar("T")

log = Logger()


@implementer(IPushProducer)
class Channel(Protocol, Generic[T]):
    """Hands each message to `hear`; `lost` is told why there will be no more."""

    def __init__(
        self, reader: FrameReader[T], hear: Callable[[T], None], lost: Callable[[str], None]
    ) -> None:
        self._reader = reader
        self._hear = hear
        self._lost = lost
        self._pipes: Any = None
        self.is_stalled = False
        """The other side does not read: what can be left out should be."""

    def open(self, reactor: Any, read: int, write: int) -> None:
        """Begin on two descriptors."""
        make: Any = StandardIO  # its stub is that of Windows
        self._pipes = make(self, read, write, reactor)

    def send(self, message: Message) -> None:
        """Send a message, if the channel is open."""
        if self._pipes is not None:
            self._pipes.write(encode(message))

    def close(self) -> None:
        """Close when all is sent."""
        if self._pipes is None:
            self._lost("closed")
        else:
            # With a producer it would wait for that to end.
            self._pipes.unregisterProducer()
            self._pipes.loseConnection()

    def connectionMade(self) -> None:
        self.transport.registerProducer(self, True)  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        try:
            messages = self._reader.receive(data)
        except ControlError as error:
            self._pipes.loseConnection()
            self._lost(str(error))
            return
        for message in messages:
            self._hear(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._pipes = None
        self._lost("the master is gone")

    def pauseProducing(self) -> None:
        self.is_stalled = True

    def resumeProducing(self) -> None:
        self.is_stalled = False

    def stopProducing(self) -> None:
        """`connectionLost` follows."""
