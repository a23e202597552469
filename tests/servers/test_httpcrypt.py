"""Sealed requests at a listener for HTTP: replies octet for octet, no oracle, limits."""

import gc
import tracemalloc
from typing import Any

from twisted.internet.address import IPv4Address

from mailfilter.codec.http_head import MAX_WHOLE_HEAD
from mailfilter.codec.http_reply import CONTINUE
from mailfilter.codec.httpcrypt import Keypair, shared_key
from mailfilter.config.model import Listener
from mailfilter.servers.http_body import FORM_OVERHEAD
from mailfilter.servers.keyring import MAX_KEY_HEADERS
from mailfilter.servers.refusals import INTERVAL
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.httpcrypt_vectors import VECTORS
from ..codec.sealed_case import NONCE, OURS, SHARED, chunked, framed, key_line, sealed
from .http_case import (
    CHECK,
    GOLDEN,
    NOW,
    PING,
    PONG,
    VERDICT,
    Case,
    error_bytes,
    reply_bytes,
)
from .sealed_case import NOT_OPENED, opened, ring

PEER = IPv4Address("TCP", "192.0.2.7", 1)


class SealedCase(Case):
    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        self.scanner = scanner
        self.counted: list[str] = []
        listener = Listener(
            protocol="http", endpoint="tcp:0", **{"keypairs": ("ours",), **settings}
        )
        self.factory = HttpFactory(scanner, "http", listener, self.clock, count=self.counted.append)
        self.factory.wall_clock = lambda: NOW
        self.factory.keyring = ring(listener)
        self.connect(PEER)

    def anew(self, data: bytes) -> bytes:
        """The reply on a new connection."""
        self.connect(PEER)
        return self.ask(data)


class ReplyTests(SealedCase):
    def test_scan(self) -> None:
        self.assertEqual(opened(self.ask(sealed(CHECK))), reply_bytes(GOLDEN))
        self.assertTrue(self.transport.disconnecting)
        envelope, raw = self.scanner.calls[0]
        self.assertEqual((raw, envelope.identity), (b"hello", None))
        self.assertEqual(self.counted, ["httpcrypt/opened"])

    def test_ping(self) -> None:
        inside = PING.replace(b"\r\n", b"\n")
        found = opened(self.ask(sealed(inside)))
        self.assertEqual(found, reply_bytes(b"pong\r\n", kind=b"text/plain"))

    def test_every_cut(self) -> None:
        data = sealed(CHECK)
        expected = reply_bytes(GOLDEN)
        for at in range(1, len(data)):
            self.connect(PEER)
            self.assertEqual(self.ask(data[:at]), b"")
            self.assertEqual(opened(self.ask(data[at:])), expected)

    def test_two_are_not_sealed_alike(self) -> None:
        self.assertNotEqual(self.anew(sealed(CHECK)), self.anew(sealed(CHECK)))

    def test_errors_are_sealed(self) -> None:
        packed = CHECK.replace(b"\r\n", b"\r\nDictionary: x\r\nCompression: zstd\r\n", 1)
        for inside, status, text in (
            (b"GET /nosuch HTTP/1.1\r\n\r\n", 404, "invalid command"),
            (CHECK[:-1], 400, "HTTP parser error: The request ends too soon"),
            (CHECK + b"x", 400, "HTTP parser error: Data behind the request"),
            (packed, 400, "Non numeric dictionary"),
        ):
            self.assertEqual(opened(self.anew(sealed(inside))), error_bytes(status, text))
            self.assertTrue(self.transport.disconnecting)

    def test_head_has_no_body(self) -> None:
        found = opened(self.ask(sealed(b"HEAD /ping HTTP/1.1\r\n\r\n")))
        expected = reply_bytes(b"pong\r\n", kind=b"text/plain").removesuffix(b"pong\r\n")
        self.assertEqual(found, expected)

    def test_scan_that_fails_or_takes_long(self) -> None:
        self.serve(FakeScanner(error=RuntimeError("x")), on_failure="reject")
        self.assertIn(b'"action":"reject"', opened(self.ask(sealed(CHECK))))
        self.flushLoggedErrors(RuntimeError)
        self.serve(FakeScanner(wait=True), on_failure="tempfail", deadline=5.0)
        self.assertEqual(self.ask(sealed(CHECK)), b"")
        self.clock.advance(5.0)
        self.assertIn(b'"action":"soft reject"', opened(self.replies()))

    def test_while_draining(self) -> None:
        self.factory.is_draining = True
        self.assertEqual(opened(self.ask(sealed(CHECK))), reply_bytes(GOLDEN))

    def test_behind_plain_requests(self) -> None:
        self.assertEqual(self.ask(PING), PONG)
        self.assertEqual(opened(self.ask(sealed(CHECK))), reply_bytes(GOLDEN))
        self.assertEqual(self.ask(PING), b"")
        self.assertTrue(self.transport.disconnecting)

    def test_pipelined(self) -> None:
        found = self.ask(PING + sealed(CHECK) + PING)
        self.assertTrue(found.startswith(PONG))
        self.assertEqual(opened(found.removeprefix(PONG)), reply_bytes(GOLDEN))

    def test_client_that_waits_to_send(self) -> None:
        data = sealed(CHECK, b"Expect: 100-continue")
        at = data.index(b"\r\n\r\n") + 4
        self.assertEqual(self.ask(data[:at]), CONTINUE)
        self.assertEqual(opened(self.ask(data[at:])), reply_bytes(GOLDEN))
        inside = CHECK.replace(b"\r\n", b"\r\nExpect: 100-continue\r\n", 1)
        self.assertEqual(opened(self.anew(sealed(inside))), reply_bytes(GOLDEN))

    def test_half_closed(self) -> None:
        self.transport.clear()
        self.protocol.dataReceived(sealed(CHECK))
        self.protocol.readConnectionLost()
        self.assertEqual(opened(self.replies()), reply_bytes(GOLDEN))

    def test_listener_without_keypairs(self) -> None:
        """It knows no header `Key`."""
        self.serve(FakeScanner(VERDICT), keypairs=())
        found = self.ask(framed(b"hello", key_line(), line=b"POST /checkv2 HTTP/1.1"))
        self.assertEqual(found, reply_bytes(GOLDEN, close=False))

    def test_keys_change(self) -> None:
        """A request that was begun is answered with the old ones."""
        data = sealed(CHECK)
        self.ask(data[:-1])
        new = Keypair.new()
        self.factory.keyring.renew([new])
        self.assertEqual(opened(self.ask(data[-1:])), reply_bytes(GOLDEN))
        self.assertEqual(self.anew(data), NOT_OPENED)


