"""The HTTP/1.x codec on random and mutated input: no exception, bounded memory, same events.

Where `httptools` reads a chunked body to its end too, both must agree about it.
"""

import contextlib
from itertools import pairwise
from typing import Any

from httptools import HttpParserError, HttpRequestParser
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import (
    MAX_HELD,
    Event,
    ProtocolError,
    RequestCodec,
    RequestComplete,
)
from mailfilter.codec.http_body import PlainBody, Refused
from mailfilter.codec.http_chunked import ChunkedDecoder

from .http1_case import plain
from .test_http1 import BAD, GOOD, read, requests

EXAMPLES = settings(max_examples=300, derandomize=True, deadline=None, database=None)

INPUTS = [row[0] for row in GOOD.values()] + [row[0] for row in BAD.values() if len(row[0]) < 500]
SCRAPS = [b"\r\n", b"\n", b"\r", b" ", b":", b"\0", b"0\r\n\r\n", b"Content-Length: 5\r\n"]
SCRAPS += [b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"HTTP/1.1", b"\xff"]

streams = st.lists(st.sampled_from(INPUTS + SCRAPS) | st.binary(max_size=20), max_size=6)
cuts = st.lists(st.integers(0, 2000), max_size=8)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A request with octets changed, dropped or doubled."""
    data = bytearray(draw(st.sampled_from(INPUTS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        size = draw(st.integers(0, 3))
        data[at : at + size] = draw(st.sampled_from([*SCRAPS, b"", bytes(data[at : at + 8])]))
    return bytes(data)


def pieces(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[low:high] for low, high in pairwise(edges)]


class Chunks:
    """What `httptools` makes of a chunked body."""

    def __init__(self) -> None:
        self.body = b""
        self.done = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done = True


class Fuzz(SynchronousTestCase):
    def check(self, data: bytes, places: list[int]) -> None:
        whole, _ = read([data])
        events, codec = read(pieces(data, places))
        self.assertEqual(outcome(whole), outcome(events))
        self.assertLessEqual(codec.held, MAX_HELD)
        for event in requests(events):
            self.assertLessEqual(len(event.body), 1000)
        codec.end_of_input()
        self.assertEqual([], codec.end_of_input())

    @EXAMPLES
    @given(streams, cuts)
    def test_streams(self, parts: list[bytes], places: list[int]) -> None:
        self.check(b"".join(parts), places)

    @EXAMPLES
    @given(mutated(), cuts)
    def test_mutated(self, data: bytes, places: list[int]) -> None:
        self.check(data, places)

    @EXAMPLES
    @given(
        st.lists(
            st.sampled_from(
                [
                    *(b"1\r\na\r\n", b"3\r\nabc\r\n", b"0\r\n", b"\r\n", b"2\r\nab", b"\n"),
                    *(b"a: b\r\n", b"a:", b" ", b"\x0b", b"Content-Length: 3\r\n"),
                ]
            )
            | st.binary(max_size=5),
            max_size=6,
        )
    )
    def test_chunks_against_the_parser(self, parts: list[bytes]) -> None:
        data = b"".join(parts)
        body = PlainBody(1000)
        decoder = ChunkedDecoder(body)
        try:
            decoder.feed(data, 0)
        except Refused:
            return
        if not decoder.done:
            return
        oracle = Chunks()
        parser = HttpRequestParser(oracle)
        parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        # What comes behind the body may be no request.
        with contextlib.suppress(HttpParserError):
            parser.feed_data(data)
        self.assertTrue(oracle.done, data)
        self.assertEqual(oracle.body, body.finish().raw)

    def test_memory_of_an_unfinished_body(self) -> None:
        codec = RequestCodec(plain(2**20))
        codec.receive(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        events: list[Event] = []
        for _ in range(40):
            events += codec.receive(chunk)
        self.assertEqual([ProtocolError(413, "Request entity too large: 1081344")], events)


def outcome(events: list[Event]) -> list[Any]:
    """Requests whole, and that an error came, not which: cuts may show an error sooner."""
    return [event if isinstance(event, RequestComplete) else type(event) for event in events]
