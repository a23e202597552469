"""Hostile requests: status, closing behaviour and log line of each (bad-input.md 19 and 22).

The codec's own table is taken through the server, too: each of its inputs, whole and octet by
octet, with other requests behind it.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from backports import zstd

from mailfilter.codec.http_head import MAX_HEADERS
from mailfilter.servers.closing import LINGER_SECONDS
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.test_http1 import BAD
from .http_case import PING, VERDICT, Case
from .test_http_body import FORM, METADATA, form, part, request

MAX_BODY = 1000
"""That of the codec's table."""

MESSAGE = b"Subject: hi\r\n\r\nbody\r\n"
PACKED = zstd.compress(MESSAGE)
BOMB = zstd.compress(bytes(2**24))
OPEN = b"POST /checkv2 HTTP/1.1\r\n"
CHUNKED = OPEN + b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"POST /checkv2 HTTP/1.1\r\nQueue-Id: smuggled\r\nContent-Length: 2\r\n\r\nhi"


class Row(NamedTuple):
    data: bytes
    status: int
    text: str


def v3(body: bytes, kind: str = FORM) -> bytes:
    return request(body, f"Content-Type: {kind}", path="/checkv3")


# Refused, and the end of the connection.
CLOSED: dict[str, Row] = {
    "gzip": Row(request(MESSAGE, "Content-Encoding: gzip"), 415, "Invalid compression method"),
    "zstd within gzip": Row(
        request(PACKED, "Content-Encoding: zstd, gzip"), 415, "Invalid compression method"
    ),
    "bomb": Row(request(BOMB, "Compression: zstd"), 413, "Request entity too large: 1001"),
    "bomb in chunks": Row(
        OPEN
        + b"Content-Encoding: zstd\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BOMB), BOMB),
        413,
        "Request entity too large: 1001",
    ),
    "bomb in a bomb": Row(
        request(zstd.compress(BOMB), "Compression: zstd", "Content-Encoding: zstd, zstd"),
        415,
        "Invalid compression method",
    ),
    "bomb in a form": Row(
        v3(form(METADATA, part("message", BOMB, "Content-Encoding: zstd"))),
        413,
        "Request entity too large: 1001",
    ),
    "no zstd": Row(
        request(MESSAGE, "Compression: zstd"),
        400,
        "Decompression error: Unknown frame descriptor",
    ),
    "cut zstd": Row(
        request(PACKED[:-1], "Compression: zstd"), 400, "Decompression error: unexpected end"
    ),
    "two frames": Row(
        request(PACKED * 2, "Compression: zstd"), 400, "Decompression error: data behind the end"
    ),
    "request behind a frame": Row(
        request(PACKED + SMUGGLED, "Compression: zstd"),
        400,
        "Decompression error: data behind the end",
    ),
    "unknown dictionary": Row(
        request(PACKED, "Compression: zstd", "Dictionary: 1"),
        400,
        "Unknown dictionary, undefined locally",
    ),
    "dictionary that is no number": Row(
        request(PACKED, "Compression: zstd", "Dictionary: 1e9"),
        400,
        "Non numeric dictionary",
    ),
    "line end in the query": Row(
        request(MESSAGE, path="/checkv2?from=a%0d%0aX:y"),
        400,
        "Control character in a query argument",
    ),
    "many query arguments": Row(
        request(MESSAGE, path="/checkv2?" + "a&" * MAX_HEADERS), 400, "Too many query arguments"
    ),
    "expects too much": Row(
        OPEN + b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
        413,
        "Request entity too large: 1001",
    ),
    "expects to send gzip": Row(
        OPEN + b"Expect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n",
        415,
        "Invalid compression method",
    ),
    "lines": Row(
        b"CHECK SPAMC/1.5\r\nContent-length: 2\r\n\r\nhi",
        400,
        "HTTP parser error: Invalid method encountered",
    ),
    "lines that begin like a method": Row(
        b"REPORT SPAMC/1.5\r\nContent-length: 2\r\n\r\nhi",
        400,
        "HTTP parser error: Unexpected char in url schema",
    ),
    "lines of Exim": Row(
        b"CHECK RSPAMC/1.3\r\nQueue-Id: a\r\n\r\nhi",
        400,
        "HTTP parser error: Invalid method encountered",
    ),
    "form without a type": Row(
        request(form(METADATA), path="/checkv3"),
        400,
        "missing Content-Type header for v3 request",
    ),
    "form without a boundary": Row(
        v3(form(METADATA), "multipart/form-data"),
        400,
        "cannot extract boundary from Content-Type",
    ),
    "form with LF": Row(
        v3(form(METADATA).replace(b"\r\n", b"\n")),
        400,
        "cannot parse multipart/form-data body: invalid boundary line",
    ),
    "form of many parts": Row(
        v3(form(METADATA, *[part("message", b"")] * 100)),
        400,
        "v3 request must contain at most 2 parts (metadata + message), got 3",
    ),
    "form with a large head": Row(
        v3(form(part("metadata", b"{}", "A: " + "b" * 9000))),
        400,
        "cannot parse multipart/form-data body: part headers too large",
    ),
    "form without end": Row(
        v3(METADATA), 400, "cannot parse multipart/form-data body: unexpected end"
    ),
    "form without metadata": Row(
        v3(form(part("message", MESSAGE))), 400, "missing 'metadata' part in v3 request"
    ),
}

