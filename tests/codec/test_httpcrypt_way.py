"""What tells of the way of a sealed request counts as it stands outside."""

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import ProtocolError, RequestComplete, RequestHead
from mailfilter.codec.httpcrypt_outside import Reading
from mailfilter.codec.httpcrypt_requests import SealedRequests
from mailfilter.codec.httpcrypt_way import Way

from .sealed_case import MAX_BODY, OneKey, framed, open_plain, sealed

WAY = Way(lambda name: name in (b"via", b"origin"), (b"origin",))


def inside(*headers: bytes) -> bytes:
    return framed(b"hello", *headers, line=b"POST /checkv2 HTTP/1.1")


class WayTests(SynchronousTestCase):
    def told(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The headers that are told of a request, but for its length."""
        codec = SealedRequests(Reading(open_plain, None, MAX_BODY, WAY), OneKey())
        event = codec.receive(data)[-1]
        assert isinstance(event, RequestComplete), event
        return [field for field in event.head.headers if field[0] != b"content-length"]

    def check(self, inner: Sequence[bytes], outer: Sequence[bytes], *told: bytes) -> None:
        found = self.told(sealed(inside(*inner), *outer))
        self.assertEqual([b"%b: %b" % field for field in found], list(told))

    def test_inside_is_dropped(self) -> None:
        self.check([b"VIA: x", b"Subject: y", b"Origin: z"], [], b"subject: y")

    def test_outside_counts(self) -> None:
        self.check([b"From: a"], [b"Via: x", b"Via: y", b"To: b"], b"from: a", b"via: x", b"via: y")
        self.check([b"Via: a"], [b"Via: x"], b"via: x")

    def test_host(self) -> None:
        """That outside counts where the other headers mean nothing without it."""
        self.check([b"Host: a"], [b"Host: b"], b"host: a")
        self.check([b"Host: a"], [b"Host: b", b"Via: x"], b"host: a", b"via: x")
        self.check([b"Host: a"], [b"Host: b", b"Origin: x"], b"origin: x", b"host: b")
        self.check([b"Host: a"], [b"Origin: x"], b"origin: x")

    def test_plain(self) -> None:
        self.assertEqual(self.told(inside(b"Via: x", b"Host: a"))[0], (b"via", b"x"))

    def test_head_by_itself_and_errors(self) -> None:
        """Those that are asked about before there is a body, and those of one that is too large."""
        data = framed(b"x" * (MAX_BODY + 1), b"Via: a", line=b"POST /checkv2 HTTP/1.1")
        for waits in (True, False):
            reading = Reading(open_plain, [_no, _yes][waits], 2 * MAX_BODY, WAY)
            (event,) = SealedRequests(reading, OneKey()).receive(sealed(data, b"Via: x"))
            self.assertIsInstance(event, RequestHead if waits else ProtocolError)
            head = event if isinstance(event, RequestHead) else event.head
            assert head is not None
            self.assertEqual([value for name, value in head.headers if name == b"via"], [b"x"])


def _no(_: RequestHead) -> bool:
    return False


def _yes(_: RequestHead) -> bool:
    return True
