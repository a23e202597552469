"""The line protocols over sockets of the loopback interface, for what memory cannot show."""

import socket
import struct
from pathlib import Path
from time import sleep
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from mailfilter.config.model import Listener
from mailfilter.servers.first_line import ScanFactory
from mailfilter.testing.fake_scanner import FakeScanner

from .spamd_case import CHECK, CHECKED, RSPAMC, VERDICT, request
from .tcp_case import TIMEOUT, TcpCase

MAX_MESSAGE = 2**20


def read_to_end(client: socket.socket) -> bytes:
    """What comes up to a FIN; a reset raises."""
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


class Connections(TcpCase):
    """Clients are plain blocking sockets in a thread."""

    def setUp(self) -> None:
        self.scanner = FakeScanner(VERDICT, max_message=MAX_MESSAGE)
        listener = Listener(protocol="scan", endpoint="tcp:0")
        self.factory = ScanFactory(self.scanner, "scan", listener, reactor)
        self.listen(self.factory)

    async def test_as_spamc_does(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(CHECK)
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        self.assertEqual(await self.client(dialogue), CHECKED)

    async def test_as_exim_does(self) -> None:
        """It does not half-close, and reads to the end."""

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(request(b"CHECK RSPAMC/1.3"))
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"RSPAMD/1.3 0 EX_OK\r\n"))

    async def test_surplus_does_not_reset(self) -> None:
        """Octets that come too late to be read do not take the answer with them."""

        def dialogue(client: socket.socket) -> bytes:
            # Of SPAMC they would be an error, if they come together with the message.
            client.sendall(request(b"CHECK RSPAMC/1.3"))
            for _ in range(100):
                client.sendall(b"x" * 65536)
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        self.assertEqual(await self.client(dialogue), RSPAMC)

    async def test_refused_while_sending(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(b"CHECK SPAMC/1.5\r\nno colon\r\n")
            for _ in range(100):
                client.sendall(b"x" * 65536)
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"SPAMD/1.0 76 Bad header line: "), reply[:80])

    async def test_too_large(self) -> None:
        """All of it is read, and a verdict given by the policy."""
        body = b"A: 1\n\n".ljust(5 * MAX_MESSAGE, b"x")

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(request(b"CHECK RSPAMC/1.3", body))
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertIn(b"\r\nAction: no action\r\n", reply)
        ((_, given),) = self.scanner.unscanned_calls
        self.assertEqual((given.reason, given.size, given.head), ("size", len(body), b"A: 1\n"))

    async def test_large_message_given_back(self) -> None:
        body = b"A: 1\n\n".ljust(MAX_MESSAGE, b"x")

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(request(b"PROCESS SPAMC/1.5", body))
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        reply = await self.client(dialogue)
        message = b"A: 1\nX-A: v\nX-Spam: Yes\n" + body[5:]
        self.assertEqual(reply.partition(b"\r\n\r\n")[2], message)

    async def test_gone_during_a_scan(self) -> None:
        self.scanner.wait = True

        def dialogue(client: socket.socket) -> None:
            client.sendall(CHECK)
            while not self.scanner.waiting:
                sleep(0.01)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        await self.client(dialogue)
        await self.until(lambda: self.scanner.cancelled == 1)

    async def test_unix_socket(self) -> None:
        path = self.mktemp()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        port = cast(Any, reactor).listenUNIX(path, cast(Any, self.factory))
        self.addCleanup(port.stopListening)

        def run() -> bytes:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(TIMEOUT)
                client.connect(path)
                client.sendall(CHECK)
                client.shutdown(socket.SHUT_WR)
                return read_to_end(client)

        self.assertEqual(await deferToThread(run), CHECKED)

    async def test_many_at_once(self) -> None:
        def lines(client: socket.socket) -> bytes:
            client.sendall(CHECK)
            return read_to_end(client)

        def http(client: socket.socket) -> bytes:
            client.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
            return read_to_end(client)

        dialogues = [lines if at % 2 else http for at in range(100)]
        replies = await gatherResults([self.client(one) for one in dialogues])
        for at, reply in enumerate(replies):
            self.assertEqual(reply == CHECKED, at % 2 == 1)
            self.assertTrue(at % 2 or reply.endswith(b"pong\r\n"))
