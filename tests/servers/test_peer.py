"""Who is believed what it tells of its clients."""

from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Listener
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.networks import distrusted, local_networks
from mailfilter.scan.request_settings import RequestSettings
from mailfilter.servers.peer import MAX_NOTED, Peer, Peers

from .http_case import Case

TELLING = (
    b"IP: 192.0.2.1\r\nHostname: mx.example.org\r\nUser: alice\r\nHelo: a\r\nSettings-ID: b\r\n"
    b'Settings: {"groups_disabled":["x"]}\r\nMaxscore: 3\r\n'
)


def four(host: str) -> IPv4Address:
    return IPv4Address("TCP", host, 4711)


class PeerTests(SynchronousTestCase):
    def peer(self, address: IAddress | None, **settings: Any) -> Peer:
        listener = Listener(protocol="scan", endpoint="tcp:0", **settings)
        return Peers("scan", listener).peer(address)

    def test_who_is_trusted(self) -> None:
        six = IPv6Address("TCP", "::1", 4711)
        mapped = IPv6Address("TCP", "::ffff:127.0.0.1", 4711)
        link = IPv6Address("TCP", "fe80::1%eth0", 4711)
        near = ("10.0.0.0/24", "fe80::/10")
        for address, peers, trusted in (
            (four("127.0.0.1"), (), True),
            (four("127.9.9.9"), (), True),
            (six, (), True),
            (mapped, (), True),
            (UNIXAddress(None), (), True),
            (four("10.0.0.7"), (), False),
            (four("10.0.0.7"), near, True),
            (four("10.0.1.7"), near, False),
            (link, near, True),
            (link, (), False),
        ):
            self.assertEqual(trusted, self.peer(address, trusted_peers=peers).is_trusted, address)
            off = self.peer(address, trusted_peers=peers, trusted=False)
            self.assertFalse(off.is_trusted)


class TrustTests(Case):
    def envelope(self, host: str, **settings: Any) -> Envelope:
        self.serve(self.scanner, **settings)
        self.connect(four(host))
        self.ask(b"POST /checkv2 HTTP/1.1\r\n" + TELLING + b"Content-Length: 1\r\n\r\nx")
        return self.scanner.calls[-1][0]

    def test_near(self) -> None:
        for host, settings in (
            ("127.0.0.1", {}),
            ("10.0.0.7", {"trusted_peers": ("10.0.0.0/8",)}),
        ):
            envelope = self.envelope(host, **settings)
            self.assertEqual("192.0.2.1", str(envelope.client_ip))
            self.assertEqual("mx.example.org", envelope.hostname)
            self.assertIsNotNone(envelope.settings)
            self.assertTrue(envelope.is_trusted)
        self.assertEqual([], self.lines())

    def test_far(self) -> None:
        """What is told of the client is not believed, and that is said once."""
        for _ in range(2):
            envelope = self.envelope("192.0.2.99")
            self.assertFalse(envelope.is_trusted)
            self.assertFalse(envelope.knows_client)
            self.assertEqual("a", envelope.helo)
        said = (
            "http: IP, User, Settings and the like from '192.0.2.99' are ignored; to believe it,"
            " add its network to listeners.http.trusted_peers"
        )
        self.assertEqual([said, said], self.lines())
        self.ask(b"POST /checkv2 HTTP/1.1\r\nUser: a\r\nContent-Length: 1\r\n\r\nx")
        self.assertEqual(2, len(self.lines()))

    def test_nobody_is_believed(self) -> None:
        """Then a list of those that are would not help."""
        said = (
            "http: IP, User, Settings and the like from '{}' are ignored, as from all peers:"
            " listeners.http.trusted is false"
        )
        self.envelope("127.0.0.1", trusted=False)
        self.connect(UNIXAddress(None))
        self.ask(b"POST /checkv2 HTTP/1.1\r\n" + TELLING + b"Content-Length: 1\r\n\r\nx")
        self.assertEqual([said.format("127.0.0.1"), said.format("unix")], self.lines())

    def test_settings_are_not_read(self) -> None:
        """They are a stranger's, and ignored: it is enough that they are there."""
        for settings in (b"no JSON", b'{"nothing":1}', b'{"groups_disabled":["x"]}'):
            self.events.clear()
            envelope = self.scanned_from_afar(b"Settings: " + settings + b"\r\n")
            self.assertEqual((RequestSettings(), ()), (envelope.settings, envelope.notes))
            self.assertEqual(1, len(self.lines()))

    def test_every_word_of_a_client(self) -> None:
        """Each is enough for the warning, and none of them is taken."""
        plain = self.scanned_from_afar()
        self.assertEqual([], self.lines())
        for field in (
            b"IP: 192.0.2.1",
            b"Hostname: mx.example.org",
            b"User: alice",
            b"Auth: alice",
            b"MTA-Tag: a",
            b"Settings: {}",
            b"Settings-Id: a",
            b"Maxscore: 3",
            b"Softscore: 3",
            b"MTA-Name: mx.example.org",
            b"TLS-Cert-Issuer: CN=a",
            b"Log: no",
            b"Raw: yes",
            b"Flags: skip",
            b"Flags: no_log",
        ):
            self.events.clear()
            found = distrusted(self.scanned_from_afar(field + b"\r\n"), local_networks(()))
            self.assertEqual(plain, replace(found, mta_name=None, tls=None), field)
            self.assertEqual(1, len(self.lines()), field)

    def scanned_from_afar(self, told: bytes = b"") -> Envelope:
        """What is made of a request, by a server that has not warned yet."""
        self.serve(self.scanner)
        self.connect(four("192.0.2.99"))
        self.ask(b"POST /checkv2 HTTP/1.1\r\n" + told + b"Content-Length: 1\r\n\r\nx")
        return self.scanner.calls[-1][0]

    def test_far_without_a_word_of_its_client(self) -> None:
        self.connect(four("192.0.2.99"))
        self.ask(b"POST /checkv2 HTTP/1.1\r\nHelo: a\r\nContent-Length: 1\r\n\r\nx")
        self.assertEqual([], self.lines())

    def test_many(self) -> None:
        """Of a flood of peers not all are named."""
        for number in range(MAX_NOTED + 5):
            self.factory.peers.note_ignored(replace(FAR, name=str(number)))
        self.assertEqual(MAX_NOTED, len(self.lines()))


FAR = Peer("192.0.2.99", is_trusted=False, is_unix=False)
