"""Requests over the HTTP/1.x codec: byte tables, every input cut at every place."""

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import (
    MAX_HELD,
    Event,
    ProtocolError,
    RequestCodec,
    RequestComplete,
    RequestHead,
)
from mailfilter.codec.http_chunked import MAX_TRAILER
from mailfilter.codec.http_head import MAX_HEAD, MAX_HEADERS
from mailfilter.codec.http_query import MAX_ARGUMENTS

from .http1_case import plain

MAX_BODY = 1000


def read(pieces: Iterable[bytes], max_body: int = MAX_BODY) -> tuple[list[Event], RequestCodec]:
    """All events of a connection whose requests are answered as soon as they are complete."""
    codec = RequestCodec(plain(max_body))
    events: list[Event] = []
    for piece in pieces:
        new = codec.receive(piece)
        while new:
            events += new
            new = codec.next_request() if codec.answering else []
    return events, codec


def requests(events: Iterable[Event]) -> list[RequestComplete]:
    return [event for event in events if isinstance(event, RequestComplete)]


def octets(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


# name: (input, method, path, arguments, body, keep alive)
GOOD: dict[str, tuple[bytes, bytes, bytes, list[tuple[bytes, bytes]], bytes, bool]] = {
    "1.0 without host": (b"GET /ping HTTP/1.0\r\n\r\n", b"GET", b"/ping", [], b"", False),
    "1.0 never keeps alive": (
        b"POST /checkv2 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
        b"POST",
        b"/checkv2",
        [],
        b"hi",
        False,
    ),
    "length": (
        b"POST /checkV2?a=b&c HTTP/1.1\r\nHost: h\r\ncontent-length: 0000005\r\n\r\na\r\nb\n",
        b"POST",
        b"/checkV2",
        [(b"a", b"b"), (b"c", b"")],
        b"a\r\nb\n",
        True,
    ),
    "close": (
        b"GET / HTTP/1.1\r\nConnection: foo, Close\r\n\r\n",
        b"GET",
        b"/",
        [],
        b"",
        False,
    ),
    "close, and another field": (
        b"GET / HTTP/1.1\r\nConnection: close\r\nConnection: foo\r\n\r\n",
        b"GET",
        b"/",
        [],
        b"",
        False,
    ),
    "empty body": (
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"POST",
        b"/",
        [],
        b"",
        True,
    ),
    "chunked": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n",
        b"POST",
        b"/",
        [],
        b"abc0123456789",
        True,
    ),
    "chunked with trailer": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\nA: b\r\nC:\r\n\r\n",
        b"POST",
        b"/",
        [],
        b"\n",
        True,
    ),
    "chunked and empty": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST",
        b"/",
        [],
        b"",
        True,
    ),
    "empty line before": (b"\r\nGET /x HTTP/1.1\r\n\r\n", b"GET", b"/x", [], b"", True),
    "upgrade ignored": (
        b"GET /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET",
        b"/x",
        [],
        b"",
        True,
    ),
    "upgrade with a body ignored": (
        b"POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nz",
        b"POST",
        b"/x",
        [],
        b"z",
        True,
    ),
    "fragment dropped": (
        b"GET /x?y#z HTTP/1.1\r\n\r\n",
        b"GET",
        b"/x",
        [(b"y", b"")],
        b"",
        True,
    ),
}

CL_TE = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"
TE_CL = b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

