"""What those may do whom a proxy passes on: who they are counts, and not who passes them on."""

from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.logger import formatEvent

from mailfilter.config.model import Config, Controller, Identity

from ..codec.proxy_headers import INET, UNIX, addresses, binary, tls
from .http_case import PING
from .proxied_case import CLIENT, LINE, MX1, PROXY, ProxiedCase
from .sealed_case import FRIEND, ring, sealed_by

LOCAL = binary(0, b"", 0x20)
"""Of the proxy itself, or of a client that has come to it by a unix socket."""
UNKNOWN = (b"PROXY UNKNOWN\r\n", binary(0x00, b""), binary(0x31, UNIX), LOCAL)
"""Headers that do not tell where the client is."""
STAT = b"GET /stat HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHECK = b"POST /checkv2 HTTP/1.1\r\nIP: 203.0.113.9\r\nContent-Length: 5\r\n\r\nhello"


class Rights(ProxiedCase):
    def envelope(self, header: bytes, host: str = PROXY) -> Any:
        there = self.connect(host)
        there.send(header + CHECK)
        return self.scanner.calls[-1][0]

    def test_by_network(self) -> None:
        """The client's network is asked for, and not the proxy's."""
        self.serve("http", trusted_peers=(PROXY,))
        self.assertFalse(self.envelope(LINE).is_trusted)
        for header in UNKNOWN:
            self.assertFalse(self.envelope(header).is_trusted)
        self.serve("http", trusted_peers=(CLIENT,))
        self.assertTrue(self.envelope(LINE).is_trusted)
        self.assertFalse(self.envelope(b"PROXY UNKNOWN\r\n").is_trusted)

    def test_what_to_do(self) -> None:
        """It is of no use to add the network of one that is in none."""
        for header, words in (
            (LINE, "add its network to listeners.here.trusted_peers"),
            (LOCAL, "have its proxy tell its address, or the certificate of one of identities"),
        ):
            self.events.clear()
            self.serve("http")
            self.envelope(header)
            (line,) = map(formatEvent, self.events)
            self.assertTrue(line.endswith(f" are ignored; to believe it, {words}"), line)

    def test_by_loopback(self) -> None:
        line = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
        self.serve("http", proxies=(PROXY, "127.0.0.1", "unix"))
        self.assertFalse(self.envelope(line).is_trusted)
        self.assertTrue(self.envelope(line, "127.0.0.1").is_trusted)
        self.assertTrue(self.envelope(line, "unix").is_trusted)
        self.assertFalse(self.envelope(LINE, "unix").is_trusted)
        for header in UNKNOWN:
            self.assertFalse(self.envelope(header, "unix").is_trusted)
            self.assertFalse(self.envelope(header, "127.0.0.1").is_trusted)

    def test_by_identity(self) -> None:
        """A name that the proxy has verified makes its client known."""
        identities = {
            "front": Identity(proxy_names=("mx1",), trusted=True),
            "other": Identity(proxy_names=("mx2",)),
        }
        shown = tls(0x07, 0, (0x21, b"TLSv1.3"), (0x22, b"mx1"))
        for header, client in (
            (binary(0x11, INET + shown), CLIENT),
            (binary(0x00, shown), "an unknown client"),
            (binary(0x31, UNIX + shown), "an unknown client"),
            (binary(0x00, shown, 0x20), "an unknown client"),
        ):
            self.serve("http", identities=identities)
            known = self.envelope(header)
            self.assertEqual(known.identity, "front")
            self.assertTrue(known.is_trusted)
            told = f"passed on for {client} by the proxy {PROXY}, with TLS 'TLSv1.3'"
            self.assertEqual(known.passed_on, f"{told}, certificate of 'mx1', verified")
        self.serve("http", identities=identities, admitted=("other",))
        self.assertIsNone(self.envelope(MX1).identity)
        self.assertFalse(self.envelope(MX1).is_trusted)

    def test_not_verified(self) -> None:
        identities = {"front": Identity(proxy_names=("mx1", ""), trusted=True)}
        self.serve("http", identities=identities)
        for client, verify in ((0x07, 1), (0x01, 0)):
            envelope = self.envelope(binary(0x11, INET + tls(client, verify, (0x22, b"mx1"))))
            self.assertIsNone(envelope.identity)
            self.assertFalse(envelope.is_trusted)
        self.assertIsNone(self.envelope(binary(0x11, INET + tls(0x07, 0))).identity)
        self.assertIsNone(self.envelope(LINE).identity)

    def test_identity_that_is_not_trusted(self) -> None:
        """Not even from loopback."""
        identities = {"front": Identity(proxy_names=("mx1",), trusted=False)}
        self.serve("http", identities=identities, proxies=("127.0.0.1",))
        inner = addresses("127.0.0.1", 1, "127.0.0.1", 2)
        header = binary(0x11, inner + tls(0x07, 0, (0x22, b"mx1")))
        envelope = self.envelope(header, "127.0.0.1")
        self.assertEqual((envelope.identity, envelope.is_trusted), ("front", False))

    def test_lines_on_a_scan_listener(self) -> None:
        """What the proxy says goes on to whoever speaks, once that is known."""
        self.serve("scan", identities={"front": Identity(proxy_names=("mx1",))})
        there = self.connect()
        there.send(MX1 + b"CHECK RSPAMC/1.3\r\nContent-length: 5\r\n\r\nhello")
        envelope = self.scanner.calls[-1][0]
        self.assertEqual(envelope.identity, "front")
        self.assertIn(f"passed on for {CLIENT} by the proxy", envelope.passed_on or "")

    def test_local_files(self) -> None:
        """A unix socket lends no rights to those for whom a proxy speaks."""
        self.serve("http", proxies=("unix",), local_files=True)
        for header in (LINE, *UNKNOWN):
            there = self.connect("unix")
            there.send(header + b"POST /checkv2 HTTP/1.1\r\nFile: /etc/passwd\r\n\r\n")
            self.assertEqual([raw for _, raw in self.scanner.calls if raw], [])

    def test_key(self) -> None:
        """Who has a key of HTTPCrypt is known by that, and the proxy is not forgotten."""
        self.serve("http", keypairs=("ours",), client_keys="optional")
        self.site.keyring = ring(self.site.listener)  # type: ignore[attr-defined]
        there = self.connect()
        there.send(MX1 + sealed_by(FRIEND, CHECK))
        envelope = self.scanner.calls[-1][0]
        self.assertEqual((envelope.identity, envelope.by_key), ("friend", True))
        self.assertIn(
            f"passed on for {CLIENT} by the proxy {PROXY}, with TLS", envelope.passed_on or ""
        )

    def test_encrypted_only(self) -> None:
        """Those who are not on this machine are not exempt, wherever the proxy is."""
        settings: dict[str, Any] = {"encrypted_only": "remote", "keypairs": ("a",)}
        near = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
        for proxy in ("127.0.0.1", "unix"):
            for header, status in (
                (near, b"200"),
                (LINE, b"403"),
                *((header, b"403") for header in UNKNOWN),
            ):
                self.serve("http", proxies=(proxy,), **settings)
                there = self.connect(proxy)
                there.send(header + PING)
                self.assertEqual(there.value()[9:12], status, (proxy, header))
        self.serve("http", **settings)
        there = self.connect()
        there.send(near + PING)
        self.assertEqual(there.value()[9:12], b"403")


