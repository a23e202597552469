"""A server on a socket of the loopback interface, and clients that are plain blocking sockets."""

import socket
from collections.abc import Callable
from typing import Any, TypeVar, cast

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mailfilter.servers.limited import LimitedFactory

TIMEOUT = 60.0
"""Seconds until a client that waits for nothing gives up: a failing test, not a limit."""

T = TypeVar("T")


class TcpCase(TestCase):
    """All connections have ended when a test has."""

    def listen(self, factory: LimitedFactory[Any]) -> None:
        """Serve connections on a free port."""
        port = reactor.listenTCP(0, cast(Any, factory), interface="127.0.0.1")
        self.port = cast(IPv4Address, port.getHost()).port
        self.addCleanup(port.stopListening)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.until(lambda: not factory.connections)))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that must come."""
        for _ in range(int(TIMEOUT * 200)):
            if condition():
                return
            await deferLater(reactor, 0.005)
        self.fail("waited for nothing")

    def client(self, dialogue: Callable[[socket.socket], T]) -> Deferred[T]:
        """Run a dialogue with the server in a thread."""

        def run() -> T:
            with socket.create_connection(("127.0.0.1", self.port), TIMEOUT) as client:
                return dialogue(client)

        return deferToThread(run)
