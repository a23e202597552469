"""Answers over the client's HTTP codec: byte tables, every input cut at every place."""

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http_chunked import MAX_EXTENSION, MAX_TRAILER
from mailfilter.codec.http_client import (
    MAX_FIELDS,
    MAX_HEAD,
    MAX_INTERIM,
    Answer,
    AnswerError,
    AnswerReader,
    NotHttp,
)

MAX_BODY = 1000

OK = b"HTTP/1.1 200 OK\r\n"

# name: (input, status, reason, headers, body); each is complete before the connection ends.
FRAMED: dict[str, tuple[bytes, int, str, list[tuple[str, str]], bytes]] = {
    "length": (
        OK + b"Content-Length: 5\r\nServer:  x y \t\r\n\r\na\r\nb\n",
        200,
        "OK",
        [("Content-Length", "5"), ("Server", "x y")],
        b"a\r\nb\n",
    ),
    "1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, "OK", [], b"hi"),
    "length of nothing": (OK + b"Content-Length: 0\r\n\r\n", 200, "OK", [], b""),
    "length with zeros": (OK + b"Content-Length: 0002\r\n\r\nhi", 200, "OK", [], b"hi"),
    "no reason": (b"HTTP/1.1 404\r\nContent-Length: 1\r\n\r\nx", 404, "", [], b"x"),
    "reason of words": (
        b"HTTP/1.1 500 Task timed out: 8.0\r\nContent-Length: 0\r\n\r\n",
        500,
        "Task timed out: 8.0",
        [],
        b"",
    ),
    "reason and header in UTF-8": (
        b"HTTP/1.1 400 N\xc3\xb6\r\nX: \xc3\xa4\r\nContent-Length: 0\r\n\r\n",
        400,
        "N\u00f6",
        [("X", "\u00e4"), ("Content-Length", "0")],
        b"",
    ),
    "header in no charset": (
        OK + b"X: \xe4\r\nContent-Length: 0\r\n\r\n",
        200,
        "OK",
        [("X", "\udce4"), ("Content-Length", "0")],
        b"",
    ),
    "header without value": (
        OK + b"X:\r\nContent-Length: 0\r\n\r\n",
        200,
        "OK",
        [("X", ""), ("Content-Length", "0")],
        b"",
    ),
    "chunked": (
        OK + b"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0A\r\n0123456789\r\n0\r\n\r\n",
        200,
        "OK",
        [("Transfer-Encoding", "Chunked")],
        b"a0123456789",
    ),
    "chunked with trailers": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n",
        200,
        "OK",
        [("Transfer-Encoding", "chunked")],
        b"hi",
    ),
    "chunks of nothing": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        200,
        "OK",
        [("Transfer-Encoding", "chunked")],
        b"",
    ),
    "continue first": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi",
        200,
        "OK",
        [("Content-Length", "2")],
        b"hi",
    ),
    "several that say nothing yet": (
        b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * MAX_INTERIM + OK + b"Content-Length: 0\r\n\r\n",
        200,
        "OK",
        [("Content-Length", "0")],
        b"",
    ),
    "204 has no body": (b"HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\n", 204, "No", [], b""),
    "304 has no body": (b"HTTP/1.1 304 No\r\n\r\n", 304, "No", [], b""),
    "a line end before it": (b"\r\n" + OK + b"Content-Length: 1\r\n\r\nx", 200, "OK", [], b"x"),
    "another protocol offered": (
        OK + b"Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\nx",
        200,
        "OK",
        [],
        b"x",
    ),
}

UNTIL_END: dict[str, tuple[bytes, bytes]] = {
    "closed": (OK + b"Connection: close\r\n\r\nabc", b"abc"),
    "1.0": (b"HTTP/1.0 200 OK\r\n\r\nabc\r\n\r\n", b"abc\r\n\r\n"),
    "nothing": (OK + b"\r\n", b""),
}

