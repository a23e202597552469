"""An MTA's connection to the milter server, in memory and with a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from mailfilter.config.model import Listener
from mailfilter.servers.milter import MilterFactory, MilterProtocol
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.milter_mta import connect, frames, helo, offer

START = [offer(), connect(), helo()]
IDLE = 600.0
LISTENER = Listener(protocol="milter", endpoint="tcp:0", idle_timeout=IDLE)
ACCEPT = ("a", b"")


def skipped(reason: str) -> tuple[str, bytes]:
    """The field of a message that is accepted without a scan."""
    return ("h", b"X-Spam-Skipped\0 %b\0" % reason.encode())


class Mta:
    """One connection to the server, and everything around it."""

    def __init__(self, scanner: FakeScanner | None = None, **settings: Any) -> None:
        self.scanner = scanner or FakeScanner()
        self.clock = Clock()
        self.transport = StringTransport()
        listener = replace(LISTENER, **settings)
        self.factory = MilterFactory(self.scanner, "test", listener, self.clock)
        protocol = self.factory.buildProtocol(None)
        assert isinstance(protocol, MilterProtocol)
        self.protocol = protocol
        self.protocol.makeConnection(self.transport)

    def send(self, *parts: bytes) -> list[tuple[str, bytes]]:
        """Send the parts one by one; the replies."""
        for part in parts:
            if part and not self.transport.disconnecting:
                self.protocol.dataReceived(part)
                self.clock.advance(0)
        return self.replies()

    def replies(self) -> list[tuple[str, bytes]]:
        """The replies since the last look, when all is done that time is not needed for."""
        self.clock.advance(0)
        data = self.transport.value()
        self.transport.clear()
        return frames(data)

    def lose(self) -> None:
        """The connection is gone."""
        self.protocol.connectionLost()

    @property
    def is_closing(self) -> bool:
        """The server has closed the connection."""
        return self.transport.disconnecting


@contextmanager
def logged() -> Iterator[list[str]]:
    """The log lines meanwhile."""
    lines: list[str] = []

    @provider(ILogObserver)
    def note(event: LogEvent) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(note)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(note)
