"""The controller: large bodies, of which nothing is read until it is known who sends them."""

from backports import zstd
from twisted.internet.defer import Deferred

from mailfilter.codec.http1 import RequestHead
from mailfilter.codec.http_zstd import ZstdBody
from mailfilter.servers import http_body
from mailfilter.servers.access import Allowed
from mailfilter.servers.controller_body import MAX_UNASKED
from mailfilter.servers.http_reply import Reply, error_reply

from .controller_case import LOOPBACK, STRANGER, ControllerCase, error_bytes
from .http_case import CHECK

SIZE = MAX_UNASKED + 1
LARGE = f"POST /checkv2 HTTP/1.1\r\nContent-Length: {SIZE}\r\n".encode()
CHUNKED = b"POST /checkv2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
PACKED = zstd.compress(b"hello")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSED = error_bytes(401, "Unauthorized").replace(b"Server:", b"Connection: close\r\nServer:", 1)


class LargeTests(ControllerCase):
    """Where it is known at once who asks."""

    def test_refused(self) -> None:
        """By the head alone, with the connection at its end."""
        for start in (LARGE, CHUNKED, LARGE + b"Expect: 100-continue\r\n"):
            for path in (b"checkv2", b"learnspam", b"savemap", b"fuzzyadd"):
                self.connect(STRANGER)
                head = start.replace(b"checkv2", path)
                self.assertEqual(REFUSED, self.ask(head + b"\r\n"), head)
                self.assertEqual(b"", self.ask(b"x" * SIZE))
        self.assertEqual([], self.scanner.calls)

    def test_let_in(self) -> None:
        for start, body in (
            (LARGE, b"x" * SIZE),
            (CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, b"x" * SIZE)),
        ):
            self.assertEqual(CONTINUE, self.ask(start + b"Expect: 100-continue\r\n\r\n"))
            self.assertTrue(self.ask(body).startswith(b"HTTP/1.1 200 OK"))
            self.assertEqual(b"x" * SIZE, self.scanner.calls[-1][1])
            self.assertTrue(self.ask(start + b"\r\n" + body).startswith(b"HTTP/1.1 200 OK"))

    def test_packed(self) -> None:
        """Whether a stranger's body is in order is not looked at."""
        for path, body, more in (
            ("/checkv2", PACKED, "Content-Encoding: zstd\r\n"),
            ("/checkv2?Compression=zstd", PACKED, ""),
            ("/checkv2", b"x", "Content-Encoding: zstd\r\n"),
            ("/checkv2", b"x", "Content-Encoding: gzip\r\n"),
            ("/saveactions", b"x", "Compression: zstd\r\nDictionary: x\r\n"),
            ("/checkv3", b"", ""),
            ("/CheckV3/", b"x", "Content-Type: text/plain\r\n"),
        ):
            self.connect(STRANGER)
            self.assertEqual(REFUSED, self.post(path, body, more), (path, more))

    def test_little(self) -> None:
        """Small bodies are read first: the connection goes on."""
        self.connect(STRANGER)
        for _ in range(2):
            self.assertEqual(b"", self.ask(CHECK[:-1]))
            self.assertEqual(error_bytes(401, "Unauthorized"), self.ask(CHECK[-1:]))