# name: (input, what is said of it)
NOT_HTTP: dict[str, tuple[bytes, str]] = {
    "SSH": (b"SSH-2.0-OpenSSH\r\n", "Expected HTTP/"),
    "SMTP": (b"220 mx.example.org ESMTP\r\n", "Expected HTTP/"),
    "TLS alert": (b"\x15\x03\x01\0\x02\x02\x28", "Expected HTTP/"),
    "zeros": (bytes(50), "Expected HTTP/"),
    "blank lines": (b"\r\n\r\n\r\n" + OK, "no status line of HTTP/1"),
    "0.9": (b"HTTP/0.9 200 OK\r\n\r\n", "no status line of HTTP/1"),
    "2": (b"HTTP/2.0 200 OK\r\n\r\n", "no status line of HTTP/1"),
    "1.7": (b"HTTP/1.7 200 OK\r\n\r\n", "Invalid HTTP version"),
    "RTSP": (b"RTSP/1.0 200 OK\r\n\r\n", "no status line of HTTP/1"),
    "small letters": (b"http/1.1 200 OK\r\n\r\n", "Expected HTTP/"),
    "status of two digits": (b"HTTP/1.1 99 OK\r\n\r\n", "Invalid status code"),
    "status of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", "Invalid response status"),
    "status 0": (b"HTTP/1.1 000 OK\r\n\r\n", "status 0"),
    "status of letters": (b"HTTP/1.1 abc OK\r\n\r\n", "Invalid status code"),
    "lines without CR": (b"HTTP/1.1 200 OK\nA: b\n\n", "CR after response line"),
    "folded header": (OK + b"A: b\r\n c\r\n\r\n", "whitespace after header value"),
    "blank in a name": (OK + b"A b: c\r\n\r\n", "Invalid header token"),
    "no colon": (OK + b"A\r\n\r\n", "Invalid header token"),
    "NUL in a header": (OK + b"A: b\0\r\n\r\n", "Invalid header value char"),
    "CR in a header": (OK + b"A: b\rc\r\n\r\n", "LF after header value"),
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "Content-Length"),
    "length and chunks": (
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding can't be present with Content-Length",
    ),
    "chunks and length": (
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "Content-Length can't be present with Transfer-Encoding",
    ),
    "length below nothing": (OK + b"Content-Length: -1\r\n\r\n", "in Content-Length"),
    "length with a sign": (OK + b"Content-Length: +1\r\n\r\n", "in Content-Length"),
    "length in hexadecimal": (OK + b"Content-Length: 0x1\r\n\r\n", "in Content-Length"),
    "length of nothing": (OK + b"Content-Length: \r\n\r\n", "Empty Content-Length"),
    "length list": (OK + b"Content-Length: 1, 1\r\n\r\n", "in Content-Length"),
    "length over 64 bits": (OK + b"Content-Length: 99999999999999999999\r\n\r\n", "overflow"),
    "another encoding": (OK + b"Transfer-Encoding: gzip\r\n\r\n", "not chunked"),
    "encoding in chunks": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "not chunked"),
    "encoding twice": (
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "not chunked",
    ),
    "encoding of nothing": (OK + b"Transfer-Encoding:\r\n\r\n", "Empty Transfer-Encoding"),
    "another protocol": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "another protocol",
    ),
    "another protocol without its name": (b"HTTP/1.1 101 S\r\n\r\n", "another protocol"),
    "nothing said for ever": (
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM + 1),
        "more than 16 answers",
    ),
    "chunk size": (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "in chunk size"),
    "chunk size below nothing": (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "chunk size"),
    "chunk size without end": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * MAX_EXTENSION,
        "Chunk line too long",
    ),
    "chunk over its size": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "CRLF after chunk data",
    ),
    "trailer": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nab\r\n\r\n", "Invalid trailer"),
}

