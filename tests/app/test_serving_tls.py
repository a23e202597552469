"""All protocols with TLS on sockets, and certificates that are renewed while they serve."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from mailfilter.app.serving import Serving
from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Certificate, Identity, Listener, Protocol
from mailfilter.servers.stream import Stream, unsent
from mailfilter.testing.fake_scanner import FakeScanner
from tests.authority import Authority
from tests.codec.milter_mta import offer
from tests.servers.http_case import PING
from tests.servers.spamd_case import CHECK, CHECKED, VERDICT, request

from .case import SECONDS, SocketCase

T = TypeVar("T")

PROTOCOLS: tuple[Protocol, ...] = ("http", "milter", "scan", "spamd")
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
NAME = "mx.example.org"
LARGE = b"A: 1\n\n".ljust(50 * 2**20, b"x")


class TlsSocketCase(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.folder, "ours")
        self.theirs = Authority(self.folder, "theirs")
        self.pair = self.authority.issue(NAME)
        self.files = self.theirs.issue("mx1.example.net")
        self.scanner = FakeScanner(VERDICT)
        self.alarms: list[str] = []
        self.counted: list[str] = []
        listeners: dict[str, Listener] = {
            name: Listener(
                protocol=name,
                endpoint="tcp:0",
                certificates=("mx",),
                client_auth="optional",
            )
            for name in PROTOCOLS
        }
        config = Config(
            listeners=listeners,
            certificates={"mx": Certificate(chain="x")},
            identities={"mx1": Identity(dns=("mx1.example.net",))},
        )
        self.loaded_config = Loaded(config, {}, None, "/")
        self.serving = self.serve()
        self.sockets: dict[str, socket.socket] = {}
        for name in PROTOCOLS:
            sock = self.sockets[name] = self.listening(("127.0.0.1", 0))
            sock.setblocking(False)
            self.serving.accept(name, sock, is_shared=False)

    def serve(self) -> Serving:
        made = Serving(
            reactor,
            self.loaded_config,
            self.scanner,
            self.alarms.append,
            self.credentials(*self.pair),
            self.counted.append,
        )
        self.addCleanup(self.end, made)
        return made

    async def end(self, made: Serving) -> None:
        await made.drain(is_stop=True, seconds=0)
        await self.until(lambda: not any(made.connections().values()))

    def credentials(self, chain: Path, key: Path) -> Credentials:
        pair = Pair(name="mx", chain=chain.read_bytes(), key=key.read_bytes())
        trusts = [
            Trust(listener=name, authorities=self.theirs.file.read_bytes()) for name in PROTOCOLS
        ]
        return Credentials(pairs=(pair,), trusts=tuple(trusts))

    def connected(self, name: str) -> socket.socket:
        client = socket.create_connection(self.sockets[name].getsockname(), SECONDS * 6)
        self.addCleanup(client.close)
        return client

    def context(self, version: ssl.TLSVersion, *, shows: bool = True) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.minimum_version = context.maximum_version = version
        if shows:
            context.load_cert_chain(*self.files)
        return context

    async def talk(
        self,
        name: str,
        dialogue: Callable[[ssl.SSLSocket], T],
        version: ssl.TLSVersion = VERSIONS[1],
        *,
        shows: bool = True,
    ) -> T:
        """Run a dialogue with a listener in a thread."""
        context = self.context(version, shows=shows)

        def run() -> T:
            with context.wrap_socket(self.connected(name), server_hostname=NAME) as client:
                return dialogue(client)

        return await deferToThread(run)

    def shown(self, client: ssl.SSLSocket) -> bytes:
        """What a client is shown."""
        return client.getpeercert(binary_form=True) or b""


def rest(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(2**20), b""))


def said(*parts: bytes) -> Callable[[ssl.SSLSocket], bytes]:
    """A dialogue: say something, and read up to the end of TLS."""

    def dialogue(client: ssl.SSLSocket) -> bytes:
        for part in parts:
            client.sendall(part)
        return rest(client)

    return dialogue


def offered(client: ssl.SSLSocket) -> bytes:
    """A dialogue: what an MTA begins with, and the answer."""
    client.sendall(offer())
    return client.recv(1000)


class ProtocolTests(TlsSocketCase):
    async def test_lines(self) -> None:
        for version in VERSIONS:
            for name in ("scan", "spamd"):
                self.assertEqual(await self.talk(name, said(CHECK), version), CHECKED)
                self.assertEqual(self.scanner.calls[-1][0].identity, "mx1")
                await self.talk(name, said(CHECK), version, shows=False)
                self.assertIsNone(self.scanner.calls[-1][0].identity)

    async def test_http(self) -> None:
        last = PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        for version in VERSIONS:
            for name in ("scan", "http"):
                answer = await self.talk(name, said(PING, PING, last), version)
                self.assertEqual(answer.count(b"pong\r\n"), 3)

    async def test_milter(self) -> None:
        for version in VERSIONS:
            answer = await self.talk("milter", offered, version)
            self.assertEqual(answer[4:5], b"O")

    async def test_large(self) -> None:
        """A request and a reply of 50 MiB, and the end of TLS behind it."""
        for name in ("scan", "spamd"):
            data = request(b"PROCESS SPAMC/1.5", LARGE)
            answer = await self.talk(name, said(data))
            self.assertGreater(len(answer), len(LARGE))
            self.assertTrue(answer.endswith(LARGE[-1000:]))

    async def test_slow_reader(self) -> None:
        """What it has not read yet can be seen through TLS, to the last octet."""
        context = self.context(VERSIONS[1])
        plain = self.connected("spamd")
        client = await deferToThread(context.wrap_socket, plain, server_hostname=NAME)
        self.addCleanup(client.close)
        await deferToThread(client.sendall, request(b"PROCESS SPAMC/1.5", LARGE))
        await self.until(lambda: bool(self.scanner.calls))
        (connection,) = self.serving.factories["spamd"].connections
        stream = cast(Stream, connection.transport)
        await self.until(lambda: unsent(stream)[1] > 0)
        self.assertGreater(unsent(stream)[0], len(LARGE) // 2)
        self.assertFalse(connection.is_idle)
        await deferToThread(rest, client)
        await self.until(lambda: unsent(stream) == (0, 0))
        await self.until(lambda: connection.is_idle)
        connection.close_idle()
        await self.until(lambda: not self.serving.connections()["spamd"])

    async def test_half_close(self) -> None:
        """close_notify and FIN behind the request, as spamc does it."""
        self.scanner.wait = True

        octets = b"CHECK SPAMC/1.2\r\n\r\nSubject: x\r\n\r\n"
        answered = deferToThread(half_closed, self.connected("spamd"), octets)
        await self.until(lambda: self.scanner.waiting == 1)
        self.scanner.release()
        self.assertEqual(await answered, CHECKED)

    async def test_gone(self) -> None:
        """Without close_notify, by FIN and by reset."""
        self.scanner.wait = True
        for count, is_reset in enumerate((False, True), 1):
            plain = self.connected("http")
            context = self.context(VERSIONS[1])
            client = await deferToThread(context.wrap_socket, plain, server_hostname=NAME)
            client.sendall(b"POST /checkv2 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
            await self.until(lambda: self.scanner.waiting == 1)
            if is_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            await self.until(lambda count=count: self.scanner.cancelled == count)  # type: ignore[misc]
            await self.until(lambda: not any(self.serving.connections().values()))

    async def test_gone_in_the_handshake(self) -> None:
        for name in PROTOCOLS:
            for octets in (0, 5, 50):
                client = self.connected(name)
                await self.until(lambda: any(self.serving.connections().values()))
                client.sendall(
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".ljust(octets)[:octets]
                )
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.close()
                await self.until(lambda: not any(self.serving.connections().values()))

    async def test_plain(self) -> None:
        for name in PROTOCOLS:
            client = self.connected(name)
            client.sendall(PING)
            try:
                answer = await deferToThread(rest, client)
            except ConnectionResetError:
                answer = b""
            self.assertEqual(answer, b"")
        self.assertEqual(self.counted, ["tls/refused/plain"] * len(PROTOCOLS))

    async def test_alert(self) -> None:
        """It is not lost, although the client has sent its request behind its certificate."""
        self.files = self.theirs.issue("mx1.example.net", days=(-9, -1))

        def dialogue(client: ssl.SSLSocket) -> bytes:
            client.sendall(CHECK)
            return rest(client)

        for version in VERSIONS:
            for _ in range(10):
                with self.assertRaisesRegex(ssl.SSLError, "(?i)certificate.expired"):
                    await self.talk("spamd", dialogue, version)


def half_closed(plain: socket.socket, request: bytes) -> bytes:
    """Say something, then close_notify and FIN; all that is said to that.

    Python's own TLS reads nothing behind its close_notify.
    """
    plain.settimeout(None)
    client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), plain)
    client.set_connect_state()
    client.do_handshake()
    client.sendall(request)
    client.shutdown()
    plain.shutdown(socket.SHUT_WR)
    received = b""
    while True:
        try:
            received += client.recv(65536)
        except SSL.ZeroReturnError:
            return received


class RenewTests(TlsSocketCase):
    async def test_new_connections(self) -> None:
        """They get what is new, those that are open go on."""
        context = self.context(VERSIONS[1])
        kept = await deferToThread(
            context.wrap_socket, self.connected("http"), server_hostname=NAME
        )
        self.addCleanup(kept.close)
        renewed = self.authority.issue(NAME, stem="new")
        await self.serving.renew(self.credentials(*renewed))
        for version in VERSIONS:
            shown = await self.talk("http", self.shown, version)
            self.assertEqual(shown, ssl.PEM_cert_to_DER_cert(renewed[0].read_text()))
        kept.sendall(PING)
        answer = await deferToThread(kept.recv, 1000)
        self.assertTrue(answer.endswith(b"pong\r\n"))
        self.assertEqual(self.shown(kept), ssl.PEM_cert_to_DER_cert(self.pair[0].read_text()))
        self.assertEqual(self.alarms, [])

    async def test_bad(self) -> None:
        """The old ones stay, and that is an alarm."""
        other = self.authority.issue("other.example")
        await self.serving.renew(self.credentials(self.pair[0], other[1]))
        shown = await self.talk("http", self.shown)
        self.assertEqual(shown, ssl.PEM_cert_to_DER_cert(self.pair[0].read_text()))
        (alarm,) = self.alarms
        self.assertIn("certificates.mx: the private key does not belong", alarm)

    async def test_the_last_counts(self) -> None:
        pairs = [self.authority.issue(NAME, stem=f"new{number}") for number in range(5)]
        renewals = [self.serving.renew(self.credentials(*pair)) for pair in pairs]
        for renewal in renewals:
            await renewal
        shown = await self.talk("http", self.shown)
        self.assertEqual(shown, ssl.PEM_cert_to_DER_cert(pairs[-1][0].read_text()))


class DrainTests(TlsSocketCase):
    async def test_handshake(self) -> None:
        """One that was begun before a reload is served after it, as the last."""
        plain = self.connected("http")
        hello = plain.dup()
        self.addCleanup(hello.close)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context(VERSIONS[1]).wrap_bio(incoming, outgoing, server_hostname=NAME)
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        plain.sendall(outgoing.read())
        await self.until(lambda: bool(self.serving.connections()["http"]))
        incoming.write(await deferToThread(plain.recv, 65536))
        drained = self.serving.drain(is_stop=False, seconds=SECONDS * 6)
        tls.do_handshake()
        tls.write(PING)
        plain.sendall(outgoing.read())
        data = await deferToThread(rest, plain)
        incoming.write(data)
        answer = tls.read(10_000)
        self.assertIn(b"Connection: close", answer)
        self.assertTrue(answer.endswith(b"pong\r\n"))
        plain.close()
        hello.close()
        await drained

    async def test_stalled(self) -> None:
        """Whoever stands still in a handshake holds up no stop."""
        plain = self.connected("http")
        plain.sendall(b"\x16\x03\x01")
        await self.until(lambda: bool(self.serving.connections()["http"]))
        await self.serving.drain(is_stop=True, seconds=SECONDS * 6)
        self.assertEqual(self.serving.connections()["http"], 0)
