"""Exchanges with servers that are right, slow, broken, or in a hurry."""

import os
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.connection import exchange
from mailfilter.client.rspamc.exchange import Unanswered
from mailfilter.client.rspamc.options import Options
from mailfilter.codec.http_client import MAX_ANSWER, HttpRequest

from .wire_case import (
    LARGE,
    PATIENCE,
    SHORT,
    WireCase,
    length,
    read_request,
    saying,
    silent,
    trickling,
)


def descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))


def reset(sock: socket.socket) -> None:
    """End a connection without a proper end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class AnsweredTests(WireCase):
    """There is an answer."""

    def test_request(self) -> None:
        """The octets that were sent, and those that were said."""
        server = self.listen(self.answering(length(b"{}", b"404 No such")))
        answer = self.ask(server)
        self.assertEqual((answer.status, answer.reason, answer.body), (404, "No such", b"{}"))
        self.assertEqual(
            self.requests,
            [
                b"POST /checkv2 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                b"Content-Length: 5\r\nFrom: a@example.org\r\n\r\nhello" % server.port
            ],
        )

    def test_ways(self) -> None:
        """All ways to tell where an answer ends."""
        answers = {
            "pieces": [length(b"hi")[at : at + 1] for at in range(len(length(b"hi")))],
            "chunked": [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n",
                b"hi\r\n0\r\n\r\n",
            ],
            "until the end": [b"HTTP/1.0 200 OK\r\n\r\nh", b"i"],
            "continue": [b"HTTP/1.1 100 Continue\r\n\r\n", length(b"hi")],
            "more behind it": [length(b"hi") + b"\0\r\nHTTP/1.1 500 No\r\n\r\n"],
        }
        for name, pieces in answers.items():
            self.assertEqual(self.ask(self.listen(self.answering(*pieces))).body, b"hi", name)

    def test_nothing_sent(self) -> None:
        """A request without a body."""
        server = self.listen(self.answering(length(b"hi")))
        answer = exchange(server, HttpRequest("GET", "/stat"), Options(timeout=PATIENCE))
        self.assertEqual(answer.body, b"hi")
        self.assertIn(b"Content-Length: 0\r\n\r\n", self.requests[0])

    def test_large(self) -> None:
        """Much in both directions."""
        body = os.urandom(2**16) * (LARGE // 2**16)
        server = self.listen(self.answering(length(body[::-1])))
        self.assertEqual(self.ask(server, body).body, body[::-1])
        self.assertTrue(self.requests[0].endswith(b"\r\n\r\n" + body))

    def test_left_open(self) -> None:
        """Nobody waits for the end of a connection that has said all."""

        def serve(sock: socket.socket, over: Event) -> None:
            read_request(sock)
            sock.sendall(length(b"hi"))
            over.wait(PATIENCE)

        self.assertEqual(self.ask(self.listen(serve)).body, b"hi")

    def test_reset_behind_it(self) -> None:
        """A complete answer counts, however the connection ends."""

        def serve(sock: socket.socket, over: Event) -> None:
            read_request(sock)
            sock.sendall(length(b"hi"))
            reset(sock)

        for _ in range(20):
            self.assertEqual(self.ask(self.listen(serve)).body, b"hi")

    def test_unix(self) -> None:
        """By the path of a socket."""
        server = self.listen_unix(self.answering(length(b"hi")))
        self.assertEqual(self.ask(server).body, b"hi")
        self.assertIn(b"Host: localhost\r\n", self.requests[0])

    def test_side_by_side(self) -> None:
        """Each gets its own answer."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.sendall(length(read_request(sock).partition(b"\r\n\r\n")[2]))

        server = self.listen(serve)
        bodies = [b"%d" % number * 1000 for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: self.ask(server, body), bodies))
        self.assertEqual([answer.body for answer in answers], bodies)


class EarlyTests(WireCase):
    """The answer comes while the message is being sent."""

    def check(self, server: Server) -> None:
        """See that it is read."""
        answer = self.ask(server, bytes(LARGE))
        self.assertEqual((answer.status, answer.body), (413, b"too large"))

    def test_and_ends(self) -> None:
        """The rest is refused by a reset: the message was not read."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.recv(1000)
            sock.sendall(length(b"too large", b"413 Too large"))

        for _ in range(20):
            self.check(self.listen(serve))

    def test_at_once(self) -> None:
        """Before anything is read."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.sendall(length(b"too large", b"413 Too large"))

        for _ in range(20):
            self.check(self.listen(serve))

    def test_and_stays(self) -> None:
        """The rest is never read."""
        self.check(self.listen(saying(length(b"too large", b"413 Too large"))))

    def test_until_the_end(self) -> None:
        """The answer is as long as the connection."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.sendall(b"HTTP/1.0 413 No\r\n\r\ntoo large")
            sock.shutdown(socket.SHUT_WR)
            silent(sock, over)

        self.check(self.listen(serve))

    def test_unix(self) -> None:
        """At a path."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.recv(1000)
            sock.sendall(length(b"too large", b"413 Too large"))

        self.check(self.listen_unix(serve))

    def test_verdict(self) -> None:
        """Nobody has an opinion about a message that it has not seen."""
        said = self.fails(self.listen(saying(length(b"{}"))), bytes(LARGE))
        self.assertEqual(said, "it answered before it had the whole message")


