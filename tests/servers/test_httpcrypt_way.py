"""Sealed requests at a controller that have passed a reverse proxy, or are of a browser."""

from twisted.internet.address import UNIXAddress
from twisted.internet.interfaces import IAddress

from mailfilter.config.model import Controller

from .controller_case import LOOPBACK
from .sealed_case import STRANGER as NOBODY
from .sealed_case import opened, sealed_by
from .test_httpcrypt_controller import PASSWORD, UNAUTHORIZED, SealedCase, get

LET_IN = b"HTTP/1.1 200 OK\r\n"
UNIX = UNIXAddress("")
BEHIND = Controller(
    password="plain password", trusted_proxies=("127.0.0.1",), secure_ip=("10.1.0.0/16",)
)
STAT = get(b"/stat")
FORWARDED = (
    b"X-Forwarded-For: %b",
    b"X-Real-IP: %b",
    b"Forwarded: for=%b",
    b"Via: 1.1 %b",
    b"X-Forwarded-Host: %b",
)


class WayCase(SealedCase):
    controller = BEHIND

    def by(self, inside: bytes, *headers: bytes, peer: IAddress = LOOPBACK) -> tuple[bytes, bytes]:
        """Status lines of the replies to a request: sealed, and with these headers outside; and to
        the same with all headers, without HTTPCrypt.
        """
        self.connect(peer)
        found = opened(self.ask(sealed_by(NOBODY, inside, *headers)), NOBODY)
        line, rest = inside.split(b"\r\n", 1)
        self.connect(peer)
        plain = self.ask(b"\r\n".join((line, *headers, rest)))
        return found.split(b"\r\n")[0] + b"\r\n", plain.split(b"\r\n")[0] + b"\r\n"

    def sealed(self, inside: bytes, *headers: bytes, peer: IAddress = LOOPBACK) -> bytes:
        return self.by(inside, *headers, peer=peer)[0]


class ProxyTests(WayCase):
    def test_made_up_address(self) -> None:
        """Who seals a request may not name an address as a proxy does."""
        for header in FORWARDED:
            inside = get(b"/stat", header % b"10.1.2.3")
            for outside in ((), (b"X-Forwarded-For: 203.0.113.9",)):
                self.assertNotEqual(self.sealed(inside, *outside), LET_IN)

    def test_address_of_proxy(self) -> None:
        for header in FORWARDED[:2]:
            self.assertEqual(self.by(STAT, header % b"10.1.2.3"), (LET_IN, LET_IN))
            sealed, plain = self.by(STAT, header % b"203.0.113.9")
            self.assertEqual((sealed, plain), (UNAUTHORIZED[: len(plain)],) * 2)

    def test_unix_and_loopback_without_password(self) -> None:
        """Whoever comes by a proxy is not on this machine."""
        self.use(Controller())
        for peer in (UNIX, LOOPBACK):
            self.assertEqual(self.sealed(STAT, peer=peer), LET_IN)
            for header in FORWARDED:
                for address in (b"203.0.113.9", b"127.0.0.1"):
                    sealed, plain = self.by(STAT, header % address, peer=peer)
                    self.assertEqual(sealed, plain)
                self.assertNotEqual(self.sealed(STAT, header % b"203.0.113.9", peer=peer), LET_IN)

    def test_no_proxy(self) -> None:
        """Headers inside do not make somebody a client of a proxy, either."""
        self.use(Controller())
        inside = get(b"/stat", b"X-Forwarded-For: 203.0.113.9")
        self.assertEqual(self.sealed(inside), LET_IN)

    def test_password(self) -> None:
        """It is inside, as ever."""
        outside = b"X-Forwarded-For: 203.0.113.9"
        self.assertEqual(self.sealed(get(b"/stat", PASSWORD), outside), LET_IN)
        self.assertNotEqual(self.sealed(STAT, outside, PASSWORD), LET_IN)

    def test_guesses(self) -> None:
        """They are counted by the address that the proxy tells."""
        seen = []
        for number in range(60):
            made_up = b"X-Forwarded-For: 203.0.%d.1" % number
            inside = get(b"/auth", b"Password: no%d" % number, made_up)
            self.connect(LOOPBACK)
            outside = b"X-Forwarded-For: 198.51.100.7"
            seen.append(opened(self.ask(sealed_by(NOBODY, inside, outside)), NOBODY)[9:12])
        self.assertIn(b"429", seen)
        outside = b"X-Forwarded-For: 198.51.200.8"
        self.assertEqual(self.sealed(get(b"/auth", PASSWORD), outside), LET_IN)


class BrowserTests(WayCase):
    controller = Controller()

    def test_page_of_somebody_else(self) -> None:
        """Whatever it seals, its browser tells outside whose it is."""
        ours = get(b"/stat", b"Host: localhost", b"Sec-Fetch-Site: same-origin", b"X-Mailfilter: 1")
        self.assertEqual(self.sealed(ours), LET_IN)
        for outside in (
            (b"Origin: http://evil.example",),
            (b"Referer: http://evil.example/page",),
            (b"Sec-Fetch-Site: cross-site",),
            (b"Host: evil.example", b"Origin: http://evil.example"),
            (b"Host: evil.example", b"Origin: http://evil.example", b"X-Mailfilter: 1"),
            (b"Host: evil.example", b"Sec-Fetch-Site: same-origin"),
            (b"Host: evil.example", b"Accept-Language: en"),
        ):
            self.assertNotEqual(self.sealed(ours, *outside), LET_IN, outside)

    def test_page_of_ours(self) -> None:
        outside = (b"Host: localhost:11334", b"Origin: http://localhost:11334")
        self.assertEqual(self.sealed(STAT, *outside), LET_IN)
        self.assertEqual(self.sealed(get(b"/stat", b"Host: evil.example"), *outside), LET_IN)

    def test_name_inside(self) -> None:
        """It is that which counts where no browser asks."""
        self.assertEqual(self.sealed(get(b"/stat", b"Host: localhost"), b"Host: x.example"), LET_IN)
        self.assertNotEqual(self.sealed(get(b"/stat", b"Host: x.example")), LET_IN)
