"""How connections end: a client that reads is waited for, one that does not is cut off."""

import socket
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.task import Clock, deferLater
from twisted.internet.threads import deferToThread

from mailfilter.config.model import Listener
from mailfilter.servers.closing import DRIP, LINGER_SECONDS, MAX_LINGER
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.stream import Stream, unsent
from mailfilter.testing.fake_scanner import FakeScanner

from .spamd_case import CHECK, VERDICT, Case, Transport, request
from .tcp_case import TIMEOUT, TcpCase

LARGE = b"A: 1\n\n".ljust(20 * 2**20, b"x")


class SlowTransport(Transport):
    """A transport that has octets left which the test takes away."""

    dataBuffer = b""
    offset = 0


class LingerTests(Case):
    def answered(self, left: int) -> SlowTransport:
        protocol = cast(Any, self.factory.buildProtocol(None))
        transport = SlowTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(CHECK)
        transport.dataBuffer = bytes(left)
        self.protocol = protocol
        return transport

    def test_one_that_reads(self) -> None:
        """However slowly: from its last octet on it has the usual time to close."""
        transport = self.answered(100)
        for _ in range(50):
            self.clock.advance(LINGER_SECONDS)
            transport.offset += 2
            self.assertFalse(transport.aborted)
        self.assertFalse(self.protocol.is_idle)
        self.protocol.writeConnectionLost()
        self.clock.advance(LINGER_SECONDS)
        self.assertFalse(transport.aborted)
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(transport.aborted)

    def test_one_that_does_not(self) -> None:
        transport = self.answered(100)
        self.clock.pump([LINGER_SECONDS] * 2)
        self.assertTrue(transport.aborted)

    def test_one_that_reads_for_ever(self) -> None:
        transport = self.answered(2**20)
        for _ in range(int(MAX_LINGER / LINGER_SECONDS)):
            self.assertFalse(transport.aborted)
            transport.offset += 1
            self.clock.advance(LINGER_SECONDS)
        self.assertTrue(transport.aborted)

    def test_one_that_sends_on(self) -> None:
        """As long as it is more than a drip: it may be what it reads only afterwards."""
        transport = self.answered(0)
        for _ in range(10):
            self.protocol.dataReceived(bytes(DRIP))
            self.clock.advance(LINGER_SECONDS)
            self.assertFalse(transport.aborted)
        self.protocol.dataReceived(bytes(DRIP - 1))
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(transport.aborted)

    def test_from_the_fin(self) -> None:
        transport = self.answered(0)
        self.clock.advance(LINGER_SECONDS - 1)
        self.protocol.writeConnectionLost()
        self.clock.advance(LINGER_SECONDS - 1)
        self.assertFalse(transport.aborted)
        self.clock.advance(1)
        self.assertTrue(transport.aborted)

    def test_stop(self) -> None:
        """Who has everything is not waited for, who still reads is."""
        transport = self.answered(10)
        self.factory.close_idle()
        self.assertFalse(transport.disconnecting)
        transport.offset = 10
        self.protocol.writeConnectionLost()
        self.assertTrue(self.protocol.is_idle)
        self.factory.close_idle()
        self.assertTrue(transport.disconnecting)
        self.assertFalse(transport.aborted)


class SocketTests(TcpCase):
    """Over sockets, since what the system holds back shows nowhere else."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.factory = ScanFactory(
            FakeScanner(VERDICT), "scan", Listener(protocol="scan", endpoint="tcp:0"), self.clock
        )
        self.listen(self.factory)

    def connected(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        self.addCleanup(client.close)
        return client

    async def ask(self) -> socket.socket:
        """Ask for a large reply; it has begun to come."""
        client = self.connected()
        await deferToThread(client.sendall, request(b"PROCESS SPAMC/1.5", LARGE))
        await deferToThread(client.recv, 1)
        return client

    async def test_a_large_reply_read_slowly(self) -> None:
        """It takes many times what a client may pause, and comes to its end without a reset."""
        client = await self.ask()
        (connection,) = self.factory.connections
        stream = cast(Stream, connection.transport)

        def read(most: int) -> int:
            received = 0
            while received < most and (piece := client.recv(most - received)):
                received += len(piece)
            return received

        received = pauses = 0
        while (before := unsent(stream)) != (0, 0):
            received += await deferToThread(read, 2**20)
            await self.until(lambda before=before: unsent(stream) != before)  # type: ignore[misc]
            self.clock.advance(LINGER_SECONDS)
            pauses += 1
        received += await deferToThread(read, 2 * len(LARGE))
        self.assertGreater(received, len(LARGE))
        self.assertGreater(pauses, 2)

    async def test_one_that_reads_nothing(self) -> None:
        await self.ask()
        for _ in range(int(MAX_LINGER / LINGER_SECONDS) - 1):
            if not self.factory.connections:
                return
            self.clock.advance(LINGER_SECONDS)
            await deferLater(reactor, 0.01)
        self.fail("still waiting")

    async def test_stop(self) -> None:
        """A client that has its reply and does not close holds up nobody."""
        client = self.connected()
        await deferToThread(client.sendall, CHECK)
        while await deferToThread(client.recv, 65536):
            pass
        (connection,) = self.factory.connections
        await self.until(lambda: connection.is_idle)
        self.factory.close_idle()
        await self.until(lambda: not self.factory.connections)