# name: (input, what is said when the connection ends behind it)
CUT: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no answer came"),
    "in the status": (b"HTTP/1.1 20", "11 octets of the head of its answer came"),
    "in the head": (OK + b"A: b\r\n", "23 octets of the head of its answer came"),
    "behind one that says nothing yet": (
        b"HTTP/1.1 100 Continue\r\n\r\n",
        "only answers that say nothing yet came",
    ),
    "before the body": (OK + b"Content-Length: 5\r\n\r\n", "0 of 5 octets of its answer came"),
    "in the body": (OK + b"Content-Length: 5\r\n\r\nabcd", "4 of 5 octets of its answer came"),
    "before a chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        "0 octets of its answer, and no end of it, came",
    ),
    "in a chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "6 octets of its answer, and no end of it, came",
    ),
    "before the last chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        "6 octets of its answer, and no end of it, came",
    ),
    "before the last line": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        "9 octets of its answer, and no end of it, came",
    ),
}

TOO_MUCH: dict[str, tuple[bytes, str]] = {
    "length": (OK + b"Content-Length: 1001\r\n\r\n", "over 1000 octets"),
    "long length": (OK + b"Content-Length: 9999999999999999999\r\n\r\n", "over 1000 octets"),
    "chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "over 1000 octets"),
    "huge chunk": (
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "over 1000 octets",
    ),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"fa\r\n" + 250 * b"x" + b"\r\n" + b"2ef\r\n",
        "over 1000 octets",
    ),
    "until the end": (OK + b"\r\n" + 1001 * b"x", "over 1000 octets"),
}


def read(pieces: Iterable[bytes]) -> AnswerReader:
    """Have an answer read that comes in pieces."""
    reader = AnswerReader(MAX_BODY)
    for piece in pieces:
        reader.feed(piece)
    return reader


def octets(data: bytes) -> list[bytes]:
    """Each for itself."""
    return [data[at : at + 1] for at in range(len(data))]


def ways(data: bytes) -> list[list[bytes]]:
    """Whole, octet by octet, and cut at every place."""
    return [[data], octets(data), *([data[:at], data[at:]] for at in range(1, len(data)))]


