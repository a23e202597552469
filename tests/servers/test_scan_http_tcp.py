"""The HTTP scan server over sockets of the loopback interface, for what memory cannot show."""

import socket
import struct
from time import sleep

from twisted.internet import reactor
from twisted.internet.task import deferLater

from mailfilter.config.model import Listener
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

from .tcp_case import TcpCase

MAX_MESSAGE = 2**20

PING = b"GET /ping HTTP/1.1\r\n\r\n"
CHECK = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"


def read_to_end(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def read_reply(client: socket.socket) -> bytes:
    """Read one reply by its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


class Connections(TcpCase):
    """Clients are plain blocking sockets in a thread."""

    def setUp(self) -> None:
        self.scanner = FakeScanner(max_message=MAX_MESSAGE)
        self.factory = HttpFactory(
            self.scanner, "http", Listener(protocol="http", endpoint="tcp:0"), reactor
        )
        self.listen(self.factory)

    async def test_body_that_is_too_large(self) -> None:
        """A client that sends all of its body first can read why it was refused."""
        size = 20 * MAX_MESSAGE

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(b"POST /checkv2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // 65536):
                client.sendall(b"x" * 65536)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(
            reply.startswith(b"HTTP/1.1 413 Request entity too large: %d\r\n" % size), reply[:80]
        )
        self.assertEqual([], self.scanner.calls)

    async def test_chunks_that_are_too_large(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(10 * MAX_MESSAGE // 65536):
                client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            client.sendall(b"0\r\n\r\n")
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 413 Request entity too large: "), reply[:80])

    async def test_largest_body(self) -> None:
        body = bytes(range(256)) * (MAX_MESSAGE // 256)

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(b"POST /checkv2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body))
            client.sendall(body)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertTrue(self.scanner.calls[0][1] == body)

    async def test_garbage_without_end(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(b"x" * 10 * MAX_MESSAGE)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 400 HTTP parser error: "), reply[:80])

    async def test_half_close(self) -> None:
        self.scanner.wait = True

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(CHECK)
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        answered = self.client(dialogue)
        await self.until(lambda: self.scanner.waiting == 1)
        await deferLater(reactor, 0.02)
        self.scanner.release()
        reply = await answered
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), reply)
        self.assertEqual(0, self.scanner.cancelled)

    async def test_half_close_within_a_request(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(CHECK[:-1])
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 400 IO read error: unexpected EOF\r\n"))

    async def test_gone_during_a_scan(self) -> None:
        self.scanner.wait = True

        def dialogue(client: socket.socket) -> None:
            client.sendall(CHECK)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            while not self.scanner.waiting:
                sleep(0.005)

        await self.client(dialogue)
        await self.until(lambda: self.scanner.cancelled == 1)
        self.assertEqual(0, self.scanner.waiting)

    async def test_connection_without_octets(self) -> None:
        await self.client(lambda client: None)
        self.assertEqual([], self.scanner.calls)

    async def test_keep_alive(self) -> None:
        def dialogue(client: socket.socket) -> int:
            replies = 0
            for _ in range(200):
                client.sendall(CHECK)
                replies += read_reply(client).startswith(b"HTTP/1.1 200 OK\r\nServer: ")
            return replies

        self.assertEqual(200, await self.client(dialogue))
        self.assertEqual(200, len(self.scanner.calls))

    async def test_pipelined(self) -> None:
        """Many requests at once, and nobody reads before all are sent."""

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(PING * 20000)
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertEqual(20000, reply.count(b"\r\n\r\npong\r\n"))

    async def test_octet_by_octet(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in CHECK:
                client.sendall(bytes((octet,)))
            return read_reply(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"))

    async def test_expect(self) -> None:
        def dialogue(client: socket.socket) -> tuple[bytes, bytes]:
            head = CHECK.replace(b"\r\n\r\nhello", b"\r\nExpect: 100-continue\r\n\r\n")
            client.sendall(head)
            first = client.recv(100)
            client.sendall(b"hello")
            return first, read_reply(client)

        first, reply = await self.client(dialogue)
        self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", first)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"))
