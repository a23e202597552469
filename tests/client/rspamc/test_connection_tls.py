"""Exchanges over TLS: nobody is told anything who was not verified."""

import os
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Event

from mailfilter.client.rspamc.address import Server
from mailfilter.client.rspamc.exchange import Misused
from mailfilter.client.rspamc.options import Trust
from mailfilter.codec.http_client import Answer
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load

from .wire_case import LARGE, PATIENCE, SHORT, WireCase, length, read_request, saying, silent

Files = tuple[Path, Path]
Secure = Callable[[ssl.SSLSocket, Event], None]

LOCAL = "127.0.0.1"


class TlsCase(WireCase):
    """With an authority, and servers with certificates."""

    def setUp(self) -> None:
        """Make the authority."""
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.authority = Authority(self.folder, "right")
        self.heard: list[bytes] = []

    def secure(
        self, serve: Secure, files: Files | None = None, client_ca: Path | None = None
    ) -> Server:
        """Shake hands, then do this."""
        certificate, key = files or self.authority.issue(LOCAL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED

        def plain(sock: socket.socket, over: Event) -> None:
            # Its errors are those of the system.
            with context.wrap_socket(sock, server_side=True) as wrapped:
                serve(wrapped, over)

        return self.listen(plain, is_tls=True)

    def hearing(self, answer: bytes = length(b"hi")) -> Secure:
        """Note all that is said, and answer a request."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            self.heard.append(read_request(sock))
            sock.sendall(answer)
            sock.unwrap()

        return serve

    def trust(self, **options: object) -> Trust:
        """Our authority, unless told otherwise."""
        options.setdefault("authorities", os.fspath(self.authority.file))
        return Trust(**options)  # type: ignore[arg-type]

    def ask_it(self, server: Server, body: bytes = b"hello", /, **options: object) -> Answer:
        """Ask on these terms."""
        return self.ask(server, body, trust=self.trust(**options))

    def why_not(self, server: Server, body: bytes = b"hello", /, **options: object) -> str:
        """Why there is no answer on these terms; the server has heard nothing."""
        said = self.fails(server, body, trust=self.trust(**options))
        self.assertEqual(b"".join(self.heard), b"")
        return said


class VerifiedTests(TlsCase):
    """Who is on the other side."""

    def test_own_authority(self) -> None:
        """It is trusted for an address and for a name."""
        self.assertEqual(self.ask_it(self.secure(self.hearing())).body, b"hi")
        server = self.secure(self.hearing(), self.authority.issue("localhost"))
        named = Server("localhost", server.port, is_tls=True)
        self.assertEqual(self.ask_it(named).body, b"hi")
        self.assertIn(b"Host: localhost:", self.heard[-1])

    def test_wrong_name(self) -> None:
        """Both names are said."""
        server = self.secure(self.hearing(), self.authority.issue("mx.example.org"))
        said = self.why_not(Server("localhost", server.port, is_tls=True))
        self.assertEqual(
            said, "no TLS: the certificate is not for localhost but for mx.example.org"
        )

    def test_other_authority(self) -> None:
        """One that nobody has told us of; and the system's do not know ours."""
        other = Authority(self.folder, "other")
        server = self.secure(self.hearing())
        for authorities in (os.fspath(other.file), ""):
            said = self.why_not(server, authorities=authorities)
            self.assertRegex(said, "^no TLS: .*(authority|issuer|signed)")

    def test_over(self) -> None:
        """Its time is over."""
        files = self.authority.issue(LOCAL, days=(-9, -1))
        self.assertRegex(self.why_not(self.secure(self.hearing(), files)), "^no TLS: .*expired")

    def test_pins(self) -> None:
        """A certificate or its public key, and no other."""
        files = self.authority.issue(LOCAL)
        certificate = load(files[0])
        server = self.secure(self.hearing(), files)
        for pin in (fingerprint(certificate), public_key(certificate).upper()):
            self.assertEqual(self.ask_it(server, pins=("0" * 64, pin)).body, b"hi")
        self.heard.clear()
        said = self.why_not(server, pins=("0" * 64,))
        self.assertIn("no TLS: the certificate is not pinned", said)
        self.assertIn(fingerprint(certificate), said)

    def test_pin_is_not_all(self) -> None:
        """A pinned certificate must be right otherwise, too."""
        files = self.authority.issue("mx.example.org")
        server = self.secure(self.hearing(), files)
        said = self.why_not(server, pins=(fingerprint(load(files[0])),))
        self.assertIn("is not for 127.0.0.1", said)

    def test_revoked(self) -> None:
        """A list says so; without a list of its issuer none is believed."""
        files = self.authority.issue(LOCAL)
        server = self.secure(self.hearing(), files)
        revoked = os.fspath(self.authority.revoke())
        self.assertEqual(self.ask_it(server, revoked=revoked).body, b"hi")
        self.heard.clear()
        # Files are looked at again by all who ask.
        self.authority.revoke(files[0])
        self.assertRegex(self.why_not(server, revoked=revoked), "^no TLS: .*revoked")
        other = Authority(self.folder, "other").revoke()
        said = self.why_not(server, revoked=os.fspath(other))
        self.assertRegex(said, "^no TLS: ")

    def test_our_certificate(self) -> None:
        """A server that wants one gets it, and says so if it does not."""
        certificate, key = self.authority.issue("client.example.org", usage="client")
        server = self.secure(self.hearing(), client_ca=self.authority.file)
        shown = {"certificate": os.fspath(certificate), "key": os.fspath(key)}
        self.assertEqual(self.ask_it(server, **shown).body, b"hi")
        both = self.folder / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        self.assertEqual(self.ask_it(server, certificate=os.fspath(both)).body, b"hi")
        self.heard.clear()
        self.assertIn("it wants a certificate of ours, and was shown none", self.why_not(server))
        other = Authority(self.folder, "other").issue("client.example.org", stem="other-client")
        shown = {"certificate": os.fspath(other[0]), "key": os.fspath(other[1])}
        self.assertIn("it refused the certificate that we showed", self.why_not(server, **shown))

    def test_our_certificate_and_much(self) -> None:
        """It is heard why not while the message is being sent."""
        server = self.secure(self.hearing(), client_ca=self.authority.file)
        for _ in range(10):
            said = self.why_not(server, bytes(LARGE))
            self.assertIn("it wants a certificate of ours, and was shown none", said)

    def test_files(self) -> None:
        """Those that cannot be used are named, and nobody is connected to."""
        absent = os.fspath(self.folder / "absent")
        for option in ("authorities", "revoked", "certificate"):
            said = self.why_not(Server("localhost", 1, is_tls=True), **{option: absent})
            self.assertEqual(said, f"no TLS: {absent}: cannot be read: No such file or directory")

    def test_no_pin(self) -> None:
        """What is none."""
        with self.assertRaises(Misused):
            self.ask_it(Server("localhost", 1, is_tls=True), pins=("abc",))


class CarriedTests(TlsCase):
    """What goes to and fro."""

    def test_large(self) -> None:
        """Much in both directions."""
        body = os.urandom(2**16) * (LARGE // 2**16)
        server = self.secure(self.hearing(length(body[::-1])))
        self.assertEqual(self.ask_it(server, body).body, body[::-1])
        self.assertTrue(self.heard[0].endswith(b"\r\n\r\n" + body))

    def test_early(self) -> None:
        """An answer comes while the message is being sent."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            sock.recv(1000)
            sock.sendall(length(b"too large", b"413 Too large"))

        for _ in range(10):
            answer = self.ask_it(self.secure(serve), bytes(LARGE))
            self.assertEqual((answer.status, answer.body), (413, b"too large"))

    def test_until_the_end(self) -> None:
        """An end that TLS tells is one."""
        server = self.secure(self.hearing(b"HTTP/1.0 200 OK\r\n\r\nhi"))
        self.assertEqual(self.ask_it(server).body, b"hi")

    def test_cut(self) -> None:
        """Another is none: anybody can do that."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            read_request(sock)
            sock.sendall(b"HTTP/1.0 200 OK\r\n\r\nhi")
            sock.shutdown(socket.SHUT_RDWR)

        said = self.fails(self.secure(serve), trust=self.trust())
        self.assertEqual(said, "the connection was cut: it ended without TLS's end")

    def test_reset(self) -> None:
        """An error."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            read_request(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

        said = self.fails(self.secure(serve), trust=self.trust())
        self.assertEqual(said, "the connection broke: Connection reset by peer")

    def test_half(self) -> None:
        """It ends before the answer does."""
        server = self.secure(self.hearing(length(b"hi")[:-1]))
        said = self.fails(server, trust=self.trust())
        self.assertEqual(said, "it ended the connection early: 1 of 2 octets of its answer came")

    def test_silent(self) -> None:
        """It says nothing more."""
        server = self.secure(silent)
        said = self.fails(server, trust=self.trust(), timeout=2)
        self.assertEqual(said, "no answer within 2 s")

    def test_garbage_behind(self) -> None:
        """A complete answer counts, whatever comes behind it on the wire."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            read_request(sock)
            sock.sendall(length(b"hi"))
            raw = socket.socket(fileno=os.dup(sock.fileno()))
            with raw:
                raw.sendall(b"garbage" * 10)

        self.assertEqual(self.ask_it(self.secure(serve)).body, b"hi")

    def test_garbage(self) -> None:
        """What is no record."""

        def serve(sock: ssl.SSLSocket, over: Event) -> None:
            read_request(sock)
            with socket.socket(fileno=os.dup(sock.fileno())) as raw:
                raw.sendall(b"garbage" * 10)
            over.wait(PATIENCE)

        said = self.fails(self.secure(serve), trust=self.trust())
        self.assertRegex(said, "^TLS broke: ")


class HandshakeTests(TlsCase):
    """Where there is no TLS."""

    def test_plain(self) -> None:
        """It speaks something else."""
        for data in (b"HTTP/1.1 400 Bad\r\n\r\n", b"220 mx.example.org ESMTP\r\n"):
            server = self.listen(saying(data), is_tls=True)
            self.assertEqual(self.why_not(server), "no TLS: it does not speak TLS there")

    def test_silent(self) -> None:
        """It says nothing."""
        server = self.listen(silent, is_tls=True)
        said = self.fails(server, trust=self.trust(), timeout=SHORT)
        self.assertEqual(said, "no TLS handshake within 1 s; does it speak TLS there?")

    def test_ends(self) -> None:
        """It is gone."""
        server = self.listen(lambda sock, over: None, is_tls=True)
        self.assertRegex(self.why_not(server), "^no TLS: .*(ended|broke)")
