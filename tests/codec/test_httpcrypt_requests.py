"""Requests sealed in others: what real programs send, byte tables, every input cut everywhere."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import ProtocolError, RequestComplete, RequestHead
from mailfilter.codec.http_body import Refused
from mailfilter.codec.http_head import MAX_WHOLE_HEAD
from mailfilter.codec.httpcrypt import OVERHEAD, SEALED_TYPE, Keypair, SharedKey, shared_key
from mailfilter.codec.httpcrypt_requests import (
    TOO_LONG,
    TOO_SHORT,
    Unopened,
    render_sealed,
)

from .httpcrypt_vectors import VECTORS
from .sealed_case import (
    CHECK,
    CLIENT,
    MAX_BODY,
    NONCE,
    OURS,
    SHARED,
    OneKey,
    chunked,
    framed,
    key_line,
    make,
    read,
    sealed,
)


def pair_of(vector: dict[str, str]) -> Keypair:
    return Keypair.of(bytes.fromhex(vector["server_secret"]))


class Case(SynchronousTestCase):
    def complete(self, data: bytes, gate: OneKey | None = None) -> RequestComplete:
        """The request, which is the same wherever the octets are cut."""
        events, codec = read([data], gate)
        last = events[-1]
        assert isinstance(last, RequestComplete), last
        self.assertFalse(last.head.keep_alive)
        self.assertIsNotNone(codec.key)
        self.check_cuts(data, gate)
        return last

    def check_cuts(self, data: bytes, gate: OneKey | None = None) -> None:
        """Only the last event matters: whether a head outside is told depends on the cuts."""
        events, codec = read([data], gate)
        step = max(1, len(data) // 500)
        for at in range(1, len(data), step):
            found, other = read([data[:at], data[at:]], gate)
            self.assertEqual(found[-1], events[-1])
            self.assertEqual(other.key is None, codec.key is None)

    def refused(self, data: bytes, gate: OneKey | None = None) -> ProtocolError:
        """Why the request inside is refused; the reply is sealed."""
        events, codec = read([data], gate)
        last = events[-1]
        assert isinstance(last, ProtocolError), last
        self.assertNotIsInstance(last, Unopened)
        self.assertIsNotNone(codec.key)
        self.check_cuts(data, gate)
        return last

    def unopened(self, data: bytes, gate: OneKey | None = None) -> Unopened:
        """Why it cannot be opened; the reply is in the clear, and the same for all."""
        events, codec = read([data], gate)
        (last,) = events
        assert isinstance(last, Unopened), last
        self.assertEqual((last.status, last.head, last.size), (400, None, 0))
        self.assertIsNone(codec.key)
        self.check_cuts(data, gate)
        return last


class RealTests(Case):
    """What programs of Rspamd 3.4 have sent, or have answered."""

    def test_exchanges(self) -> None:
        for vector in VECTORS["exchanges"]:
            gate = OneKey(pair_of(vector))
            request = bytes.fromhex(vector["request_http"])
            plain = bytes.fromhex(vector["request_plain"])
            lines = plain.replace(b"\r\n", b"\n")
            method, path = plain.split(b" ")[:2]
            events, codec = read([request], gate)
            last = events[-1]
            assert isinstance(last, RequestComplete)
            self.assertEqual((last.head.method, last.head.path), (method, path))
            self.assertTrue(plain.endswith(last.body))
            self.assertEqual(len(last.head.headers), lines.partition(b"\n\n")[0].count(b"\n"))
            self.assertEqual(gate.clients[0].hex(), vector["client_public"])
            self.check_cuts(request, gate)
            self.check_reply(vector, codec.key)

    def check_reply(self, vector: dict[str, str], key: SharedKey | None) -> None:
        """We would seal a reply as they did."""
        assert key is not None
        plain = bytes.fromhex(vector["reply_plain"])
        blob = key.seal(plain, bytes.fromhex(vector["reply_nonce"]))
        self.assertTrue(bytes.fromhex(vector["reply_http"]).endswith(b"\r\n\r\n" + blob))

    def test_captured(self) -> None:
        for vector in VECTORS["captured"]:
            fields = b"".join(
                f"{name}: {value}\r\n".encode() for name, value in vector["outer_headers"]
            )
            head = vector["outer_line"].encode() + b"\r\n" + fields + b"\r\n"
            gate = OneKey(pair_of(vector))
            last = self.complete(head + bytes.fromhex(vector["request_blob"]), gate)
            inside, _, body = bytes.fromhex(vector["request_plain"]).partition(b"\r\n\r\n")
            self.assertEqual((last.head.path, last.body), (b"/checkv2", body))
            self.assertEqual(len(last.head.headers), inside.count(b"\r\n"))
            self.assertEqual(gate.clients[0].hex(), vector["client_public"])

    def test_negative(self) -> None:
        for vector in VECTORS["negative"]:
            line = f"Key: {vector['key_header']}".encode()
            data = framed(bytes.fromhex(vector["blob"]), line)
            self.unopened(data, OneKey(pair_of(vector)))


class OutsideTests(Case):
    def test_ways_to_frame(self) -> None:
        blob = SHARED.seal(CHECK, NONCE)
        by_length = b"Content-Length: %d\r\n" % len(blob)
        for data in (
            sealed(CHECK),
            sealed(CHECK, line=b"POST /post HTTP/1.0"),
            sealed(CHECK, line=b"PUT /checkv2?a=b HTTP/1.1"),
            sealed(CHECK, line=b"HEAD / HTTP/1.1"),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            + key_line()
            + b"\r\n\r\n"
            + chunked(blob),
            b"POST / HTTP/1.1\r\n" + by_length + key_line().lower() + b"\r\n\r\n" + blob,
            b"POST / HTTP/1.1\r\n" + key_line() + b" \r\n" + by_length + b"\r\n" + blob,
        ):
            self.assertEqual(self.complete(data).body, b"hello")

    def test_nothing_outside_matters(self) -> None:
        last = self.complete(
            sealed(
                CHECK,
                b"Password: x",
                b"Content-Encoding: nonsense",
                b"Deliver-To: x",
                b"Connection: keep-alive",
            )
        )
        self.assertEqual(last.head.headers, [(b"content-length", b"5")])
        self.assertEqual((last.head.path, last.head.arguments), (b"/checkv2", []))

    def test_key_that_cannot_be_read(self) -> None:
        """It never falls back to a plain request."""
        short = key_line().partition(b": ")[2]
        for value in (b"", b"=", b"nonsense", short[:8], short.upper(), short + b"=", b"\xff=y"):
            self.assertEqual(self.unopened(framed(CHECK, b"Key: " + value)).reason, "header")
        other = key_line(Keypair.new())
        self.assertEqual(self.unopened(framed(CHECK, other)).reason, "key")

    def test_what_cannot_be_opened(self) -> None:
        blob = SHARED.seal(CHECK, NONCE)
        flipped = blob[:-1] + bytes([blob[-1] ^ 1])
        with_other = shared_key(OURS, bytes([9]) + bytes(31)).seal(CHECK)
        for body in (b"", blob[:39], blob[:-1], blob + b"x", flipped, with_other, CHECK):
            self.assertEqual(self.unopened(framed(body, key_line())).reason, "blob")
        get = b"GET /ping HTTP/1.1\r\n" + key_line() + b"\r\n\r\n"
        self.assertEqual(self.unopened(get).reason, "blob")

    def test_end_before_all_is_there(self) -> None:
        data = sealed(CHECK)
        for cut in range(len(data) - len(SHARED.seal(CHECK)), len(data)):
            codec = make()
            codec.receive(data[:cut])
            (event,) = codec.end_of_input()
            assert isinstance(event, Unopened)
            self.assertEqual(event.reason, "truncated")
            self.assertIsNone(codec.key)

    def test_broken_chunks(self) -> None:
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + key_line() + b"\r\n\r\n"
        codec = make()
        self.assertEqual(codec.receive(head + b"5")[:-1], [])
        (event,) = codec.receive(b"zz\r\n")
        assert isinstance(event, Unopened)
        self.assertEqual(event.reason, "truncated")

    def test_several_key_headers(self) -> None:
        """All are for the gate; this one looks at the last."""
        line = b"POST /checkv2 HTTP/1.1"
        found = self.complete(framed(SHARED.seal(CHECK), b"Key: x", key_line(), line=line))
        self.assertEqual(found.body, b"hello")
        for headers in ((key_line(), b"Key: x"), (b"Key: x", b"Key: x")):
            self.unopened(framed(CHECK, *headers, line=line))

    def test_too_large(self) -> None:
        """The client can read why, once its key is known."""
        most = MAX_BODY + MAX_WHOLE_HEAD + OVERHEAD
        for size, is_read in ((most, True), (most + 1, False)):
            codec = make()
            head = b"POST /checkv2 HTTP/1.1\r\nContent-Length: %d\r\n" % size
            events = codec.receive(head + key_line() + b"\r\n\r\n")
            self.assertIsNotNone(codec.key)
            if is_read:
                self.assertIsInstance(events[0], RequestHead)
                continue
            (event,) = events
            assert isinstance(event, ProtocolError)
            self.assertEqual(event, ProtocolError(413, f"Request entity too large: {size}"))
            self.assertEqual((event.head, event.size), (None, size))

    def test_client_that_waits_to_send(self) -> None:
        codec = make()
        data = sealed(CHECK, b"Expect: 100-continue")
        at = data.index(b"\r\n\r\n") + 4
        (head,) = codec.receive(data[:at])
        assert isinstance(head, RequestHead)
        self.assertTrue(head.expects_continue)
        events = codec.receive(data[at:])
        self.assertEqual([type(event) for event in events], [RequestComplete])

    def test_last_of_its_connection(self) -> None:
        events, codec = read([sealed(CHECK) + sealed(CHECK) + CHECK])
        self.assertEqual([type(event) for event in events], [RequestComplete])
        self.assertTrue(codec.answering)
        self.assertTrue(codec.held)
        self.assertEqual(codec.next_request(), [])

    def test_behind_plain_ones(self) -> None:
        gate = OneKey()
        events, codec = read([CHECK, CHECK + sealed(CHECK.replace(b"hello", b"HELLO"))], gate)
        found = [event.body for event in events if isinstance(event, RequestComplete)]
        self.assertEqual(found, [b"hello", b"hello", b"HELLO"])
        self.assertEqual(gate.clients, [CLIENT.public])
        self.assertIsNotNone(codec.key)

    def test_plain_ones_are_not_wanted(self) -> None:
        gate = OneKey()
        gate.plain = Refused(403, "Encryption required")
        events, codec = read([CHECK], gate)
        self.assertEqual(events, [ProtocolError(403, "Encryption required")])
        self.assertTrue(codec.broken)
        self.assertEqual(self.complete(sealed(CHECK), gate).body, b"hello")


class InsideTests(Case):
    def test_line_ends(self) -> None:
        for inside in (
            CHECK.replace(b"\r\n", b"\n"),
            b"\n" + CHECK.replace(b"\r\n", b"\n"),
            b"POST /checkv2 HTTP/1.0\nA: b\r\nContent-Length: 5\n\r\nhello",
            b"POST /checkv2 HTTP/1.0\r\nContent-Length: 5\r\n\nhello",
            CHECK.replace(b"1.1", b"1.0"),
        ):
            self.assertEqual(self.complete(sealed(inside)).body, b"hello")

    def test_body_is_left_alone(self) -> None:
        for line_end in (b"\n", b"\r\n"):
            body = b"a\nb\r\n\nc\r\n\r\nd\n\n"
            head = b"POST / HTTP/1.1", b"Content-Length: %d" % len(body), b"", b""
            self.assertEqual(self.complete(sealed(line_end.join(head) + body)).body, body)

    def test_without_body(self) -> None:
        for inside in (b"GET /ping HTTP/1.1\n\n", b"GET /ping HTTP/1.1\r\n\r\n"):
            self.assertEqual(self.complete(sealed(inside)).head.path, b"/ping")

    def test_chunked(self) -> None:
        head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.complete(sealed(head + chunked(b"hello"))).body, b"hello")
        bare = head.replace(b"\r\n", b"\n") + chunked(b"hello")
        self.assertEqual(self.complete(sealed(bare)).body, b"hello")
        for coding in (b"gzip", b"gzip, chunked", b"identity"):
            found = self.refused(sealed(head.replace(b"chunked", coding) + chunked(b"hello")))
            self.assertEqual(found.status, 400)

    def test_key_is_dropped(self) -> None:
        inside = CHECK.replace(b"\r\n", b"\r\nA: b\r\nKey: x\r\nkey: y\r\n", 1)
        last = self.complete(sealed(inside))
        self.assertEqual(last.head.headers, [(b"a", b"b"), (b"content-length", b"5")])

    def test_nobody_waits(self) -> None:
        inside = CHECK.replace(b"\r\n", b"\r\nExpect: 100-continue\r\n", 1)
        self.assertFalse(self.complete(sealed(inside)).head.expects_continue)

    def test_too_short(self) -> None:
        for inside in (
            b"",
            b"\r\n",
            b"GET /ping HTT",
            b"GET /ping HTTP/1.1\r\n",
            CHECK[:-1],
            CHECK[:-1].replace(b"\r\n", b"\n"),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ):
            self.assertEqual(self.refused(sealed(inside)), ProtocolError(400, TOO_SHORT))

    def test_too_long(self) -> None:
        for inside in (
            CHECK + b"x",
            CHECK + CHECK,
            CHECK.replace(b"\r\n", b"\n") + b"\n",
            CHECK.replace(b"1.1", b"1.0") + b"\r\n",
            b"POST / HTTP/1.1\r\n\r\nhello",
            b"POST / HTTP/1.1\n\nhello",
        ):
            self.assertEqual(self.refused(sealed(inside)), ProtocolError(400, TOO_LONG))

    def test_no_request(self) -> None:
        for inside in (
            b"hello world",
            b"\x00" * 100,
            b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            b"POST / HTTP/1.1\rContent-Length: 5\r\n\r\nhello",
            b"POST / HTTP/1.1\nA b\n\n",
            b"\n" * 100 + CHECK,
        ):
            self.assertEqual(self.refused(sealed(inside)).status, 400)

    def test_too_large(self) -> None:
        inside = framed(b"x" * (MAX_BODY + 1), b"Queue-Id: q", b"Key: x")
        found = self.refused(sealed(inside))
        self.assertEqual((found.status, found.size), (413, MAX_BODY + 1))
        assert found.head is not None
        self.assertEqual(found.head.headers[0], (b"queue-id", b"q"))
        self.assertNotIn(b"key", dict(found.head.headers))

    def test_head_too_large(self) -> None:
        for line_end in (b"\r\n", b"\n"):
            inside = b"GET / HTTP/1.1" + line_end + b"A: " + b"x" * 90_000 + line_end * 2
            self.assertEqual(self.refused(sealed(inside)).status, 431)

    def test_client_is_not_wanted(self) -> None:
        gate = OneKey()
        gate.sealed = Refused(403, "Unknown key")
        self.assertEqual(self.refused(sealed(CHECK), gate), ProtocolError(403, "Unknown key"))
        # Nothing is said of a key to one who does not have it.
        self.unopened(framed(b"x" * 100, key_line()), gate)

    def test_body_that_waits(self) -> None:
        codec = make(waits=lambda head: head.path == b"/checkv2")
        data = sealed(CHECK)
        codec.receive(data[:-1])
        (head,) = codec.receive(data[-1:])
        assert isinstance(head, RequestHead)
        self.assertEqual(
            (head.path, codec.waiting, codec.answering, codec.in_request),
            (b"/checkv2", True, False, True),
        )
        (event,) = codec.read_body()
        assert isinstance(event, RequestComplete)
        self.assertEqual(
            (event.body, codec.waiting, codec.answering, codec.in_request),
            (b"hello", False, True, False),
        )

    def test_body_that_waits_and_is_not_right(self) -> None:
        for inside, text in ((CHECK + b"x", TOO_LONG), (CHECK[:-1], TOO_SHORT)):
            codec = make(waits=lambda _: True)
            codec.receive(sealed(inside))
            self.assertEqual(codec.read_body(), [ProtocolError(400, text)])

    def test_plain_body_that_waits(self) -> None:
        codec = make(waits=lambda _: True)
        codec.receive(CHECK)
        self.assertTrue(codec.waiting)
        (event,) = codec.read_body()
        self.assertIsInstance(event, RequestComplete)


class ReplyTests(SynchronousTestCase):
    def test_golden(self) -> None:
        """Octet for octet what Rspamd writes, but for its name."""
        found = render_sealed(SHARED, b"inside", server="s", date="d")
        head, _, body = found.partition(b"\r\n\r\n")
        self.assertEqual(
            head,
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nServer: s\r\nDate: d\r\n"
            b"Content-Length: 46\r\nContent-Type: " + SEALED_TYPE.encode(),
        )
        self.assertEqual(SHARED.unseal(body), b"inside")
        other = render_sealed(SHARED, b"inside", server="s", date="d")
        self.assertNotEqual(other, found)
