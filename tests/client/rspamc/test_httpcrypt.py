"""Requests sealed for the key of a server, and what it answers: right, or not."""

import os
import socket
from threading import Event
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.exchange import Misused
from mailfilter.client.rspamc.sealing import SealedReader
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.http_client import MAX_HEAD, Answer, AnswerError
from mailfilter.codec.httpcrypt import Keypair, shared_key
from mailfilter.codec.httpcrypt_text import render_toml, render_ucl

from .httpcrypt_case import KEY, KIND, OTHER, PAIR, SealedCase, client_of, opened, pair_file, sealed
from .wire_case import LARGE, SHORT, closed_port, length, read_request, silent

STRANGE = "it does not know that key, or does not speak HTTPCrypt"


class AnsweredTests(SealedCase):
    """There is an answer."""

    def test_request(self) -> None:
        """The octets that can be seen, and those within."""
        server = self.listen(self.sealing(length(b"{}", b"404 No such")))
        answer = self.ask_sealed(server)
        self.assertEqual((answer.status, answer.reason, answer.body), (404, "No such", b"{}"))
        client = encode_base32(self.clients[0])
        head, _, blob = self.requests[0].partition(b"\r\n\r\n")
        self.assertEqual(
            head,
            b"POST /post HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
            b"Content-Length: %d\r\nContent-Type: application/octet-stream\r\nKey: %b=%b"
            % (
                server.port,
                len(blob),
                encode_base32(PAIR.short_id).encode(),
                client.encode(),
            ),
        )
        self.assertEqual(
            self.inside,
            [
                b"POST /checkv2 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                b"Content-Length: 5\r\nFrom: a@example.org\r\n\r\nhello" % server.port
            ],
        )

    def test_new_keys(self) -> None:
        """No two requests have a key in common, unless one is given."""
        server = self.listen(self.sealing(length(b"{}")))
        for _ in range(3):
            self.ask_sealed(server)
        self.assertEqual(len(set(self.clients)), 3)

    def test_keypair(self) -> None:
        """It says who we are; all forms of files are taken."""
        server = self.listen(self.sealing(length(b"{}")))
        for name, render in (("a.toml", render_toml), ("b.conf", render_ucl)):
            pair = Keypair.new()
            path = pair_file(self.mktemp() + name, render(pair))
            for _ in range(2):
                self.ask_sealed(server, keypair=path)
            self.assertEqual(self.clients[-2:], [pair.public] * 2)

    def test_other_spelling(self) -> None:
        """A key as Rspamd takes it, too."""
        server = self.listen(self.sealing(length(b"{}")))
        self.assertTrue(KEY.endswith("y"))
        self.assertEqual(self.ask_sealed(server, key=KEY[:-1]).body, b"{}")

    def test_large(self) -> None:
        """Much in both directions."""
        body = os.urandom(2**16) * (LARGE // 2**16)
        server = self.listen(self.sealing(length(body[::-1])))
        self.assertEqual(self.ask_sealed(server, body=body).body, body[::-1])
        self.assertTrue(self.inside[0].endswith(b"\r\n\r\n" + body))

    def test_unix(self) -> None:
        """At a path."""
        server = self.listen_unix(self.sealing(length(b"hi")))
        self.assertEqual(self.ask_sealed(server).body, b"hi")

    def test_early(self) -> None:
        """A server that refuses before it has heard all, sealed or in clear."""
        is_sealed = True

        def serve(sock: socket.socket, over: Event) -> None:
            request = b""
            while b"\r\n\r\n" not in request:
                request += sock.recv(2**16)
            answer = length(b"", b"413 Too much")
            if is_sealed:
                answer = sealed(shared_key(PAIR, client_of(request)), answer)
            sock.sendall(answer)
            over.wait()

        server = self.listen(serve)
        self.assertEqual(self.ask_sealed(server, body=bytes(LARGE)).status, 413)
        is_sealed = False
        said = self.fails_sealed(server, body=bytes(LARGE))
        self.assertIn("its answer is in clear (413 Too much)", said)
        self.assertIn("the message was not sent whole", said)


class UnansweredTests(SealedCase):
    """There is none that is used."""

    def test_clear(self) -> None:
        """Without encryption there is no answer, whatever it says."""
        for status in (
            b"400 Bad Request",
            b"200 OK",
            b"204 No Content",
            b"500 Internal Server Error",
            b"403 Forbidden",
        ):
            body = b"" if status.startswith(b"204") else b'{"action":"no action","score":0}'
            said = self.fails_sealed(self.listen(self.answering(length(body, status))))
            self.assertEqual(said, f"its answer is in clear ({status.decode()}): {STRANGE}")
        empty = self.listen(self.answering(length(b"", b"400 Bad Request")))
        self.assertIn(f"(400 Bad Request): {STRANGE}", self.fails_sealed(empty))
        odd = self.listen(self.answering(length(b"x", b"599 \x01\xff" + b"y" * 5000)))
        said = self.fails_sealed(odd)
        self.assertIn("(599 ", said)
        self.assertLess(len(said), 300)

    def test_closed(self) -> None:
        """As Rspamd does to who has another key."""
        said = self.fails_sealed(self.listen(self.answering()))
        self.assertEqual(said, f"it ended the connection without an answer; perhaps {STRANGE}")

    def test_other_key(self) -> None:
        """Neither an answer of who has not opened the request, nor one with its own key."""
        plain = length(b"{}")
        for shared in (
            shared_key(OTHER, PAIR.public),
            shared_key(OTHER, OTHER.public),
        ):
            said = self.fails_sealed(self.listen(self.answering(sealed(shared, plain))))
            self.assertEqual(
                said, "its answer cannot be opened: it was sealed with another key, or changed"
            )

    def test_replayed(self) -> None:
        """What was sealed for another request, with a new key for each."""
        said: list[bytes] = []

        def serve(sock: socket.socket, over: Event) -> None:
            said.append(sealed(self.take(sock), length(b"{}")))
            sock.sendall(said[0])

        server = self.listen(serve)
        self.assertEqual(self.ask_sealed(server).body, b"{}")
        self.assertIn("sealed with another key", self.fails_sealed(server))

    def test_returned(self) -> None:
        """Our own request is no answer, though the key fits."""

        def serve(sock: socket.socket, over: Event) -> None:
            blob = read_request(sock).partition(b"\r\n\r\n")[2]
            sock.sendall(length(blob, b"200 OK" + KIND))

        for body in (b"hello", b"HTTP/1.1 200 OK\r\n\r\n{}", b""):
            said = self.fails_sealed(self.listen(serve), body=body)
            self.assertIn("in what it sealed, its answer is not HTTP/1", said)

    def test_changed(self) -> None:
        """No octet of it may be another."""

        def serve(sock: socket.socket, over: Event) -> None:
            blob = bytearray(self.take(sock).seal(length(b"{}")))
            blob[len(self.inside) * 7 % len(blob)] ^= 1
            sock.sendall(length(bytes(blob), b"200 OK" + KIND))

        server = self.listen(serve)
        for _ in range(20):
            self.assertIn("sealed with another key, or changed", self.fails_sealed(server))

    def test_parts(self) -> None:
        """Half of it, with the right length and without."""
        for size in (0, 1, 39, 40, 41, 70):

            def serve(sock: socket.socket, over: Event, size: int = size) -> None:
                blob = self.take(sock).seal(length(b"{}"))
                sock.sendall(length(blob[:size], b"200 OK" + KIND))

            said = self.fails_sealed(self.listen(serve))
            self.assertIn("its answer cannot be opened: ", said)

        def stop(sock: socket.socket, over: Event) -> None:
            answer = sealed(self.take(sock), length(b"{}"))
            sock.sendall(answer[:-1])

        self.assertIn("ended the connection early", self.fails_sealed(self.listen(stop)))

    def test_garbage(self) -> None:
        """What is no HTTP."""
        for octets in (
            b"\0" * 100,
            b"SSH-2.0\r\n\r\n",
            b"\x15\x03\x03\0\2\2\x46",
            b"EX_OK\r\n\r\n",
        ):
            self.assertIn("not HTTP/1", self.fails_sealed(self.listen(self.answering(octets))))

    def test_silent(self) -> None:
        """None within the time."""
        self.assertIn("no answer", self.fails_sealed(self.listen(silent), timeout=SHORT))

    def test_nobody(self) -> None:
        """Nobody listens there."""
        self.assertIn("refused", self.fails_sealed(closed_port()))


class KeyTests(SealedCase):
    """Keys that cannot be used are told before anything is sent."""

    def refuse(self, **options: Any) -> str:
        """What is said; the server hears nothing."""
        server = self.listen(self.answering(length(b"{}")))
        with self.assertRaises(Misused) as caught:
            self.ask_sealed(server, **options)
        self.assertEqual(self.requests, [])
        return str(caught.exception)

    def test_key(self) -> None:
        """No key, and keys that make nothing secret."""
        self.assertEqual(
            self.refuse(key="abc"),
            "--key: it has 2 octets, not 32; expected the public key of the server",
        )
        self.assertIn("not of its alphabet", self.refuse(key=KEY.upper()))
        self.assertIn("not of its alphabet", self.refuse(key=KEY + "\n"))
        for public in (bytes(32), b"\1" + bytes(31)):
            self.assertIn("low order", self.refuse(key=encode_base32(public)))

    def test_keypair(self) -> None:
        """No file, a folder, too much, no keypair, halves of two; the secret is not shown."""
        name = str(self.mktemp())
        self.assertEqual(
            self.refuse(keypair=name), "--keypair: cannot read the file: No such file or directory"
        )
        self.assertIn("cannot read the file", self.refuse(keypair="/"))
        self.assertIn("cannot read the file", self.refuse(keypair="a\0b"))
        secret = encode_base32(PAIR.secret)
        for text, why in (
            ("", "expected"),
            ("#" * 2**20, "expected at most"),
            (f"{secret}\n", "expected"),
            (f'secret = "{secret}"\n', "expected public"),
            (f'public = "{encode_base32(OTHER.public)}"\nsecret = "{secret}"\n', "two halves"),
        ):
            pair_file(name, text)
            said = self.refuse(keypair=name)
            self.assertTrue(said.startswith("--keypair: "), said)
            self.assertIn(why, said)
            self.assertNotIn(secret, said)


class InsideTests(SynchronousTestCase):
    """What is sealed in an answer, read."""

    def setUp(self) -> None:
        """The key of an exchange."""
        self.shared = shared_key(OTHER, PAIR.public)

    def read(self, plain: bytes, max_body: int = 1000, step: int = 2**16) -> Answer:
        """Have it read, so many octets at a time."""
        reader = SealedReader(self.shared, max_body)
        octets = sealed(self.shared, plain)
        for at in range(0, len(octets), step):
            reader.feed(octets[at : at + step])
        self.assertTrue(reader.done)
        return reader.answer

    def refuse(self, plain: bytes, max_body: int = 1000) -> str:
        """Why it is no answer."""
        with self.assertRaises(AnswerError) as caught:
            self.read(plain, max_body)
        return str(caught.exception)

    def test_lines(self) -> None:
        """Lines that end in LF alone, all or some; the body stays as it is."""
        body = b"a\nb\r\n\n\nc"
        for plain in (
            b"HTTP/1.1 200 OK\nA: b\nContent-Length: 8\n\n" + body,
            b"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 8\r\n\n" + body,
            b"HTTP/1.0 200 OK\nA: b\r\nContent-Length: 8\n\r\n" + body,
            b"HTTP/1.1 200 OK\nA: b\n\n" + body,
            b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + body,
            b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n" + body,
        ):
            for step in (1, 7, 2**16):
                answer = self.read(plain, step=step)
                self.assertEqual((answer.body, answer.header("a")), (body, "b"), plain)

    def test_ways(self) -> None:
        """All ways to tell where the outer one ends."""
        plain = length(b"{}", b"200 Fine")
        blob = self.shared.seal(plain)
        for octets in (
            b"HTTP/1.1 500 No\r\n\r\n" + blob,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
            % (len(blob), blob),
            b"HTTP/1.1 100 Continue\r\n\r\n" + sealed(self.shared, plain) + b"more",
        ):
            for step in (1, 2**16):
                reader = SealedReader(self.shared, 1000)
                for at in range(0, len(octets), step):
                    reader.feed(octets[at : at + step])
                if not reader.done:
                    reader.end()
                self.assertEqual(reader.answer.reason, "Fine")

    def test_early(self) -> None:
        """Less than was said."""
        for plain, came in (
            (b"", "no answer came"),
            (b"HTTP/1.1 200 OK\r\nA: b", "21 octets of the head of its answer came"),
            (b"HTTP/1.1 200 OK\nContent-Length: 9\n\nab", "2 of 9 octets of its answer came"),
        ):
            self.assertEqual(
                self.refuse(plain), f"in what it sealed, the answer ends early: {came}"
            )

    def test_none(self) -> None:
        """What is no answer of HTTP/1."""
        for plain in (b"{}", b"GET / HTTP/1.1\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"\0" * 200):
            said = self.refuse(plain)
            self.assertTrue(said.startswith("in what it sealed, "), said)
            self.assertTrue(said.isprintable())

    def test_bounds(self) -> None:
        """A head and a body as large as may be, and larger."""
        self.assertEqual(len(self.read(length(bytes(1000))).body), 1000)
        self.assertIn("over 1000 octets", self.refuse(length(bytes(1001))))
        head = b"HTTP/1.1 200 OK\r\nA: %b\r\nContent-Length: 2\r\n\r\n"
        room = MAX_HEAD - len(head) + 2
        self.assertEqual(self.read(head % (b"a" * room) + b"{}").body, b"{}")
        said = self.refuse(head % (b"a" * (room + 1)) + b"{}")
        self.assertIn("the head of its answer is over 80 KiB", said)
        reader = SealedReader(self.shared, 1000)
        with self.assertRaises(AnswerError):
            reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_HEAD + 1041))

    def test_opened(self) -> None:
        """The helper of these tests opens nothing with another key."""
        request = b"POST /post HTTP/1.1\r\nKey: %b=%b\r\n\r\n" % (
            encode_base32(PAIR.short_id).encode(),
            encode_base32(OTHER.public).encode(),
        )
        self.assertEqual(opened(request + self.shared.seal(b"x"))[0], b"x")
