"""Sealed requests at a controller: passwords, identities, large bodies, pages of the web."""

from pathlib import Path
from typing import Any

from backports import zstd
from twisted.internet.defer import Deferred

from mailfilter.codec.http1 import RequestHead
from mailfilter.codec.httpcrypt import Keypair
from mailfilter.config.model import Controller
from mailfilter.servers import background
from mailfilter.servers.access import Allowed
from mailfilter.servers.http_reply import Reply
from mailfilter.servers.keyring import Keyring, client_keys
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.known import Known

from ..codec.sealed_case import OURS, framed, key_line
from .controller_case import DRESS, STRANGER, ControllerCase, error_bytes
from .http_case import PING, at_once, reply_bytes
from .sealed_case import CONFIG, FRIEND, GUEST, NOT_OPENED, opened, sealed_by
from .sealed_case import STRANGER as NOBODY

LOCKED = Controller(password="plain password")


def closed(reply: bytes) -> bytes:
    return reply.replace(b"Server:", b"Connection: close\r\nServer:", 1)


def get(path: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", *headers, b"", b""))


UNAUTHORIZED = closed(error_bytes(401, "Unauthorized"))
PASSWORD = b"Password: plain password"


class SealedCase(ControllerCase):
    controller = LOCKED

    def serve(self, scanner: FakeScanner, **settings: Any) -> None:
        super().serve(scanner, **{"keypairs": ("ours",), "client_keys": "optional", **settings})
        listener = self.factory.listener
        self.factory.keyring = Keyring([OURS], client_keys(CONFIG, listener))
        self.connect(STRANGER)

    def inside(self, data: bytes, *headers: bytes, client: Keypair = NOBODY) -> bytes:
        """The reply to what somebody has sealed."""
        return opened(self.anew(sealed_by(client, data, *headers)), client)

    def anew(self, data: bytes, known: Known | None = None) -> bytes:
        """The reply of a new connection to a stranger's request, or one who shows a certificate."""
        self.connect(STRANGER, known)
        return self.ask(data)


class AuthTests(SealedCase):
    def test_password_inside(self) -> None:
        found = self.inside(get(b"/auth", PASSWORD))
        self.assertTrue(found.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), found)

    def test_password_that_is_wrong(self) -> None:
        found = self.inside(get(b"/auth", b"Password: x"))
        self.assertEqual(found, UNAUTHORIZED)

    def test_password_outside(self) -> None:
        """It is not looked at."""
        self.assertEqual(self.inside(get(b"/auth"), PASSWORD), UNAUTHORIZED)

    def test_identity(self) -> None:
        for path in (b"/auth", b"/stat"):
            found = self.inside(get(path), client=FRIEND)
            self.assertTrue(found.startswith(b"HTTP/1.1 200 OK\r\n"), found)
            self.assertEqual(self.inside(get(path), client=GUEST), UNAUTHORIZED)

    def test_certificate_and_key(self) -> None:
        """The key of nobody takes nothing from who has shown a certificate; that of another one
        says who asks.
        """
        admin, mta = Known("admin", is_trusted=False, may_read=True), Known("mx", is_trusted=True)
        stat = get(b"/stat")
        for known, client, is_let_in in (
            (admin, None, True),
            (admin, NOBODY, True),
            (admin, FRIEND, True),
            (admin, GUEST, False),
            (mta, None, False),
            (mta, NOBODY, False),
            (mta, FRIEND, True),
        ):
            found = self.anew(stat if client is None else sealed_by(client, stat), known)
            inside = found if client is None else opened(found, client)
            self.assertEqual(inside.startswith(b"HTTP/1.1 200 OK\r\n"), is_let_in, inside)

    def test_not_opened(self) -> None:
        found = self.anew(framed(get(b"/auth", PASSWORD), key_line()))
        self.assertEqual(found, NOT_OPENED.replace(b"text/plain\r\n", b"text/plain\r\n" + DRESS))

    def test_ping(self) -> None:
        found = self.inside(PING)
        expected = reply_bytes(b"pong\r\n", kind=b"text/plain")
        self.assertEqual(found, expected.replace(b"plain\r\n", b"plain\r\n" + DRESS))

    def test_page(self) -> None:
        """Of the web interface, for which nobody need be known."""
        self.patch(background, "in_background", at_once)
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "index.html").write_bytes(b"<p>hello</p>")
        self.use(Controller(static_dir=str(folder)))
        found = self.inside(get(b"/"))
        self.assertTrue(found.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), found)
        self.assertTrue(found.endswith(b"\r\n\r\n<p>hello</p>"))
        without = self.inside(get(b"/").replace(b"GET", b"HEAD"))
        self.assertTrue(without.endswith(b"\r\n\r\n"))

    def test_encrypted_only(self) -> None:
        self.serve(FakeScanner(), encrypted_only="remote")
        self.assertEqual(
            self.anew(get(b"/auth", PASSWORD)), closed(error_bytes(403, "Encryption required"))
        )
        large = b"POST /checkv2 HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n"
        self.assertEqual(self.anew(large), closed(error_bytes(403, "Encryption required")))
        self.connect()
        self.assertNotIn(b"Encryption", self.ask(get(b"/auth", PASSWORD)))


class LargeTests(SealedCase):
    """Bodies that are unpacked when it is known who asks."""

    body = bytes(100_000)

    def scan(self, body: bytes, *headers: bytes) -> bytes:
        return framed(body, *headers, line=b"POST /checkv2 HTTP/1.1")

    def test_stranger(self) -> None:
        for inside in (self.scan(self.body), self.scan(b"no zstd", b"Compression: zstd")):
            self.assertEqual(self.inside(inside), UNAUTHORIZED)
        self.assertEqual(self.scanner.calls, [])

    def test_let_in(self) -> None:
        packed = zstd.compress(self.body)
        for inside in (
            self.scan(self.body, PASSWORD),
            self.scan(packed, PASSWORD, b"Compression: zstd"),
        ):
            found = self.inside(inside)
            self.assertTrue(found.startswith(b"HTTP/1.1 200 OK"), found)
            self.assertEqual(self.scanner.calls.pop()[1], self.body)

    def test_identity(self) -> None:
        found = self.inside(self.scan(self.body), client=FRIEND)
        self.assertTrue(found.startswith(b"HTTP/1.1 200 OK"), found)
        self.assertEqual(self.scanner.calls[0][0].identity, "friend")

    def test_not_one_request(self) -> None:
        for data in (self.scan(self.body, PASSWORD)[:-1], self.scan(self.body, PASSWORD) + b"x"):
            found = self.inside(data)
            self.assertTrue(found.startswith(b"HTTP/1.1 400 "), found)
        self.assertEqual(self.scanner.calls, [])

    def test_waiting(self) -> None:
        """As long as it is decided, nobody gets an answer; a client may leave."""
        decisions: list[Deferred[Allowed | Reply]] = []

        def decide(head: RequestHead, *_: object, **__: object) -> Deferred[Allowed | Reply]:
            decisions.append(Deferred())
            return decisions[-1]

        self.patch(self.services.access, "decide", decide)
        self.assertEqual(self.anew(sealed_by(NOBODY, self.scan(self.body))), b"")
        allowed = Allowed("x", may_change=True, how="password")
        decisions.pop().callback(allowed)
        self.clock.advance(0)
        decisions.pop().callback(allowed)
        self.assertTrue(opened(self.replies(), NOBODY).startswith(b"HTTP/1.1 200 OK"))
        self.anew(sealed_by(NOBODY, self.scan(self.body)))
        self.gone()
        self.assertEqual(len(decisions), 1)