class ControllerRights(ProxiedCase):
    def status(self, header: bytes, host: str = PROXY, request: bytes = STAT) -> int:
        there = self.connect(host)
        there.send(header + request)
        self.clock.advance(0)
        return int(there.value()[9:12])

    def use(self, controller: Controller, **settings: Any) -> None:
        self.serve("controller", config=Config(controller=controller), **settings)

    def test_by_place(self) -> None:
        """Neither the proxy's loopback nor its socket lets others in."""
        near = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
        for proxy in ("127.0.0.1", "unix"):
            self.use(Controller(), proxies=(proxy,))
            self.assertEqual(self.status(near, proxy), 200)
            for header in (LINE, *UNKNOWN):
                self.assertEqual(self.status(header, proxy), 401)
        self.use(Controller())
        self.assertEqual(self.status(near), 401)

    def test_secure_ip(self) -> None:
        self.use(Controller(secure_ip=(PROXY, "127.0.0.1")))
        for header in (LINE, *UNKNOWN, b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"):
            self.assertEqual(self.status(header), 401)
        self.use(Controller(secure_ip=(CLIENT,)))
        self.assertEqual(self.status(LINE), 200)
        self.use(Controller(secure_ip=("0.0.0.0/0", "::/0")))
        self.assertEqual(self.status(b"PROXY UNKNOWN\r\n"), 401)

    def test_what_to_do(self) -> None:
        """Who is in no network cannot be named in trusted_proxies."""
        request = STAT.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n")
        for header, words in (
            (LINE, "until it is in controller.trusted_proxies"),
            (LOCAL, "since the PROXY protocol does not tell where they come from"),
        ):
            self.events.clear()
            self.use(Controller())
            self.assertEqual(self.status(header, request=request), 401)
            lines = map(formatEvent, self.events)
            (line,) = [line for line in lines if line and "passed on by a proxy" in line]
            self.assertTrue(line.endswith(words), line)

    def test_identity(self) -> None:
        identities = {"front": Identity(proxy_names=("mx1",), controller="read")}
        self.use(Controller(password="x" * 12), identities=identities)
        self.assertEqual(self.status(MX1), 200)
        self.assertEqual(self.status(LINE), 401)

    def test_scan(self) -> None:
        """What is scanned for the web interface has come by a proxy, too."""
        identities = {"front": Identity(proxy_names=("mx1",), controller="write")}
        self.use(Controller(password="x" * 12), identities=identities)
        scan = b"POST /api/scan HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
        self.assertEqual(self.status(MX1, request=scan), 200)
        ((envelope, _),) = self.scanner.calls
        self.assertEqual(envelope.identity, "front")
        self.assertIn(f"passed on for {CLIENT} by the proxy {PROXY}", envelope.passed_on or "")

    def test_wrong_passwords(self) -> None:
        """Those of unknown clients do not shut out others, be they unknown by another proxy."""
        controller = Controller(password="right-one", max_auth_failures=1)
        self.use(controller, proxies=("unix", PROXY))
        unknown = b"PROXY UNKNOWN\r\n"
        for password, header, proxy, status in (
            (b"wrong", unknown, "unix", 401),
            (b"right-one", unknown, "unix", 429),
            (b"right-one", unknown, PROXY, 200),
            (b"right-one", LINE, "unix", 200),
            (b"right-one", LOCAL, "unix", 429),
        ):
            request = STAT.replace(b"\r\n\r\n", b"\r\nPassword: %b\r\n\r\n" % password)
            found = self.status(header, proxy, request)
            self.assertEqual(found, status, (password, header, proxy))
        self.assertIsInstance(self.connect("unix").getPeer(), UNIXAddress)