class VectorTests(SealedCase):
    def test_captured(self) -> None:
        for vector in VECTORS["captured"]:
            pair = Keypair.of(bytes.fromhex(vector["server_secret"]))
            self.factory.keyring.renew([pair])
            fields = [f"{name}: {value}" for name, value in vector["outer_headers"]]
            head = "\r\n".join((vector["outer_line"], *fields, "", "")).encode()
            reply = self.anew(head + bytes.fromhex(vector["request_blob"]))
            key = shared_key(pair, bytes.fromhex(vector["client_public"]))
            inside = key.unseal(reply.partition(b"\r\n\r\n")[2])
            self.assertTrue(inside.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"))
            self.assertIn(b"\r\nDate: ", inside)

    def test_negative(self) -> None:
        for vector in VECTORS["negative"]:
            pair = Keypair.of(bytes.fromhex(vector["server_secret"]))
            self.factory.keyring.renew([pair])
            line = f"Key: {vector['key_header']}".encode()
            reply = self.anew(framed(bytes.fromhex(vector["blob"]), line))
            self.assertEqual(reply, NOT_OPENED, vector["case"])


class NoOracleTests(SealedCase):
    """Whatever is wrong before it is opened has one answer, and one end."""

    def requests(self) -> dict[str, tuple[bytes, ...]]:
        blob = SHARED.seal(CHECK, NONCE)
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + key_line() + b"\r\n\r\n"
        low = key_line()[:13] + b"=" + b"y" * 52
        return {
            "header": (framed(blob, b"Key: x"), framed(CHECK, b"Key: " + b"y" * 8)),
            "key": (framed(blob, key_line(Keypair.new())),),
            "client": (framed(blob, low),),
            "truncated": (head + b"zz\r\n",),
            "blob": (
                framed(b"", key_line()),
                framed(blob[:39], key_line()),
                framed(blob[:-1], key_line()),
                framed(blob[:30] + b"\0" + blob[31:], key_line()),
                framed(CHECK, key_line()),
                head + chunked(blob[:-1]),
            ),
        }

    def test_same_reply(self) -> None:
        for reason, tries in self.requests().items():
            for data in tries:
                self.counted.clear()
                self.assertEqual(self.anew(data), NOT_OPENED, data)
                # Lest it is reset before the client has read that.
                self.assertFalse(self.transport.disconnecting)
                self.assertEqual(self.ask(sealed(CHECK)), b"")
                self.assertEqual(self.counted, [f"httpcrypt/refused/{reason}"])
        self.assertEqual(self.scanner.calls, [])

    def test_several_key_headers(self) -> None:
        """One that fits is enough; none, or too many, are never taken for a plain request."""
        blob, scan = SHARED.seal(CHECK, NONCE), b"POST /checkv2 HTTP/1.1"
        good, bad, other = key_line(), b"Key: x", key_line(Keypair.new())
        most = [other] * (MAX_KEY_HEADERS - 1)
        for headers in ([good, bad], [bad, good], [good, other], [good, good], [*most, good]):
            found = self.anew(framed(blob, *headers, line=scan))
            self.assertEqual(opened(found), reply_bytes(GOLDEN))
        scanned = len(self.scanner.calls)
        for headers in ([bad, bad], [bad, other], [other, other], [*most, good, good]):
            for body in (blob, b"hello"):
                self.assertEqual(self.anew(framed(body, *headers, line=scan)), NOT_OPENED)
        self.assertEqual(len(self.scanner.calls), scanned)

    def test_end_of_input(self) -> None:
        self.ask(sealed(CHECK)[:-1])
        self.protocol.readConnectionLost()
        self.assertEqual(self.replies(), NOT_OPENED)
        self.assertEqual(self.counted, ["httpcrypt/refused/truncated"])

    def test_one_line_a_minute(self) -> None:
        data = framed(CHECK, key_line())
        for _ in range(3):
            self.anew(data)
        line = "http: '192.0.2.7': HTTPCrypt refused: it was sealed with another key, or changed"
        self.assertEqual(self.lines(), [line])
        self.clock.advance(INTERVAL)
        self.anew(data)
        self.assertEqual(self.lines()[1:], [f"{line} (2 more since it was last said)"])


class LimitTests(SealedCase):
    def test_message_that_is_too_large(self) -> None:
        self.serve(FakeScanner(VERDICT, max_message=4))
        found = opened(self.ask(sealed(CHECK)))
        self.assertEqual(found, error_bytes(413, "Request entity too large: 5"))
        self.serve(FakeScanner(VERDICT, max_message=4), oversize="reject")
        self.assertIn(b'"action":"reject"', opened(self.ask(sealed(CHECK))))

    def test_body_outside_that_is_too_large(self) -> None:
        size = self.scanner.max_message + MAX_WHOLE_HEAD + FORM_OVERHEAD + 41
        head = b"POST / HTTP/1.1\r\n%b\r\nContent-Length: %d\r\n\r\n"
        self.assertEqual(self.ask(head % (key_line(), size - 1)), b"")
        found = opened(self.anew(head % (key_line(), size)))
        self.assertEqual(found, error_bytes(413, f"Request entity too large: {size}"))
        # Nobody gets round the policy by a message that is larger still.
        self.serve(FakeScanner(VERDICT), oversize="reject")
        self.assertIn(b'"action":"reject"', opened(self.ask(head % (key_line(), size))))

    def test_time(self) -> None:
        self.ask(sealed(CHECK)[:-1])
        self.clock.advance(self.factory.listener.request_timeout)
        self.assertEqual(opened(self.replies()), error_bytes(408, "IO timeout"))

    def test_memory(self) -> None:
        """A message is there three times at most: sealed and opened, or opened and as a body."""
        size = 4 * 2**20
        self.serve(FakeScanner(VERDICT, max_message=size))
        for line_end in (b"\r\n", b"\n"):
            head = (b"POST /checkv2 HTTP/1.1", b"Content-Length: %d" % size, b"", b"")
            data = sealed(line_end.join(head) + bytes(size))
            self.connect(PEER)
            pieces = [data[at : at + 65536] for at in range(0, len(data), 65536)]
            del data
            gc.collect()
            tracemalloc.start()
            try:
                for piece in pieces:
                    self.protocol.dataReceived(piece)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            self.assertIn(b"200 OK", opened(self.replies()))
            self.assertLess(peak, 3.3 * size)

    def test_nothing_is_kept_of_a_client_that_is_gone(self) -> None:
        """Without a collection: what reads requests refers to nothing that refers to it."""
        size = 4 * 2**20
        data = sealed(b"POST /checkv2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for at in range(0, len(data) - 65536, 65536):
            self.protocol.dataReceived(data[at : at + 65536])
        self.assertGreater(tracemalloc.get_traced_memory()[0], size / 2)
        self.gone()
        # As a real one does.
        self.transport.unregisterProducer()
        del self.protocol, self.transport
        self.assertLess(tracemalloc.get_traced_memory()[0], size / 4)

    def test_our_own_key_as_that_of_a_client(self) -> None:
        data = framed(shared_key(OURS, OURS.public).seal(CHECK), key_line(OURS, OURS))
        self.assertEqual(opened(self.ask(data), OURS), reply_bytes(GOLDEN))