class WaitingTests(ControllerCase):
    """Where that takes a while."""

    def setUp(self) -> None:
        super().setUp()
        self.decisions: list[Deferred[Allowed | Reply]] = []
        self.patch(self.services.access, "decide", self.decide)

    def decide(self, head: RequestHead, *_: object, **__: object) -> Deferred[Allowed | Reply]:
        self.decisions.append(Deferred())
        return self.decisions[-1]

    def let_in(self) -> None:
        self.decisions[-1].callback(Allowed("x", may_change=True, how="password"))

    def test_let_in(self) -> None:
        self.assertEqual(b"", self.ask(LARGE + b"Expect: 100-continue\r\n\r\n"))
        self.assertEqual("paused", self.transport.producerState)
        self.let_in()
        self.assertEqual(CONTINUE, self.replies())
        self.assertEqual("producing", self.transport.producerState)
        self.ask(b"x" * SIZE)
        self.let_in()
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 200 OK"))

    def test_refused(self) -> None:
        self.ask(LARGE + b"\r\nx")
        # What was on its way comes all the same.
        self.ask(b"x" * 1000)
        self.assertEqual("paused", self.transport.producerState)
        self.decisions[-1].callback(error_reply(401, "Unauthorized"))
        self.assertEqual(REFUSED, self.replies())
        self.assertEqual(1, len(self.decisions))

    def test_complete_sooner(self) -> None:
        """All of it was on its way, and more: it is kept, and not looked at."""
        self.ask(LARGE + b"\r\nx")
        self.ask(b"x" * (SIZE - 1) + b"GET /ping HTTP/1.1\r\n\r\n")
        self.assertEqual(1, len(self.decisions))
        self.let_in()
        self.assertEqual(2, len(self.decisions))
        self.let_in()
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 200 OK"))
        self.assertTrue(self.replies().endswith(b"pong\r\n"))

    def test_half_closed(self) -> None:
        """Who sends no more is answered."""
        self.ask(LARGE + b"\r\n" + b"x" * SIZE)
        self.protocol.readConnectionLost()
        self.assertEqual(b"", self.replies())
        self.let_in()
        self.let_in()
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 200 OK"))

    def test_too_much(self) -> None:
        """What a transport brings that does not pause is kept up to a bound."""
        self.ask(LARGE.replace(b"%d" % SIZE, b"%d" % 2**24) + b"\r\n")
        for _ in range(6):
            self.protocol.dataReceived(b"x" * 2**16)
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 400 Too much data behind a head"))
        self.assertLess(self.protocol._codec.held, 2**19)
        self.let_in()
        self.assertEqual(1, self.replies().count(b"HTTP/1.1"))

    def test_not_unpacked(self) -> None:
        """However small it is, and whether all of it is there."""
        opened: list[int] = []

        def open_zstd(limit: int) -> ZstdBody:
            opened.append(limit)
            return ZstdBody(limit)

        self.patch(http_body, "ZstdBody", open_zstd)
        for more in (
            "Content-Encoding: zstd\r\n",
            "Compression: zstd\r\n",
        ):
            for path in ("/checkv2", "/checkv2?compression=zstd", "/savemap", "/saveactions"):
                self.connect(STRANGER)
                self.assertEqual(b"", self.post(path, PACKED, more), path)
                self.assertEqual([], opened)
                self.decisions[-1].callback(error_reply(401, "Unauthorized"))
                self.assertEqual(REFUSED, self.replies())
                self.assertEqual([], opened)
        self.connect(LOOPBACK)
        self.post("/checkv2", PACKED, "Content-Encoding: zstd\r\n")
        self.let_in()
        self.assertEqual(1, len(opened))
        self.let_in()
        self.assertEqual(b"hello", self.scanner.calls[-1][1])

    def test_gone(self) -> None:
        self.ask(LARGE + b"\r\n")
        self.gone()
        self.assertTrue(self.decisions[0].called)
        self.assertEqual([], self.lines())

    def test_time_is_up(self) -> None:
        """A client is not held for ever by what does not decide."""
        self.ask(LARGE + b"\r\n")
        self.clock.advance(self.factory.listener.request_timeout)
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 408 "))
        self.let_in()
        self.assertNotIn(b"100 Continue", self.replies())

    def test_failed(self) -> None:
        """Nothing is read of somebody of whom nothing is known."""
        self.ask(LARGE + b"\r\n")
        self.decisions[-1].errback(RuntimeError("no"))
        self.assertTrue(
            self.replies().startswith(b"HTTP/1.1 500 Internal error\r\nConnection: close")
        )
        self.assertEqual(1, len(self.flushLoggedErrors(RuntimeError)))
