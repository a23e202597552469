"""Who the other side is by its certificate, in the envelope and the log, on all protocols."""

from typing import Any, cast

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener, Protocol
from mailfilter.scan.envelope import Envelope
from mailfilter.servers.first_line import ScanFactory
from mailfilter.servers.limited import LimitedFactory
from mailfilter.servers.milter import MilterFactory
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.servers.spamd import SpamdFactory
from mailfilter.testing.fake_scanner import FakeScanner
from mailfilter.tls.known import Known

from ..codec.milter_mta import connect, helo, macros, message, offer
from .spamd_case import Transport, request
from .test_milter_answer import BrokenScanner

FACTORIES: dict[Protocol, Any] = {
    "http": HttpFactory,
    "spamd": SpamdFactory,
    "scan": ScanFactory,
    "milter": MilterFactory,
}
FAR = IPv4Address("TCP", "192.0.2.99", 4711)
MX = Known("mx1", is_trusted=True)
STRANGER = Known("guest", is_trusted=False)
CHECK = b"POST /checkv2 HTTP/1.1\r\nIP: 192.0.2.1\r\nUser: joe\r\nContent-Length: 1\r\n\r\nx"
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"ip":"192.0.2.1","user":"joe"}'
    b'\r\n--b\r\nContent-Disposition: form-data; name="message"\r\n\r\nx\r\n--b--\r\n'
)
FORM = (
    b"POST /checkv3 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    b"Content-Length: %d\r\n\r\n" % len(PARTS)
) + PARTS
RSPAMC = request(b"SYMBOLS RSPAMC/1.3", b"x", b"IP: 192.0.2.1", b"User: joe")
SPAMC = request(b"CHECK SPAMC/1.5", b"x", b"User: joe")
MILTER = b"".join([offer(), connect(), helo(), macros("M", "auth_authen", "joe"), *message()])
TOLD: tuple[tuple[Protocol, bytes], ...] = (
    ("http", CHECK),
    ("http", FORM),
    ("scan", CHECK),
    ("scan", RSPAMC),
    ("spamd", RSPAMC),
    ("milter", MILTER),
)
"""Protocols, and a message that comes from the login `joe`."""

WHAT = dict.fromkeys(FACTORIES, "IP, User, Settings and the like") | {"milter": "logins"}
"""What is not believed."""
OF_CLIENTS = WHAT | {"milter": "addresses and logins of clients"}
"""The same, of those who are asked for a certificate."""


class IdentityTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.scanner = FakeScanner()
        self.events = events = list[LogEvent]()
        observer = cast(ILogObserver, events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def serve(self, protocol: Protocol, **settings: Any) -> None:
        self.clock = Clock()
        listener = Listener(protocol=protocol, endpoint="tcp:0", **settings)
        make = FACTORIES[protocol]
        self.factory: LimitedFactory[Any] = make(self.scanner, "here", listener, self.clock)

    def send(self, octets: bytes, known: Known | None, address: IAddress = FAR) -> None:
        connection = self.factory.buildProtocol(address)
        assert connection is not None
        connection.known = known
        connection.makeConnection(Transport(peerAddress=address))
        connection.dataReceived(octets)
        self.clock.advance(0)

    def envelope(
        self, protocol: Protocol, octets: bytes, known: Known | None, **settings: Any
    ) -> Envelope:
        self.serve(protocol, **settings)
        self.send(octets, known)
        return self.scanner.calls[-1][0]

    def lines(self) -> list[str]:
        """What is logged, but for advice on macros."""
        lines = (formatEvent(event) for event in self.events)
        return [line for line in lines if "does not send" not in line]

    def test_trusted(self) -> None:
        """Its certificate is enough: its network is not asked for."""
        for protocol, octets in TOLD:
            envelope = self.envelope(protocol, octets, MX)
            found = envelope.identity, envelope.is_trusted, envelope.user
            self.assertEqual(("mx1", True, "joe"), found, protocol)
        self.assertEqual([], self.lines())

    def test_not_trusted(self) -> None:
        """Nor does a network help one that is not trusted; what would help is said once."""
        for protocol, octets in TOLD:
            self.events.clear()
            near = {} if protocol == "milter" else {"trusted_peers": ("192.0.2.0/24",)}
            envelope = self.envelope(protocol, octets, STRANGER, **near)
            self.assertEqual(("guest", False), (envelope.identity, envelope.is_trusted), protocol)
            self.send(octets, STRANGER)
            said = (
                f"here: {OF_CLIENTS[protocol]} from '192.0.2.99, guest' are ignored; to believe it,"
                " set identities.guest.trusted"
            )
            self.assertEqual([said], self.lines(), protocol)

    def test_listener_is_not_trusted(self) -> None:
        """No certificate changes that."""
        for protocol, octets in TOLD:
            self.events.clear()
            envelope = self.envelope(protocol, octets, MX, trusted=False)
            self.assertEqual(("mx1", False), (envelope.identity, envelope.is_trusted), protocol)
            said = (
                f"here: {WHAT[protocol]} from '192.0.2.99, mx1' are ignored, as from"
                " all peers: listeners.here.trusted is false"
            )
            self.assertEqual([said], self.lines(), protocol)

    def test_address_of_the_client(self) -> None:
        """Profiles go by it: by milter, too, it is believed of those alone who are trusted."""
        for known, trusted, auth, is_known in (
            (MX, True, "required", True),
            (MX, False, "required", True),
            (STRANGER, True, "required", False),
            (STRANGER, False, "required", False),
            (None, True, "optional", False),
            (None, True, "off", True),
            (None, False, "off", True),
        ):
            settings = {"trusted": trusted, "client_auth": auth}
            envelope = self.envelope("milter", MILTER, known, **settings)
            self.assertIsNotNone(envelope.client_ip)
            self.assertIs(is_known, envelope.knows_client, settings)

    def test_nobody(self) -> None:
        for protocol, octets in TOLD:
            envelope = self.envelope(protocol, octets, None)
            self.assertIsNone(envelope.identity)
            self.assertEqual(protocol == "milter", envelope.is_trusted)

    def test_stranger(self) -> None:
        """Who leaves its certificate out is not believed from elsewhere."""
        for protocol, octets in TOLD:
            self.events.clear()
            envelope = self.envelope(protocol, octets, None, client_auth="optional")
            self.assertEqual((None, False), (envelope.identity, envelope.is_trusted), protocol)
            (line,) = self.lines()
            self.assertIn(f"here: {OF_CLIENTS[protocol]} from '192.0.2.99' are ignored; to", line)

    def test_stranger_of_this_machine(self) -> None:
        for protocol, octets in TOLD:
            self.serve(protocol, client_auth="optional")
            for address in (IPv4Address("TCP", "127.0.0.1", 4711), UNIXAddress(None)):
                self.send(octets, None, address)
                self.assertTrue(self.scanner.calls[-1][0].is_trusted, protocol)

    def test_lines_of_spamc(self) -> None:
        """They tell nothing that could be believed, but who is there is known."""
        for known in (MX, STRANGER):
            envelope = self.envelope("spamd", SPAMC, known)
            self.assertEqual(
                (known.name, known.is_trusted), (envelope.identity, envelope.is_trusted)
            )
        self.assertEqual([], self.lines())

    def test_each_of_an_address(self) -> None:
        """It is said of each identity, and of the address itself."""
        self.serve("http")
        for known in (STRANGER, Known("other", is_trusted=False), None, STRANGER):
            self.send(CHECK, known)
        self.assertEqual(3, len(self.lines()))

    def test_refused(self) -> None:
        """Lines on what is refused say whose it is."""
        for protocol, octets, said in (
            ("http", b"POST /checkv2\r\n\r\n", "here: '192.0.2.99, mx1': refused: 505"),
            ("spamd", b"WHAT\r\n\r\n", "here: '192.0.2.99, mx1': refused: "),
        ):
            self.events.clear()
            self.serve(cast(Protocol, protocol))
            self.send(octets, MX)
            self.assertEqual(1, len(self.lines()))
            self.assertIn(said, self.lines()[0])

    def test_by_policy_alone(self) -> None:
        """So do those on messages that could not be scanned."""
        for protocol, octets in TOLD:
            self.events.clear()
            self.scanner = BrokenScanner()
            self.serve(protocol)
            self.send(octets, MX)
            lines = [line for line in self.lines() if "answered by policy alone" in line]
            self.assertEqual(1, len(lines), protocol)
            self.assertIn("here: '192.0.2.99, mx1': message ", lines[0])
            self.flushLoggedErrors()
