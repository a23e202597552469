"""Sealed requests over sockets of the loopback interface, for what memory cannot show."""

import socket

from twisted.internet import reactor

from mailfilter.codec.httpcrypt import Keypair
from mailfilter.config.model import Listener
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.keyring import Keyring
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.sealed_case import CHECK, OURS, SHARED, framed, key_line, sealed
from .tcp_case import TcpCase
from .test_scan_http_tcp import read_to_end

SIZE = 4 * 2**20


class SealedTests(TcpCase):
    def setUp(self) -> None:
        self.scanner = FakeScanner(max_message=SIZE)
        listener = Listener(protocol="scan", endpoint="tcp:0", keypairs=("ours",))
        factory = ScanFactory(self.scanner, "scan", listener, reactor)
        factory.keyring = Keyring([OURS])
        self.listen(factory)

    def opened(self, reply: bytes) -> bytes:
        head, _, body = reply.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), reply)
        return SHARED.unseal(body)

    async def test_scan(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.sendall(sealed(CHECK))
            return read_to_end(client)

        reply = self.opened(await self.client(dialogue))
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"))

    async def test_large(self) -> None:
        """The client closes its side first."""

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(sealed(framed(bytes(SIZE), line=b"POST /checkv2 HTTP/1.0")))
            client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

        self.opened(await self.client(dialogue))
        self.assertEqual(self.scanner.calls[0][1], bytes(SIZE))

    async def test_refused_while_it_sends(self) -> None:
        """It can read why, however much was under way."""

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(framed(bytes(SIZE), key_line(Keypair.new())))
            return read_to_end(client)

        reply = await self.client(dialogue)
        self.assertTrue(reply.startswith(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"))
        self.assertTrue(reply.endswith(b"Content-Length: 0\r\nContent-Type: text/plain\r\n\r\n"))

    async def test_too_large_while_it_sends(self) -> None:
        size = SIZE + 20 * 2**20

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(framed(bytes(size), key_line()))
            return read_to_end(client)

        reply = self.opened(await self.client(dialogue))
        self.assertTrue(reply.startswith(b"HTTP/1.1 413 Request entity too large: "))

    async def test_one_request_only(self) -> None:
        """What comes behind it is not answered, and does not reset the connection."""

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(sealed(CHECK) + sealed(CHECK) * 100)
            return read_to_end(client)

        self.opened(await self.client(dialogue))
        self.assertEqual(len(self.scanner.calls), 1)

    async def test_octet_by_octet(self) -> None:
        def dialogue(client: socket.socket) -> bytes:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in sealed(CHECK):
                client.sendall(bytes([octet]))
            return read_to_end(client)

        self.opened(await self.client(dialogue))
