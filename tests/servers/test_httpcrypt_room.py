"""How much of large sealed bodies a controller keeps before it knows who sends them."""

from twisted.internet.testing import StringTransport

from mailfilter.codec.httpcrypt import OVERHEAD
from mailfilter.config.model import Controller
from mailfilter.servers.gate import NO_ROOM
from mailfilter.servers.http_connection import HttpConnection
from mailfilter.servers.sealed_room import MESSAGES, SMALL
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.sealed_case import OURS, chunked, framed, key_line
from .controller_case import STRANGER, error_bytes
from .http_case import VERDICT
from .sealed_case import STRANGER as NOBODY
from .sealed_case import opened, sealed_by
from .test_httpcrypt_controller import PASSWORD, UNAUTHORIZED, SealedCase, closed, get

MESSAGE = 200_000
LARGE = framed(bytes(MESSAGE - 1000), PASSWORD, line=b"POST /checkv2 HTTP/1.1")
FULL = closed(error_bytes(503, NO_ROOM))


class RoomTests(SealedCase):
    controller = Controller(password="plain password")

    def setUp(self) -> None:
        super().setUp()
        self.serve(FakeScanner(VERDICT, max_message=MESSAGE))
        self.large = sealed_by(NOBODY, LARGE)

    def taken(self) -> int:
        room = self.factory.room
        assert room is not None
        return room.taken

    def other(self, data: bytes) -> tuple[HttpConnection, StringTransport]:
        """One more connection that has sent this."""
        self.connect(STRANGER)
        self.ask(data)
        return self.protocol, self.transport

    def fill(self) -> list[HttpConnection]:
        """Connections that keep what there is room for."""
        others = [self.other(self.large[:-1])[0] for _ in range(MESSAGES)]
        self.assertEqual(self.taken(), MESSAGES * (len(LARGE) + OVERHEAD))
        return others

    def test_full(self) -> None:
        self.fill()
        self.counted.clear()
        for data in (self.large, self.large[:300]):
            self.assertEqual(opened(self.anew(data), NOBODY), FULL)
            # What is still sent is dropped, and keeps the reply from nobody.
            self.assertTrue(self.protocol._closing)
        self.assertEqual(self.counted, ["httpcrypt/refused/full"] * 2)

    def test_small_and_plain_ones(self) -> None:
        """They come through whatever others send."""
        self.fill()
        found = self.inside(get(b"/auth", PASSWORD))
        self.assertTrue(found.startswith(b"HTTP/1.1 200 OK"), found)
        self.assertTrue(self.anew(LARGE).startswith(b"HTTP/1.1 200 OK"))
        self.assertEqual(self.inside(bytes(SMALL - OVERHEAD))[:12], b"HTTP/1.1 400")
        self.assertEqual(self.inside(bytes(SMALL))[:12], FULL[:12])

    def test_clients_that_leave(self) -> None:
        for protocol in self.fill():
            self.protocol = protocol
            self.gone()
        self.assertEqual(self.taken(), 0)
        self.assertTrue(opened(self.anew(self.large), NOBODY).startswith(b"HTTP/1.1 200 OK"))

    def test_time_is_up(self) -> None:
        self.fill()
        self.clock.advance(self.factory.listener.request_timeout)
        self.assertEqual(self.taken(), 0)

    def test_released(self) -> None:
        """However it ends, and once."""
        wrong = self.large[:-1] + b"!"
        stranger = sealed_by(NOBODY, LARGE.replace(b"Password", b"Passport"))
        short, long = sealed_by(NOBODY, LARGE[:-1]), sealed_by(NOBODY, LARGE + b"x")
        for data in (self.large, wrong, stranger, short, long):
            self.anew(data[:-1])
            self.assertGreaterEqual(self.taken(), len(LARGE))
            self.ask(data[-1:])
            self.assertEqual(self.taken(), 0)
            self.gone()
            self.assertEqual(self.taken(), 0)

    def test_one_is_let_in(self) -> None:
        """Even one that may be larger than all there is room for, as it does not say."""
        self.serve(FakeScanner(VERDICT, max_message=MESSAGE))
        start, _, body = self.large.partition(b"\r\n\r\n")
        line, key = start.split(b"\r\n")[:2]
        head = b"\r\n".join((line, key, b"Transfer-Encoding: chunked", b"", b""))
        first, _ = self.other(head)
        self.assertGreater(self.taken(), MESSAGES * MESSAGE)
        self.assertEqual(opened(self.anew(head), NOBODY), FULL)
        self.assertEqual(opened(self.anew(self.large), NOBODY), FULL)
        self.protocol = first
        self.gone()
        self.assertEqual(self.taken(), 0)
        found = opened(self.anew(head + chunked(body)), NOBODY)
        self.assertTrue(found.startswith(b"HTTP/1.1 200 OK"), found)
        self.assertEqual(self.taken(), 0)

    def test_too_large(self) -> None:
        """It takes no room of others."""
        self.fill()
        head = b"POST / HTTP/1.1\r\n%b\r\nContent-Length: 99999999\r\n\r\n"
        found = opened(self.anew(head % key_line(OURS, NOBODY)), NOBODY)
        self.assertTrue(found.startswith(b"HTTP/1.1 413 "), found)
        self.assertEqual(self.taken(), MESSAGES * (len(LARGE) + OVERHEAD))

    def test_known_clients_alone(self) -> None:
        """Who has no key of ours is told that, as in all other cases."""
        self.serve(
            FakeScanner(VERDICT, max_message=MESSAGE), client_keys="required", encrypted_only="all"
        )
        self.fill()
        found = opened(self.anew(self.large), NOBODY)
        self.assertEqual(found, closed(error_bytes(403, "Unknown key")))

    def test_stranger(self) -> None:
        """Who is turned away keeps none of it."""
        data = sealed_by(NOBODY, LARGE.replace(b"Password", b"Passport"))
        self.assertEqual(opened(self.anew(data), NOBODY), UNAUTHORIZED)
        self.assertEqual(self.taken(), 0)