# Refused, but it is known where the next request begins.
KEPT: dict[str, Row] = {
    "unknown path": Row(request(MESSAGE, path="/nope"), 404, "invalid command"),
    "file": Row(
        request(b"", "File: /etc/passwd"),
        400,
        "file and shm message sources are not allowed on this connection",
    ),
    "form without a message": Row(v3(form(METADATA)), 400, "missing 'message' part in v3 request"),
}

# Nothing is wrong with it.
SERVED: dict[str, bytes] = {
    "upgrade to HTTP/2": OPEN
    + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"
    b"Content-Length: 2\r\n\r\nhi",
    "upgrade to a web socket": b"GET /checkv2 HTTP/1.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: AA==\r\n\r\n",
    "other expectation": OPEN + b"Expect: a-miracle\r\nContent-Length: 2\r\n\r\nhi",
    "gzip that is accepted": request(MESSAGE, "Accept-Encoding: gzip, br"),
    "dictionary without compression": request(MESSAGE, "Dictionary: x"),
}


def whole_and_octets(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    if len(data) < 3000:
        yield [data[at : at + 1] for at in range(len(data))]


class Hostile(Case):
    def setUp(self) -> None:
        super().setUp()
        self.gone()
        self.serve(FakeScanner(VERDICT, max_message=MAX_BODY))
        self.gone()

    def begin(self) -> None:
        """Another client comes."""
        self.events.clear()
        self.scanner.calls.clear()
        self.connect()

    def send(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.protocol.dataReceived(piece)
        self.clock.advance(0)

    def check_refused(self, name: str, status: int, text: str | None, closes: bool) -> None:
        """There is one reply, an honest one, and one line in the log that tells of it."""
        reply = self.transport.value()
        self.assertEqual(1, reply.count(b"HTTP/1.1 "), (name, reply))
        head, _, body = reply.partition(b"\r\n\r\n")
        error = json.loads(body)["error"]
        self.assertEqual(["error"], list(json.loads(body)), name)
        self.assertTrue(head.startswith(f"HTTP/1.1 {status} {error}\r\n".encode()), (name, head))
        self.assertEqual(closes, b"\r\nConnection: close\r\n" in head, name)
        if text is not None:
            self.assertEqual(text, error, name)
        self.assertEqual([f"http: '192.168.1.1': refused: {status} {error!r}"], self.lines(), name)
        self.assertEqual([], self.scanner.calls, name)

    def check_closed(self, name: str) -> None:
        """Whatever comes now is dropped, and the connection ends when the client has read it."""
        before = self.transport.value()
        self.send([SMUGGLED, PING])
        self.protocol.readConnectionLost()
        self.clock.advance(0)
        self.assertTrue(self.transport.disconnecting, name)
        self.assertEqual(before, self.transport.value(), name)
        self.assertEqual([], self.scanner.calls, name)
        self.assertEqual(1, len(self.events), name)
        self.gone()

    def test_codec_table(self) -> None:
        for name, (data, status) in BAD.items():
            if name == "TLS":
                continue
            for pieces in whole_and_octets(data):
                self.begin()
                self.send(pieces)
                self.check_refused(name, status, None, closes=True)
                self.check_closed(name)

    def test_closed(self) -> None:
        for name, (data, status, text) in CLOSED.items():
            for pieces in whole_and_octets(data):
                self.begin()
                self.send(pieces)
                self.check_refused(name, status, text, closes=True)
                self.check_closed(name)

    def test_request_in_the_same_write(self) -> None:
        rows = [(name, data) for name, (data, _) in BAD.items() if name != "TLS"]
        rows += [(name, row.data) for name, row in CLOSED.items()]
        for name, data in rows:
            self.begin()
            self.send([data + SMUGGLED + PING])
            self.assertEqual(1, self.transport.value().count(b"HTTP/1.1 "), name)
            self.assertEqual(1, len(self.events), name)
            self.check_closed(name)

    def test_clients_that_never_close(self) -> None:
        for name, (data, status, _) in CLOSED.items():
            self.begin()
            self.send([data])
            for _ in range(3):
                self.clock.advance(LINGER_SECONDS / 3)
                self.send([b"x" * 100])
            self.assertTrue(self.transport.disconnecting, (name, status))
            self.assertEqual(1, len(self.events), name)
            self.gone()
            self.assertEqual([], self.clock.getDelayedCalls(), name)

    def test_kept(self) -> None:
        for name, (data, status, text) in KEPT.items():
            for pieces in whole_and_octets(data):
                self.begin()
                self.send(pieces)
                self.check_refused(name, status, text, closes=False)
                self.assertTrue(self.ask(PING).endswith(b"\r\n\r\npong\r\n"), name)
                self.assertFalse(self.transport.disconnecting)
                self.gone()

    def test_served(self) -> None:
        for name, data in SERVED.items():
            for pieces in whole_and_octets(data):
                self.begin()
                self.send(pieces)
                reply = self.transport.value()
                self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"), (name, reply))
                self.assertEqual(1, len(self.scanner.calls), name)
                self.assertEqual([], self.lines(), name)
                self.assertTrue(self.ask(PING).endswith(b"\r\n\r\npong\r\n"), name)
                self.gone()

    def test_early_close(self) -> None:
        """In the middle of a request: answered if the client still reads, and not scanned."""
        rows = {
            "head": OPEN,
            "length": OPEN + b"Content-Length: 5\r\n\r\nhell",
            "chunk": CHUNKED + b"5\r\nhell",
            "between chunks": CHUNKED + b"5\r\nhello\r\n",
            "last chunk": CHUNKED + b"0\r\n",
            "frame": request(PACKED, "Compression: zstd")[:-1],
            "form": v3(form(METADATA, part("message", MESSAGE)))[:-1],
        }
        for name, data in rows.items():
            self.begin()
            self.send([data])
            self.protocol.readConnectionLost()
            self.clock.advance(0)
            self.check_refused(name, 400, "IO read error: unexpected EOF", closes=True)
            self.assertTrue(self.transport.disconnecting)
            self.gone()
            self.begin()
            self.send([data])
            self.gone()
            self.assertEqual(b"", self.transport.value(), name)
            self.assertEqual([], self.lines() + self.scanner.calls, name)
            self.assertEqual([], self.clock.getDelayedCalls(), name)

    def test_slow(self) -> None:
        """An octet now and then does not keep a request alive for ever."""
        rows = {
            "head": (OPEN, b"A"),
            "length": (OPEN + b"Content-Length: 999\r\n\r\n", b"x"),
            "chunk": (CHUNKED + b"3e7\r\n", b"x"),
            "trailer": (CHUNKED + b"0\r\n", b"x"),
            "frame": (
                OPEN + b"Compression: zstd\r\nContent-Length: 999\r\n\r\n" + PACKED[:4],
                b"",
            ),
            "form": (v3(form(METADATA, part("message", bytes(999))))[:-900], b"\0"),
        }
        for name, (data, octet) in rows.items():
            self.begin()
            self.send([data])
            step = self.factory.listener.request_timeout / 100
            for _ in range(99):
                self.clock.advance(step)
                self.assertEqual(b"", self.transport.value(), name)
                if octet:
                    self.send([octet])
            self.clock.advance(2 * step)
            self.check_refused(name, 408, "IO timeout", closes=True)
            # Its octets may still be on their way, and would reset the connection.
            self.assertFalse(self.transport.disconnecting, name)
            self.check_closed(name)

    def test_nothing_is_echoed(self) -> None:
        """What a client sends is not found in a reply or log line, or only escaped."""
        for data in (
            b"GET /\x1b[31mX HTTP/1.1\r\n\r\n",
            b"GET /evil HTTP/1.1\r\nevil\r\n\r\n",
            b"EVIL / HTTP/1.1\r\n\r\n",
            request(MESSAGE, "Compression: evil"),
            request(MESSAGE, "Compression: zstd", "Dictionary: evil"),
            request(MESSAGE, path="/evil?a=%0aevil"),
            v3(form(part("evil", b""))),
            v3(form(METADATA), "evil; boundary=evil"),
        ):
            self.begin()
            self.send([data])
            text = self.transport.value() + "".join(self.lines()).encode()
            self.assertNotIn(b"evil", text.lower(), data)
            self.assertIsNone(re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\xff]", text), data)
            self.assertEqual(1, len(self.events))
            self.gone()
