"""Connections that a proxy passes on, on real sockets."""

import socket
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from mailfilter.app.serving import Serving
from mailfilter.codec.control import Credentials, Pair
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Certificate, Identity, Listener, Tls
from mailfilter.testing.fake_scanner import FakeScanner
from tests.authority import Authority
from tests.codec.proxy_headers import INET, addresses, binary, tls
from tests.servers.http_case import PING
from tests.servers.spamd_case import CHECK, CHECKED, VERDICT

from .case import SECONDS, SocketCase

T = TypeVar("T")

LINE = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 11332\r\n"
SIX = binary(0x21, addresses("2001:db8::7", 4711, "2001:db8::1", 25))
MX1 = binary(0x11, INET + tls(0x07, 0, (0x22, b"mx1")))
LARGE = 20 * 2**20
NAME = "mx.example.org"


class ProxiedSocketTests(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        self.authority = Authority(self.folder, "ours")
        self.files = self.authority.issue(NAME)
        self.scanner = FakeScanner(VERDICT)
        self.counted: list[str] = []
        self.serve("s", Tls())

    def serve(self, path: str, settings: Tls) -> None:
        """Listen, with a unix socket of this name."""
        tcp, unix = ("127.0.0.1",), ("unix",)
        listeners = {
            "http": Listener(protocol="http", endpoint="tcp:0", proxy_protocol=tcp),
            "lines": Listener(protocol="spamd", endpoint="unix:x", proxy_protocol=unix),
            "plain": Listener(protocol="scan", endpoint="tcp:0"),
            "tls": Listener(
                protocol="spamd", endpoint="tcp:0", proxy_protocol=tcp, certificates=("mx",)
            ),
        }
        config = Config(
            listeners=listeners,
            certificates={"mx": Certificate(chain="x")},
            identities={"mx1": Identity(proxy_names=("mx1",))},
            tls=settings,
        )
        chain, key = (file.read_bytes() for file in self.files)
        pair = Pair(name="mx", chain=chain, key=key)
        self.serving = Serving(
            reactor,
            Loaded(config, {}, None, "/"),
            self.scanner,
            self.fail,
            Credentials(pairs=(pair,)),
            self.counted.append,
        )
        self.addCleanup(self.end, self.serving)
        self.where: dict[str, Any] = {}
        for name in listeners:
            where: Any = str(self.folder / path) if name == "lines" else ("127.0.0.1", 0)
            sock = self.listening(where)
            sock.setblocking(False)
            self.serving.accept(name, sock, is_shared=False)
            self.where[name] = sock.getsockname()

    async def end(self, serving: Serving) -> None:
        await serving.drain(is_stop=True, seconds=0)
        await self.until(lambda: not any(serving.connections().values()))

    def connected(self, name: str) -> socket.socket:
        where = self.where[name]
        client = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.addCleanup(client.close)
        client.settimeout(SECONDS * 6)
        client.connect(where)
        return client

    async def talk(self, name: str, dialogue: Callable[[socket.socket], T]) -> T:
        """Run a dialogue with a listener in a thread."""
        client = self.connected(name)
        return await deferToThread(dialogue, client)

    def said(self, *pieces: bytes) -> Callable[[socket.socket], bytes]:
        """A dialogue: say all, end, and read all that is answered."""

        def dialogue(client: socket.socket) -> bytes:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
            return read_all(client)

        return dialogue

    async def test_half_closed(self) -> None:
        """What ends together with the header's octets is answered all the same."""
        for header in (LINE, SIX, MX1):
            answer = await self.talk("http", self.said(header + PING))
            self.assertIn(b"200 OK", answer)
        self.assertEqual(self.counted, ["proxy/connections"] * 3)

    async def test_stranger(self) -> None:
        """It is where its proxy says, which is on this machine: what it tells is not believed."""
        scan = b"POST /checkv2 HTTP/1.1\r\nIP: 203.0.113.9\r\nContent-Length: 5\r\n\r\nhello"
        for header in (LINE, SIX, binary(0x00, b"")):
            self.assertIn(b"200 OK", await self.talk("http", self.said(header, scan)))
            envelope = self.scanner.calls[-1][0]
            self.assertEqual((envelope.is_trusted, envelope.knows_client), (False, False))
        self.assertIn(b"200 OK", await self.talk("plain", self.said(scan)))
        self.assertTrue(self.scanner.calls[-1][0].is_trusted)
        for header in (LINE, SIX):
            self.assertEqual(await self.talk("lines", self.said(header, CHECK)), CHECKED)
            self.assertFalse(self.scanner.calls[-1][0].is_trusted)

    async def test_unix(self) -> None:
        self.assertEqual(await self.talk("lines", self.said(MX1, CHECK)), CHECKED)
        envelope = self.scanner.calls[-1][0]
        self.assertEqual(envelope.identity, "mx1")
        self.assertFalse(envelope.is_trusted)

    async def test_large(self) -> None:
        """Reading stops and goes on as without a proxy."""
        body = b"A: 1\n\n".ljust(LARGE, b"x")
        head = b"POST /checkv2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = await self.talk("http", self.said(LINE[:9], LINE[9:] + head, body))
        self.assertIn(b"200 OK", answer)
        self.assertEqual(len(self.scanner.calls[-1][1]), LARGE)

    async def test_many_requests(self) -> None:
        answer = await self.talk("http", self.said(LINE + PING * 200))
        self.assertEqual(answer.count(b"200 OK"), 200)

    async def test_tls(self) -> None:
        context = ssl.create_default_context(cafile=str(self.authority.file))

        def dialogue(client: socket.socket) -> bytes:
            client.sendall(LINE)
            with context.wrap_socket(client, server_hostname=NAME) as secured:
                secured.sendall(CHECK)
                return read_all(secured)

        self.assertEqual(await self.talk("tls", dialogue), CHECKED)

    async def test_too_late(self) -> None:
        """A header has as much time as a handshake."""
        self.serve("late", Tls(handshake_timeout=0.05))

        def dialogue(client: socket.socket) -> bytes:
            client.settimeout(SECONDS)
            return read_refusal(LINE[:-1])(client)

        for name in ("http", "lines", "tls"):
            self.assertEqual(await self.talk(name, dialogue), b"", name)
        self.assertEqual(self.counted, ["proxy/refused/timeout"] * 3)

    async def test_refused(self) -> None:
        """Missing, wrong, and not expected: closed without a word."""
        for name, octets in (
            ("http", PING),
            ("http", binary(0x11, INET[:-1])),
            ("plain", LINE + PING),
            ("lines", CHECK),
        ):
            self.assertEqual(await self.talk(name, read_refusal(octets)), b"", name)
        reasons = ["missing", "malformed", "unexpected", "missing"]
        self.assertEqual(self.counted, [f"proxy/refused/{reason}" for reason in reasons])
        await self.until(lambda: not any(self.serving.connections().values()))


def read_all(client: socket.socket) -> bytes:
    pieces = []
    while piece := client.recv(2**16):
        pieces.append(piece)
    return b"".join(pieces)


def read_refusal(octets: bytes) -> Callable[[socket.socket], bytes]:
    """A dialogue that may end by a reset: what was sent is not all read."""

    def dialogue(client: socket.socket) -> bytes:
        client.sendall(octets)
        try:
            return read_all(client)
        except ConnectionResetError:
            return b""

    return dialogue
