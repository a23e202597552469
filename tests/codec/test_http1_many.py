"""Requests of many parts, which are a stranger's choice: recipients, lines of a message."""

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import (
    ProtocolError,
    RequestComplete,
)
from mailfilter.codec.http_chunked import MAX_PADDED
from mailfilter.codec.http_head import MAX_HEAD, MAX_HEADERS, MAX_LISTED, MAX_WHOLE_HEAD

from .test_http1 import CHUNKED, read


def complete(*pieces: bytes) -> RequestComplete:
    """The one request in octets."""
    events, _ = read([*pieces], max_body=2**22)
    assert isinstance(events[-1], RequestComplete), events[-1]
    return events[-1]


def chunks(*parts: bytes) -> bytes:
    """A request with a chunk for each part."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return CHUNKED + body + b"0\r\n\r\n"


class RecipientTests(SynchronousTestCase):
    ONE = b"Rcpt: ".ljust(300, b"x") + b"\r\nX-Rspamd-Rcpt-Esmtp-Args: 0:A=B\r\n"

    def test_many(self) -> None:
        """They have room of their own; more than enough are not kept, and refuse nothing."""
        data = b"POST / HTTP/1.1\r\n" + self.ONE * 5000 + b"A: b\r\n\r\n"
        pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
        for given in ([data], pieces):
            head = complete(*given).head
            self.assertEqual(2 * MAX_LISTED + 1, len(head.headers))
            self.assertEqual((b"a", b"b"), head.headers[-1])

    def test_many_arguments(self) -> None:
        """They hide no recipients: what is meant for those before would hold for all."""
        argument = b"X-Rspamd-Rcpt-Esmtp-Args: 0:A=B\r\n"
        data = b"Rcpt: a\r\n" + argument * 3 * MAX_LISTED + b"Rcpt: b\r\n"
        head = complete(b"POST / HTTP/1.1\r\n" + data + b"\r\n").head
        self.assertEqual((b"rcpt", b"b"), head.headers[-1])

    def test_beside_them(self) -> None:
        """Other fields have the usual bounds, and so have all together."""
        start = b"POST / HTTP/1.1\r\n" + self.ONE * 5000
        large = b"B: " + b"b" * MAX_HEAD + b"\r\n"
        for more in (large, b"a:b\r\n" * (MAX_HEADERS + 1), self.ONE * (MAX_WHOLE_HEAD // 300)):
            (error,) = read([start + more + b"\r\n"])[0]
            assert isinstance(error, ProtocolError)
            self.assertEqual(431, error.status)

    def test_cuts(self) -> None:
        """One field of any size, with a small rest, is taken or not, however it is cut."""
        lists = b", ".join(b"a%d@example.org" % number for number in range(6000))
        for name in (b"Rcpt: ", b"rcpt:", b"X-RSPAMD-Rcpt-Esmtp-Args:"):
            self.check_cuts(b"A: b\r\n" + name + lists + b"\r\nB: c\r\n\r\n", is_taken=True)
            self.check_cuts(name + lists + b"\r\n" + 9 * self.ONE + b"\r\n", is_taken=True)
            self.check_cuts(b"Rcpt-" + name + lists + b"\r\n\r\n", is_taken=False)
        self.check_cuts(b"X-Rcpt: " + lists + b"\r\n\r\n", is_taken=False)

    def test_cuts_at_the_limit(self) -> None:
        """Fields without blanks are counted as they are."""
        many = b"Rcpt:a\r\n" * 1500
        room = MAX_HEAD - len(b"POST / HTTP/1.1\r\nB:\r\n\r\n")
        for surplus in (0, 1):
            large = b"B:" + b"b" * (room + surplus) + b"\r\n"
            for fields in (many + large, large + many):
                self.check_cuts(fields + b"\r\n", is_taken=not surplus)

    def check_cuts(self, fields: bytes, *, is_taken: bool) -> None:
        data = b"POST / HTTP/1.1\r\n" + fields
        whole = read([data])[0]
        self.assertEqual(is_taken, isinstance(whole[-1], RequestComplete), whole[-1])
        for size in (61, 1448, 65536):
            pieces = [data[at : at + size] for at in range(0, len(data), size)]
            self.assertEqual(whole, read(pieces)[0], size)
        start = data.index(b"\r\n")
        for at in (*range(start, start + 60), *range(len(data) - 60, len(data))):
            self.assertEqual(whole, read([data[:at], data[at:]])[0], at)


class ChunkTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """A chunk for each line, most of them short, however the octets are cut."""
        random = Random(5)
        parts = [random.randbytes(random.choice((1, 2, 2, 9, 15, 16, 40))) for _ in range(2000)]
        data = chunks(*parts)
        for size in (1, 2, 7, 1000, len(data)):
            pieces = [data[at : at + size] for at in range(0, len(data), size)]
            self.assertEqual(b"".join(parts), complete(*pieces).body)

    def test_capital_digits(self) -> None:
        data = chunks(*[b"x" * 11] * 50).replace(b"\r\nb\r\n", b"\r\nB\r\n")
        self.assertEqual(b"x" * 550, complete(data).body)

    def test_millions(self) -> None:
        parts = [b"\r\n"] * 1_100_000
        self.assertEqual(b"".join(parts), complete(chunks(*parts)).body)

    def test_padded_sizes(self) -> None:
        """Few of them are taken."""
        padded = b"01\r\na\r\n"
        data = CHUNKED + padded * MAX_PADDED
        self.assertEqual(b"a" * MAX_PADDED, complete(data + b"000\r\n\r\n").body)
        events, _ = read([data + padded], max_body=2**20)
        assert isinstance(events[-1], ProtocolError)
        self.assertEqual(400, events[-1].status)

    def test_too_large(self) -> None:
        for given in (chunks(*[b"xy"] * 600), chunks(*[b"xy"] * 400)):
            events, _ = read([given], max_body=1000)
            is_error = isinstance(events[-1], ProtocolError)
            self.assertEqual(given == chunks(*[b"xy"] * 600), is_error)

    def test_broken(self) -> None:
        """A length that is not that of the chunk, in the middle of good ones."""
        good = b"2\r\nab\r\n" * 50
        for bad in (b"3\r\nab\r\n", b"1\r\nab\r\n", b"2\nab\r\n", b"2 \r\nab\r\n", b"g\r\nab\r\n"):
            events, _ = read([CHUNKED + good + bad + good + b"0\r\n\r\n"])
            error = events[-1]
            assert isinstance(error, ProtocolError)
            self.assertEqual(400, error.status)
