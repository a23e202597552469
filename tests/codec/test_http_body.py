"""Bodies that are unpacked, or chosen by the head, over the HTTP/1.x codec."""

import tracemalloc
from collections.abc import Callable
from random import Random

from backports import zstd
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import (
    Event,
    ProtocolError,
    RequestCodec,
    RequestComplete,
    RequestHead,
)
from mailfilter.codec.http_body import Body, Content, Part, PlainBody, Refused
from mailfilter.codec.http_zstd import ZstdBody

from .http1_case import plain

TEXT = b"From: a@example.org\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(50))
LIMIT = len(TEXT)
PACKED = zstd.compress(TEXT)
LARGE = 2**22


def with_length(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes, size: int = 100) -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        + b"0\r\n\r\n"
    )


def zstd_codec(limit: int = LIMIT) -> RequestCodec:
    return RequestCodec(lambda head: ZstdBody(limit))


def last(codec: RequestCodec, *pieces: bytes) -> Event:
    """What the pieces end with."""
    events: list[Event] = []
    for piece in pieces:
        events += codec.receive(piece)
    return events[-1]


class Bodies(SynchronousTestCase):
    def check(self, make: Callable[[], RequestCodec], data: bytes, expected: bytes) -> None:
        for at in range(len(data)):
            event = last(make(), data[:at], data[at:])
            assert isinstance(event, RequestComplete), (at, event)
            self.assertEqual(expected, event.body)
        event = last(make(), *(data[at : at + 1] for at in range(len(data))))
        assert isinstance(event, RequestComplete)
        self.assertEqual(expected, event.body)

    def test_plain(self) -> None:
        for frame in (with_length, chunked):
            self.check(lambda: RequestCodec(plain(LIMIT)), frame(TEXT), TEXT)

    def test_zstd(self) -> None:
        for frame in (with_length, chunked):
            self.check(zstd_codec, frame(PACKED), TEXT)
            self.check(zstd_codec, frame(zstd.compress(b"")), b"")
            self.check(zstd_codec, frame(b""), b"")

    def test_the_next_request(self) -> None:
        codec = zstd_codec()
        codec.receive(with_length(PACKED) + chunked(PACKED))
        event = codec.next_request()[-1]
        assert isinstance(event, RequestComplete)
        self.assertEqual(TEXT, event.body)

    def test_refused_zstd(self) -> None:
        for body, status, text in (
            (b"no frame", 400, "Decompression error: Unknown frame descriptor"),
            (PACKED[:-1], 400, "Decompression error: unexpected end"),
            (PACKED + b"x", 400, "Decompression error: data behind the end"),
            (PACKED * 2, 400, "Decompression error: data behind the end"),
            (zstd.compress(TEXT + b"x"), 413, f"Request entity too large: {LIMIT + 1}"),
            (zstd.compress(bytes(10**7)), 413, f"Request entity too large: {LIMIT + 1}"),
        ):
            for data in (with_length(body), chunked(body)):
                for at in range(1, len(data)):
                    codec = zstd_codec()
                    event = last(codec, data[:at], data[at:])
                    self.assertEqual(ProtocolError(status, text), event, at)
                    self.assertEqual([], codec.receive(with_length(PACKED)))

    def test_limit_of_what_is_packed(self) -> None:
        noise = Random(1).randbytes(LIMIT)
        packed = zstd.compress(noise)
        self.assertGreater(len(packed), LIMIT)
        error = ProtocolError(413, f"Request entity too large: {len(packed)}")
        self.assertEqual(error, last(zstd_codec(), with_length(packed)))
        self.assertEqual(error, last(zstd_codec(), chunked(packed, 2 * LIMIT)))

    def test_head_refused(self) -> None:
        heads: list[RequestHead] = []

        def refuse(head: RequestHead) -> Body:
            heads.append(head)
            raise Refused(415, "no")

        codec = RequestCodec(refuse)
        data = b"GET /a?b HTTP/1.1\r\nC: d\r\n\r\n"
        self.assertEqual([ProtocolError(415, "no")], codec.receive(data + data))
        self.assertTrue(codec.broken)
        self.assertEqual([], codec.next_request())
        self.assertEqual(
            [(b"/a", [(b"b", b"")], [(b"c", b"d")])],
            [(h.path, h.arguments, h.headers) for h in heads],
        )

    def test_malformed_head_is_not_shown(self) -> None:
        def fail(head: RequestHead) -> Body:
            raise AssertionError(head)

        codec = RequestCodec(fail)
        data = b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"
        self.assertIsInstance(codec.receive(data)[-1], ProtocolError)

    def test_limit_of_the_body(self) -> None:
        """Counts, and not that of the codec."""
        codec = RequestCodec(lambda head: PlainBody(3))
        event = last(codec, with_length(b"abc"))
        assert isinstance(event, RequestComplete)
        self.assertEqual(b"abc", event.body)
        codec.next_request()
        self.assertEqual(
            ProtocolError(413, "Request entity too large: 4"), last(codec, with_length(b"abcd"))
        )

    def test_parts(self) -> None:
        part = Part("a", b"", b"b")

        class Form(PlainBody):
            def finish(self) -> Content:
                return Content(b"", (part,))

        event = last(RequestCodec(lambda head: Form(9)), with_length(b"x"))
        assert isinstance(event, RequestComplete)
        self.assertEqual((b"", (part,)), (event.body, event.parts))

    def test_errors_of_the_body(self) -> None:
        """Wherever they come from, no more is read."""

        class Late(PlainBody):
            def finish(self) -> Content:
                raise Refused(400, "late")

        for data in (with_length(b"abc"), chunked(b"abc")):
            codec = RequestCodec(lambda head: Late(9))
            self.assertEqual(ProtocolError(400, "late"), last(codec, data + data))
            self.assertFalse(codec.in_request)


class Memory(SynchronousTestCase):
    """A large request is there once, and what came packed is not kept at all."""

    def peak(self, codec: RequestCodec, data: bytes) -> int:
        """Memory at most, beyond `data` itself, whose pieces are copied one at a time."""
        view = memoryview(data)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        events: list[Event] = []
        for at in range(0, len(data), 2**16):
            events += codec.receive(bytes(view[at : at + 2**16]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        event = events[-1]
        assert isinstance(event, RequestComplete)
        self.assertEqual(LARGE, len(event.body))
        return peak

    def test_peak(self) -> None:
        noise = Random(1).randbytes(LARGE)
        # A buffer that grows is given an eighth more than it needs.
        allowed = LARGE * 5 // 4 + 2**19
        self.assertLess(self.peak(RequestCodec(plain(LARGE)), with_length(noise)), allowed)
        self.assertLess(self.peak(RequestCodec(plain(LARGE)), chunked(noise, 2**15)), allowed)
        half = noise[: LARGE // 2] + bytes(LARGE // 2)
        self.assertLess(self.peak(zstd_codec(LARGE), with_length(zstd.compress(half))), allowed)

    def test_bomb(self) -> None:
        codec = zstd_codec(LARGE)
        data = with_length(zstd.compress(bytes(2**29)))
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        error = last(codec, data)
        self.assertEqual(ProtocolError(413, f"Request entity too large: {LARGE + 1}"), error)
        self.assertLess(tracemalloc.get_traced_memory()[1], LARGE * 5 // 4 + 2**19)
        self.assertLess(tracemalloc.get_traced_memory()[0], 2**20)
