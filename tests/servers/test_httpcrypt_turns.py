"""A large sealed request is read in turns with what other connections want."""

import gc
import tracemalloc

from twisted.internet.testing import StringTransport

from mailfilter.codec.httpcrypt_requests import PIECE
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.sealed_case import framed, sealed
from .http_case import GOLDEN, PING, PONG, VERDICT, error_bytes, reply_bytes
from .sealed_case import opened
from .test_httpcrypt import PEER, SealedCase

PIECES = 20
CHUNK = b"1\r\nx\r\n"
COUNT = PIECES * PIECE // len(CHUNK)
CHUNKED = (
    b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK * COUNT + b"0\r\n\r\n"
)
FORM = framed(
    b'--B\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"from":"a"}\r\n'
    b'--B\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
    + b"\r\n-" * (PIECES * PIECE // 3)
    + b"\r\n--B--\r\n",
    b"Content-Type: multipart/form-data; boundary=B",
    line=b"POST /checkv3 HTTP/1.1",
)
HEAD = framed(b"hello", *[b"Rcpt: a"] * (PIECES * PIECE // 9), line=b"POST /checkv2 HTTP/1.1")
BARE = HEAD.replace(b"\r\n", b"\n")


class TurnTests(SealedCase):
    def turns(self, data: bytes) -> tuple[int, bytes]:
        """How many turns of the reactor it takes until there is a reply, and that."""
        self.transport.clear()
        self.protocol.dataReceived(data)
        count = 0

        def turn() -> None:
            nonlocal count
            if not self.transport.value():
                count += 1
                self.clock.callLater(0, turn)

        turn()
        reply = self.replies()
        return count, reply

    def test_turns(self) -> None:
        for inside in (CHUNKED, FORM, HEAD, BARE):
            self.connect(PEER)
            count, reply = self.turns(sealed(inside))
            self.assertIn(b"200 OK", opened(reply))
            self.assertGreaterEqual(count, PIECES - 5, inside[:100])
        self.assertEqual([len(raw) for _, raw in self.scanner.calls[::3]], [COUNT, 5])

    def test_small_ones_take_none(self) -> None:
        self.transport.clear()
        self.protocol.dataReceived(
            sealed(framed(bytes(PIECE // 2), line=b"POST /checkv2 HTTP/1.1"))
        )
        self.assertTrue(opened(self.transport.value()))

    def test_others(self) -> None:
        """They are answered before it is."""
        self.protocol.dataReceived(sealed(CHUNKED))
        other = self.factory.buildProtocol(PEER)
        assert other is not None
        transport = StringTransport(peerAddress=PEER)
        other.makeConnection(transport)
        other.dataReceived(PING)
        self.assertEqual(transport.value(), PONG)
        self.assertEqual(self.transport.value(), b"")
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))

    def test_busy(self) -> None:
        """It is something under way, as one is that comes in pieces by itself."""
        self.protocol.dataReceived(sealed(CHUNKED))
        self.assertFalse(self.protocol.is_idle)
        self.factory.is_draining = True
        self.factory.close_idle()
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))
        self.assertEqual(self.factory.connections, {self.protocol})

    def test_half_closed(self) -> None:
        self.protocol.dataReceived(sealed(CHUNKED))
        self.protocol.readConnectionLost()
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))

    def test_more_behind_it(self) -> None:
        """Nothing of that is read, and not much is kept."""
        self.protocol.dataReceived(sealed(CHUNKED) + PING)
        for _ in range(50):
            self.protocol.dataReceived(bytes(65536))
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))

    def test_replies_that_are_not_read(self) -> None:
        """It goes on when the client reads again."""
        self.protocol.dataReceived(sealed(CHUNKED))
        self.protocol.pauseProducing()
        self.protocol.resumeProducing()
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))

    def test_time(self) -> None:
        """It is limited as for all requests."""
        self.protocol.dataReceived(sealed(CHUNKED))
        self.protocol.time_is_up()
        self.assertEqual(opened(self.replies()), error_bytes(408, "IO timeout"))
        self.assertEqual(self.scanner.calls, [])

    def test_limit_is_that_of_the_request(self) -> None:
        limit = self.factory.listener.request_timeout
        data = sealed(CHUNKED)
        self.protocol.dataReceived(data[:-1])
        self.clock.advance(limit - 1)
        self.protocol.dataReceived(data[-1:])
        # Others take so long, and not one turn of this comes.
        self.clock.rightNow += 1
        self.protocol._look()
        self.assertEqual(opened(self.replies()), error_bytes(408, "IO timeout"))

    def test_client_that_leaves(self) -> None:
        self.protocol.dataReceived(sealed(CHUNKED))
        self.gone()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.scanner.calls, [])


class MemoryTests(SealedCase):
    size = 4 * 2**20

    def begin(self) -> None:
        """Have a large request opened, and measure what there is from now on."""
        self.serve(FakeScanner(VERDICT, max_message=self.size))
        body = bytes(self.size)
        data = sealed(framed(body, line=b"POST /checkv2 HTTP/1.1"))
        pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
        del data, body
        gc.collect()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for piece in pieces:
            self.protocol.dataReceived(piece)

    def held(self) -> int:
        return tracemalloc.get_traced_memory()[0]

    def test_opened(self) -> None:
        """What was sealed is not kept beside it."""
        self.begin()
        self.assertLess(self.held(), 1.3 * self.size)
        tracemalloc.reset_peak()
        self.assertIn(b"200 OK", opened(self.replies()))
        self.assertLess(tracemalloc.get_traced_memory()[1], 2.3 * self.size)

    def test_not_wanted_any_more(self) -> None:
        """Nothing is kept until the client has read the reply."""
        self.begin()
        self.protocol.time_is_up()
        self.assertLess(self.held(), self.size / 4)

    def test_partly_sealed(self) -> None:
        """As little as of one that is not there as a whole when its time is up."""
        self.serve(FakeScanner(VERDICT, max_message=self.size))
        data = sealed(framed(bytes(self.size), line=b"POST /checkv2 HTTP/1.1"))[:-1]
        gc.collect()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for at in range(0, len(data), PIECE):
            self.protocol.dataReceived(data[at : at + PIECE])
        self.assertGreater(self.held(), self.size / 2)
        self.protocol.time_is_up()
        self.assertLess(self.held(), self.size / 4)