class AnswerTests(SynchronousTestCase):
    """Answers that are in order."""

    def check(self, reader: AnswerReader, status: int, body: bytes, name: str) -> Answer:
        """See that it is this answer."""
        self.assertTrue(reader.done, name)
        self.assertEqual((reader.answer.status, reader.answer.body), (status, body), name)
        return reader.answer

    def test_framed(self) -> None:
        """They end where they say so, and what is behind it is nobody's."""
        for name, (data, status, reason, headers, body) in FRAMED.items():
            for pieces in [*ways(data), [data + b"HTTP/1.1 500 No\r\n\r\n"], [data, b"\0\r\n"]]:
                reader = read(pieces)
                answer = self.check(reader, status, body, name)
                self.assertEqual(answer.reason, reason, name)
                if headers:
                    self.assertEqual(list(answer.headers), headers, name)
                reader.end()
                self.assertIs(reader.answer, answer)

    def test_not_done_before(self) -> None:
        """No answer is complete an octet before its end."""
        for name, (data, *_) in FRAMED.items():
            self.assertFalse(read([data[:-1]]).done, name)
            self.assertFalse(read(octets(data)[:-1]).done, name)

    def test_until_end(self) -> None:
        """Without a length it is all that comes before the end."""
        for name, (data, body) in UNTIL_END.items():
            for pieces in ways(data):
                reader = read(pieces)
                self.assertFalse(reader.done, name)
                reader.end()
                self.check(reader, 200, body, name)

    def test_exactly(self) -> None:
        """As much as may be."""
        data = MAX_BODY * b"x"
        for head in (b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n"):
            tail = b"\r\n0\r\n\r\n" if b"chunked" in head else b""
            self.check(read([OK + head, data, tail]), 200, data, "framed")
        reader = read([OK + b"\r\n" + data])
        reader.end()
        self.check(reader, 200, data, "until the end")

    def test_one_header(self) -> None:
        """The first of a name, whatever its case."""
        answer = read([OK + b"A: 1\r\nx-Y: 2\r\nX-y: 3\r\nContent-Length: 0\r\n\r\n"]).answer
        self.assertEqual((answer.header("x-y"), answer.header("b")), ("2", None))


class RefusedTests(SynchronousTestCase):
    """Answers that are not, with the same words however they are cut."""

    def check(self, pieces: list[bytes], words: str, name: str) -> AnswerError:
        """See what is said of it, and that it is one line that can be shown."""
        error: AnswerError = self.assertRaises(AnswerError, read, pieces)
        self.assertIn(words, str(error), name)
        self.assertTrue(str(error).isprintable(), name)
        return error

    def test_not_http(self) -> None:
        """What is not of this protocol."""
        for name, (data, words) in NOT_HTTP.items():
            said = {str(self.check(pieces, words, name)) for pieces in ways(data)}
            self.assertEqual(len(said), 1, name)
            self.assertIsInstance(self.check([data], words, name), NotHttp, name)

    def test_too_much(self) -> None:
        """It is refused as soon as it is known, and before it is kept."""
        for name, (data, words) in TOO_MUCH.items():
            for pieces in ways(data):
                self.assertNotIsInstance(self.check(pieces, words, name), NotHttp)

    def test_cut(self) -> None:
        """The connection has ended too early."""
        for name, (data, words) in CUT.items():
            for pieces in ways(data):
                reader = read(pieces)
                self.assertFalse(reader.done, name)
                error = self.assertRaises(AnswerError, reader.end)
                self.assertIn(words, str(error), name)

    def test_every_cut(self) -> None:
        """No beginning of an answer is taken for one."""
        for name, (data, *_) in FRAMED.items():
            for at in range(len(data)):
                self.assertRaises(AnswerError, read([data[:at]]).end)
                self.assertFalse(read([data[:at]]).done, name)


class BoundTests(SynchronousTestCase):
    """Heads that are too large."""

    def head(self, size: int) -> bytes:
        """One of so many octets."""
        start, end = OK + b"Content-Length: 0\r\nX: ", b"\r\n\r\n"
        return start + b"x" * (size - len(start) - len(end)) + end

    def test_head(self) -> None:
        """As large as may be, and an octet more."""
        for pieces in ([self.head(MAX_HEAD)], octets(self.head(MAX_HEAD))):
            self.assertTrue(read(pieces).done)
        large = self.head(MAX_HEAD + 1)
        for pieces in ([large], octets(large), [large[:-1], large[-1:]]):
            error = self.assertRaises(AnswerError, read, pieces)
            self.assertEqual(str(error), "the head of its answer is over 80 KiB")

    def test_endless(self) -> None:
        """It is not waited for its end."""
        reader = read([OK])
        pieces = 0
        with self.assertRaises(AnswerError):
            while pieces < 2 * MAX_HEAD // 1000:
                reader.feed(b"X: " + b"x" * 995 + b"\r\n")
                pieces += 1
        self.assertLess(pieces, MAX_HEAD // 1000 + 1)

    def test_fields(self) -> None:
        """Many small ones."""
        field = b"X: y\r\n"
        last = b"Content-Length: 0\r\n\r\n"
        self.assertTrue(read([OK, field * (MAX_FIELDS - 1), last]).done)
        error = self.assertRaises(AnswerError, read, [OK, field * MAX_FIELDS, last])
        self.assertEqual(str(error), f"its answer has more than {MAX_FIELDS} headers")

    def test_trailers(self) -> None:
        """They are bounded, too."""
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
        data = chunked + b"X: y\r\n" * (MAX_TRAILER // 6 + 1)
        error = self.assertRaises(NotHttp, read, [data])
        self.assertIn("Trailer too long", str(error))