class UnansweredTests(WireCase):
    """There is none."""

    def test_silent(self) -> None:
        """It says nothing."""
        said = self.fails(self.listen(silent), timeout=SHORT)
        self.assertEqual(said, "no answer within 1 s")

    def test_not_reading(self) -> None:
        """It does not even take the message."""
        said = self.fails(self.listen(saying()), bytes(LARGE), timeout=SHORT)
        self.assertEqual(said, "no answer within 1 s; the message was not sent whole")

    def test_trickle(self) -> None:
        """There is always some more."""
        endless = {
            "1 s: [0-9]+ octets of the head of its answer came": (
                b"HTTP/1.1 200 OK\r\nX: ",
                b"x",
            ),
            "1 s: [0-9]+ of 100000 octets of its answer came": (
                b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
                b"x",
            ),
            "1 s: [0-9]+ octets of its answer, and no end of it, came": (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"1\r\nx\r\n",
            ),
        }
        for words, (first, more) in endless.items():
            said = self.fails(self.listen(trickling(first, more)), timeout=SHORT)
            self.assertRegex(said, f"^no whole answer within {words}$")

    def test_garbage(self) -> None:
        """What it speaks is something else, and is not waited for."""
        servers = {
            b"220 mx.example.org ESMTP\r\n": r"it begins with '220 mx\.example\.org ESMTP\\r\\n'$",
            b"\0\xff\x1b[31m\n": r"it begins with '\\x00\\xff\\x1b\[31m\\n'$",
            b"x" * 10000: "it begins with 'x{40}'$",
            b"\x15\x03\x01\0\x02\x02\x16": "it speaks TLS there: use https:// or --tls$",
            b"HTTP/1.1 200 OK\r\nX y\r\n": r"Invalid header token; it begins with 'HTTP/1\.1 200",
        }
        for data, words in servers.items():
            said = self.fails(self.listen(saying(data)))
            self.assertRegex(
                said, f"^its answer is not HTTP/1: .*; {words}" if data[:4] != b"HTTP" else words
            )

    def test_too_much(self) -> None:
        """It is not read."""
        large = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER + 1)
        said = self.fails(self.listen(self.answering(large)))
        self.assertEqual(said, f"its answer is over {MAX_ANSWER} octets")
        server = self.listen(self.answering(length(bytes(11))))
        request, options = HttpRequest("GET", "/"), Options(timeout=PATIENCE)
        self.assertEqual(exchange(server, request, options, 11).body, bytes(11))
        error = self.assertRaises(Unanswered, exchange, server, request, options, 10)
        self.assertEqual(str(error), f"{server}: its answer is over 10 octets")
        said = self.fails(self.listen(trickling(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10000)))
        self.assertEqual(said, "the head of its answer is over 80 KiB")

    def test_half(self) -> None:
        """The connection ends before the answer does."""
        for at in range(len(length(b"hi"))):
            said = self.fails(self.listen(self.answering(length(b"hi")[:at])))
            self.assertRegex(said, "^it ended the connection early: .* came$")

    def test_reset(self) -> None:
        """It ends by an error, which is no end of an answer that has no other."""
        for part in (b"", b"HTTP/1.1 2", b"HTTP/1.0 200 OK\r\n\r\nhi"):

            def serve(sock: socket.socket, over: Event, part: bytes = part) -> None:
                read_request(sock)
                sock.sendall(part)
                reset(sock)

            said = self.fails(self.listen(serve))
            self.assertEqual(said, "the connection broke: Connection reset by peer")

    def test_reset_while_sending(self) -> None:
        """It takes a part of the message, and is gone."""

        def serve(sock: socket.socket, over: Event) -> None:
            sock.recv(1000)
            reset(sock)

        said = self.fails(self.listen(serve), bytes(LARGE))
        self.assertIn("; the message was not sent whole", said)

    def test_nothing_left_open(self) -> None:
        """Whatever happens, no descriptor stays."""
        broken = [
            (self.listen(silent), SHORT),
            (self.listen(self.answering(b"garbage\r\n")), PATIENCE),
            (self.listen(self.answering(b"")), PATIENCE),
        ]
        # Those of the server's side are closed when it sees the end.
        before = descriptors()
        for server, timeout in broken:
            for _ in range(3):
                self.fails(server, timeout=timeout)
        for _ in range(600):
            if descriptors() <= before:
                return
            Event().wait(0.1)
        self.fail(f"{descriptors()} descriptors are open, {before} were")


class ImportTests(WireCase):
    """What it costs to begin."""

    def test_plain(self) -> None:
        """An exchange without TLS loads no OpenSSL, no Twisted, and no configuration."""
        server = self.listen(self.answering(length(b"hi")))
        code = f"""
import sys
from mailfilter.client.rspamc.address import read_server
from mailfilter.client.rspamc.connection import exchange
from mailfilter.client.rspamc.options import Options
from mailfilter.codec.http_client import HttpRequest
server = read_server("localhost:{server.port}", is_control=False, is_tls=False)
answer = exchange(server, HttpRequest("POST", "/", (), b"x"), Options(timeout={PATIENCE}))
assert answer.body == b"hi"
print(*sorted(sys.modules))
"""
        self.check_free_of(code, "OpenSSL", "ssl", "cryptography", "threading", "email", "json")

    def test_tls(self) -> None:
        """TLS needs OpenSSL, and neither Twisted nor the configuration."""
        code = "import sys, mailfilter.client.rspamc.tls_channel\nprint(*sorted(sys.modules))"
        self.check_free_of(code)

    def check_free_of(self, code: str, *more: str) -> None:
        """Run a program that prints what it has loaded."""
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        loaded = run.stdout.split()
        for name in ("twisted", "zope", "asyncio", "mailfilter.config", *more):
            self.assertNotIn(name, loaded)
