"""What was opened is read in pieces, and that changes nothing of what is told."""

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import httpcrypt_requests
from mailfilter.codec.http1 import Event, ProtocolError, RequestComplete, RequestHead
from mailfilter.codec.httpcrypt_requests import SealedRequests

from .sealed_case import CHECK, MAX_BODY, chunked, framed, make, read, sealed

BARE = CHECK.replace(b"\r\n", b"\n")
CHUNKED = b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello")
RIGHT = (CHECK, BARE, CHUNKED, b"GET /ping HTTP/1.1\r\n\r\n", b"\r\n" + CHECK)
WRONG = (
    CHECK[:-1],
    CHECK + b"x",
    CHECK + CHECK,
    CHUNKED + b"0",
    CHUNKED[:-2],
    BARE[:20],
    b"\r\n",
    b"GET /ping HTTP/1.1\r\nA\x00: b\r\n\r\n",
    CHECK.replace(b"5", b"50000"),
    CHUNKED.replace(b"hello", b"hellooooo"),
)


def waits(_: RequestHead) -> bool:
    return True


def told(codec: SealedRequests, data: bytes) -> list[Event]:
    """What is told of a request whose body is asked for as soon as it waits."""
    events = codec.receive(data)
    while codec.unread or codec.waiting:
        events += codec.read_body() if codec.waiting else codec.read_on()
    return events


class PieceTests(SynchronousTestCase):
    def sizes(self, inside: bytes) -> Iterator[int]:
        """Pieces of every size."""
        for size in range(1, len(inside) + 1):
            self.patch(httpcrypt_requests, "PIECE", size)
            yield size

    def test_same_events(self) -> None:
        for inside in (*RIGHT, *WRONG):
            data = sealed(inside)
            (expected,) = read([data])[0]
            kind = RequestComplete if inside in RIGHT else ProtocolError
            self.assertIsInstance(expected, kind, inside)
            for size in self.sizes(inside):
                self.assertEqual(read([data])[0], [expected], (inside, size))

    def test_body_that_waits(self) -> None:
        """Its head is told, and nothing of the body is read before somebody asks for it."""
        for inside in (*RIGHT, *WRONG):
            data = sealed(inside)
            expected = told(make(waits=waits), data)
            for size in self.sizes(inside):
                self.assertEqual(told(make(waits=waits), data), expected, (inside, size))

    def test_nothing_is_read_while_it_waits(self) -> None:
        self.patch(httpcrypt_requests, "PIECE", len(CHECK) - 5)
        codec = make(waits=waits)
        (head,) = codec.receive(sealed(CHECK))
        self.assertIsInstance(head, RequestHead)
        self.assertEqual((codec.unread, codec.waiting, codec.read_on()), (False, True, []))
        self.assertEqual(codec.read_body(), [])
        self.assertEqual((codec.unread, codec.waiting), (True, False))
        (event,) = codec.read_on()
        assert isinstance(event, RequestComplete)
        self.assertEqual(event.body, b"hello")

    def test_in_between(self) -> None:
        """It is not all there yet, whatever else comes."""
        self.patch(httpcrypt_requests, "PIECE", 10)
        codec = make()
        self.assertEqual(codec.receive(sealed(CHECK)), [])
        for _ in range(2):
            self.assertEqual((codec.unread, codec.in_request, codec.answering), (True, True, False))
            self.assertEqual(codec.receive(b"x"), [])
            self.assertEqual(codec.end_of_input(), [])
            self.assertEqual(codec.read_on(), [])
        while codec.unread:
            events = codec.read_on()
        self.assertIsInstance(events[0], RequestComplete)
        self.assertEqual((codec.in_request, codec.answering), (False, True))

    def test_size(self) -> None:
        """No piece is larger than those that come over the network."""
        body = b"y" * MAX_BODY
        head = b"POST /checkv2 HTTP/1.1\r\n" + b"Rcpt: a\r\n" * 20_000
        inside = framed(body, line=head[:-2])
        codec = make()
        self.assertEqual(codec.receive(sealed(inside)), [])
        count, events = 1, []
        while codec.unread:
            events = codec.read_on()
            count += 1
        self.assertEqual(count, -(-len(inside) // httpcrypt_requests.PIECE))
        self.assertIsInstance(events[0], RequestComplete)

    def test_wrong_soon(self) -> None:
        """What comes behind an error is not read at all."""
        rest = bytes(MAX_BODY - 100)
        self.patch(httpcrypt_requests, "PIECE", 100)
        for inside in (CHECK + rest, b"GET /\x00 HTTP/1.1" + rest):
            codec = make()
            (event,) = codec.receive(sealed(inside))
            self.assertIsInstance(event, ProtocolError)
            self.assertFalse(codec.unread)

    def test_discarded(self) -> None:
        self.patch(httpcrypt_requests, "PIECE", 10)
        codec = make()
        codec.receive(sealed(CHECK))
        codec.discard()
        self.assertEqual((codec.unread, codec.in_request, codec.read_on()), (False, False, []))