BAD: dict[str, tuple[bytes, int]] = {
    "length and encoding": (b"POST / HTTP/1.1\r\n" + CL_TE + b"\r\n0\r\n\r\n", 400),
    "encoding and length": (b"POST / HTTP/1.1\r\n" + TE_CL + b"\r\n0\r\n\r\n", 400),
    "line end in an argument": (b"POST /a?helo=a%0d%0aRcpt:b HTTP/1.1\r\n\r\n", 400),
    "too many arguments": (b"POST /a?" + b"a&" * MAX_ARGUMENTS + b" HTTP/1.1\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
    "list of lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na", 400),
    "negative length": (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\na", 400),
    "signed length": (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", 400),
    "empty length": (b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\na", 400),
    "huge length": (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\na", 400),
    "length of too many digits": (
        b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 20 + b"1\r\n\r\na",
        400,
    ),
    "length of more digits than are converted": (
        b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 5000 + b"1\r\n\r\na",
        400,
    ),
    "gzip and chunked, apart": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "nothing and chunked, apart": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunked, identity": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400),
    "identity, chunked": (b"POST / HTTP/1.1\r\nTransfer-Encoding: identity, chunked\r\n\r\n", 400),
    "gzip": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    "gzip, chunked": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
    "xchunked": (b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
    "two encodings": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunked in 1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunk size overflow": (CHUNKED + b"fffffffffffffffff\r\n", 400),
    "chunk extension": (CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", 400),
    "chunk size negative": (CHUNKED + b"-3\r\nabc\r\n", 400),
    "chunk size with prefix": (CHUNKED + b"0x3\r\nabc\r\n", 400),
    "chunk size with underscore": (CHUNKED + b"1_0\r\n", 400),
    "chunk size with blank": (CHUNKED + b"3 \r\nabc\r\n", 400),
    "chunk size empty": (CHUNKED + b"\r\n", 400),
    "chunks ended by LF": (CHUNKED + b"3\nabc\n0\n\n", 400),
    "chunk size ended by LF": (CHUNKED + b"3\nabc\r\n0\r\n\r\n", 400),
    "last chunk size ended by LF": (CHUNKED + b"3\r\nabc\r\n0\n\r\n", 400),
    "body ended by LF": (CHUNKED + b"3\r\nabc\r\n0\r\n\n", 400),
    "chunk longer than its size": (CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", 400),
    "chunk ended by LF": (CHUNKED + b"3\r\nabc\n0\r\n\r\n", 400),
    "trailer ended by LF": (CHUNKED + b"0\r\na: b\n\r\n", 400),
    "trailer without colon": (CHUNKED + b"0\r\nab\r\n\r\n", 400),
    "trailer with CR": (CHUNKED + b"0\r\na: b\rc\r\n\r\n", 400),
    "trailer with NUL": (CHUNKED + b"0\r\na: \0\r\n\r\n", 400),
    "trailer with a folded line": (CHUNKED + b"0\r\na: b\r\n c\r\n\r\n", 400),
    "length in the trailer": (CHUNKED + b"0\r\ncontent-length: 3\r\n\r\n", 400),
    "encoding in the trailer": (CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "long trailer": (CHUNKED + b"0\r\na: " + b"b" * MAX_TRAILER + b"\r\n\r\n", 400),
    "many trailers": (CHUNKED + b"0\r\n" + b"a: b\r\n" * MAX_TRAILER + b"\r\n", 400),
    "obs-fold": (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    "bare LF": (b"GET / HTTP/1.1\nA: b\n\n", 400),
    "bare LF in the headers": (b"GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n", 400),
    "bare CR": (b"GET / HTTP/1.1\r\nA: b\rB: c\r\n\r\n", 400),
    "NUL": (b"GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400),
    "blank before the colon": (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nA\r\n\r\n", 400),
    "no name": (b"GET / HTTP/1.1\r\n: b\r\n\r\n", 400),
    "absolute form": (b"GET http://h/ping HTTP/1.1\r\n\r\n", 400),
    "authority form": (b"CONNECT h:1 HTTP/1.1\r\n\r\n", 400),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n\r\n", 400),
    "8 bit target": (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
    "blank in the target": (b"GET /a b HTTP/1.1\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 505),
    "0.9": (b"GET / HTTP/0.9\r\n\r\n", 505),
    "2.0": (b"GET / HTTP/2.0\r\n\r\n", 505),
    "preface of 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "unknown version": (b"GET / HTTP/1.9\r\n\r\n", 400),
    "unknown method": (b"FOO / HTTP/1.1\r\n\r\n", 400),
    "a response": (b"HTTP/1.1 200 OK\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "many empty lines": (b"\r\n" * 5 + b"GET / HTTP/1.1\r\n\r\n", 400),
    "large header": (b"GET / HTTP/1.1\r\nA: " + b"b" * MAX_HEAD + b"\r\n\r\n", 431),
    "large header without end": (b"GET / HTTP/1.1\r\nA: " + b"b" * MAX_HEAD, 431),
    "large target": (b"GET /" + b"b" * MAX_HEAD, 431),
    "10,000 headers": (b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 10000 + b"\r\n", 431),
    "length over the limit": (b"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413),
    "chunks over the limit": (CHUNKED + b"3e8\r\n" + b"a" * 1000 + b"\r\n1\r\n", 413),
    "large chunk": (CHUNKED + b"ffffffffffffffff\r\n", 413),
}


class GoodRequests(SynchronousTestCase):
    def test_cut_anywhere(self) -> None:
        for name, (data, method, path, arguments, body, keep_alive) in GOOD.items():
            whole, _ = read([data])
            self.assertEqual([RequestHead, RequestComplete], [type(event) for event in whole], name)
            request = requests(whole)[0]
            head = request.head
            self.assertEqual(
                (method, path, arguments, body, keep_alive),
                (head.method, head.path, head.arguments, request.body, head.keep_alive),
                name,
            )
            self.assertIs(whole[0], head, name)
            for at in range(1, len(data)):
                self.assertEqual(whole, read([data[:at], data[at:]])[0], (name, at))
            self.assertEqual(whole, read(octets(data))[0], name)

    def test_headers(self) -> None:
        data = (
            b"GET / HTTP/1.1\r\nRcpt: a@b\r\nRCPT:c@d \t\r\nEmpty:\r\n"
            b"Helo: \xff caf\xc3\xa9\r\n\r\n"
        )
        head = requests(read([data])[0])[0].head
        self.assertEqual(
            [
                (b"rcpt", b"a@b"),
                (b"rcpt", b"c@d"),
                (b"empty", b""),
                (b"helo", b"\xff caf\xc3\xa9"),
            ],
            head.headers,
        )

    def test_expect(self) -> None:
        for line, length, version, expected in (
            (b"Expect: 100-continue", 3, b"1.1", True),
            (b"Expect: 100-Continue", 3, b"1.1", True),
            (b"Expect: 100-continue", 0, b"1.1", False),
            (b"Expect: 100-continue", 3, b"1.0", False),
            (b"Expect: tea", 3, b"1.1", False),
            (b"X: y", 3, b"1.1", False),
        ):
            data = b"POST / HTTP/%b\r\n%b\r\nContent-Length: %d\r\n\r\n" % (version, line, length)
            event = RequestCodec(plain(MAX_BODY)).receive(data)[0]
            assert isinstance(event, RequestHead)
            self.assertIs(expected, event.expects_continue, line)

    def test_expect_too_much(self) -> None:
        data = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n"
        self.assertEqual(
            [ProtocolError(413, "Request entity too large: 1001")],
            RequestCodec(plain(MAX_BODY)).receive(data),
        )

    def test_body_of_the_largest_size(self) -> None:
        body = bytes(range(250)) * 4
        for data in (
            b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + body,
            CHUNKED + b"1F4\r\n" + body[:500] + b"\r\n1f4\r\n" + body[500:] + b"\r\n0\r\n\r\n",
        ):
            for pieces in ([data], octets(data)):
                self.assertEqual(body, requests(read(pieces)[0])[0].body)

    def test_largest_head(self) -> None:
        """With as many empty lines before it as are forgiven."""
        start = b"GET / HTTP/1.1\r\nA: "
        data = start.ljust(MAX_HEAD - 4, b"b") + b"\r\n\r\n"
        for pieces in ([b"\r\n" * 4 + data], [b"\r\n", b"\r\n" * 3, data[:99], data[99:]]):
            self.assertEqual(1, len(requests(read(pieces)[0])))

    def test_most_headers(self) -> None:
        data = b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * MAX_HEADERS + b"\r\n"
        self.assertEqual(MAX_HEADERS, len(requests(read([data])[0])[0].head.headers))


class BadRequests(SynchronousTestCase):
    def test_refused(self) -> None:
        for name, (data, status) in BAD.items():
            pieces = [data], octets(data), [data[:40], data[40:]]
            for events, codec in map(read, pieces):
                error = events[-1]
                assert isinstance(error, ProtocolError), name
                self.assertEqual(status, error.status, (name, error))
                self.assertEqual([], requests(events), name)
                self.assertEqual([], codec.receive(b"GET / HTTP/1.1\r\n\r\n"), name)
                self.assertEqual([], codec.next_request(), name)
                self.assertTrue(codec.surplus, name)
                self.assertFalse(codec.in_request, name)

    def test_texts(self) -> None:
        for name, text in (
            ("two lengths", "HTTP parser error: Duplicate Content-Length"),
            ("chunk size negative", "HTTP parser error: Invalid character in chunk size"),
            ("length over the limit", "Request entity too large: 1001"),
            ("chunks over the limit", "Request entity too large: 1001"),
            ("absolute form", "bad request URL"),
        ):
            data, status = BAD[name]
            self.assertEqual(ProtocolError(status, text), read([data])[0][-1])

    def test_whose_body_is_too_large(self) -> None:
        """Of a request that is in order the head is told, of others nothing."""
        for name in ("length over the limit", "chunks over the limit", "two lengths"):
            event = read([BAD[name][0]])[0][-1]
            assert isinstance(event, ProtocolError)
            expected = (None, 0) if name == "two lengths" else (b"/", 1001)
            self.assertEqual(expected, (event.head and event.head.path, event.size), name)

    def test_request_behind_an_error(self) -> None:
        data = BAD["two lengths"][0] + GOOD["1.0 without host"][0]
        self.assertEqual([ProtocolError], [type(event) for event in read([data])[0]])

    def test_cut_short(self) -> None:
        for name, (data, *_) in GOOD.items():
            for at in range(len(data)):
                codec = RequestCodec(plain(MAX_BODY))
                codec.receive(data[:at])
                begun = bool(data[:at].lstrip(b"\r\n"))
                self.assertIs(begun, codec.in_request, (name, at))
                expected = [ProtocolError(400, "IO read error: unexpected EOF")] if begun else []
                self.assertEqual(expected, codec.end_of_input(), (name, at))


class Pipelining(SynchronousTestCase):
    def test_one_at_a_time(self) -> None:
        first, second = GOOD["length"][0], GOOD["chunked"][0]
        codec = RequestCodec(plain(MAX_BODY))
        events = codec.receive(first + second[:20])
        self.assertEqual(1, len(requests(events)))
        self.assertTrue(codec.answering)
        self.assertFalse(codec.in_request)
        self.assertEqual(20, codec.held)
        self.assertEqual([], codec.receive(second[20:] + first))
        self.assertEqual(GOOD["chunked"][4], requests(codec.next_request())[0].body)
        self.assertEqual(GOOD["length"][4], requests(codec.next_request())[0].body)
        self.assertEqual([], codec.next_request())
        self.assertFalse(codec.in_request)
        self.assertEqual(0, codec.held)

    def test_cut_anywhere(self) -> None:
        data = b"".join(row[0] for row in GOOD.values() if row[5])
        whole, _ = read([data])
        self.assertEqual(sum(row[5] for row in GOOD.values()), len(requests(whole)))
        for at in range(1, len(data)):
            self.assertEqual(whole, read([data[:at], data[at:]])[0], at)
        self.assertEqual(whole, read(octets(data))[0])

    def test_nothing_behind_the_last_request(self) -> None:
        for name in ("1.0 without host", "close"):
            events, codec = read([GOOD[name][0] + GOOD["length"][0]])
            self.assertEqual(1, len(requests(events)), name)
            self.assertTrue(codec.surplus, name)
            self.assertEqual(0, codec.held, name)

    def test_held_is_bounded(self) -> None:
        codec = RequestCodec(plain(MAX_BODY))
        codec.receive(GOOD["empty body"][0])
        for _ in range(20):
            codec.receive(b"x" * 65536)
            self.assertLessEqual(codec.held, MAX_HELD + 1)
        error = codec.next_request()
        self.assertEqual([ProtocolError(400, "Too much data behind a request")], error)
        self.assertEqual(0, codec.held)
