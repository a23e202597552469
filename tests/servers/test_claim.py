"""What is believed of what a proxy says."""

from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.proxy_protocol import Place, Proxied
from mailfilter.codec.proxy_tlv import ProxiedTls
from mailfilter.config.model import Listener
from mailfilter.servers.claim import Claim, Senders, claimed_address, client_in
from mailfilter.servers.peer import Peer, Peers
from mailfilter.servers.sources import UnknownAddress, host_of, source_of

from .proxied_case import PROXY, place

EVERYBODY = ("0.0.0.0/0", "::/0")


def claimed(client: str | None, proxy: str = PROXY) -> str:
    """From where a connection counts as coming."""
    source = None if client is None else Place(ip_address(client), 4711)
    return host_of(claimed_address(Proxied(2, source=source), place(proxy)))


class AddressTests(SynchronousTestCase):
    def test_plain(self) -> None:
        for client in ("192.0.2.7", "10.0.0.5", "2001:db8::7", "fe80::1"):
            for proxy in (PROXY, "127.0.0.1", "unix", "::1"):
                self.assertEqual(claimed(client, proxy), client)
        self.assertEqual(claimed("::ffff:192.0.2.7"), "192.0.2.7")

    def test_loopback(self) -> None:
        """It is a proxy's own machine: ours only if the proxy is on it."""
        for client in ("127.0.0.1", "127.9.9.9", "::1"):
            for proxy in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "unix"):
                self.assertEqual(claimed(client, proxy), client)
            self.assertEqual(claimed(client), "unknown, by 10.0.0.5")
        self.assertEqual(claimed("::ffff:127.0.0.1"), "unknown, by 10.0.0.5")

    def test_none(self) -> None:
        for client in (None, "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"):
            self.assertEqual(claimed(client), "unknown, by 10.0.0.5", client)
            self.assertEqual(claimed(client, "unix"), "unknown, by unix", client)

    def test_source(self) -> None:
        """All whom a proxy does not tell of are one, and not the proxy."""
        self.assertEqual(source_of(UnknownAddress(PROXY)), "unknown, by 10.0.0.5")


class SenderTests(SynchronousTestCase):
    def test_networks(self) -> None:
        senders = Senders(("10.0.0.0/24", "2001:db8::5"))
        for host in ("10.0.0.5", "2001:db8::5", "::ffff:10.0.0.5"):
            self.assertIn(place(host), senders)
        for host in ("10.0.1.5", "127.0.0.1", "::1", "unix"):
            self.assertNotIn(place(host), senders)
        self.assertNotIn(UnknownAddress("10.0.0.5"), senders)
        self.assertNotIn(None, senders)

    def test_unix(self) -> None:
        self.assertIn(place("unix"), Senders(("unix",)))
        self.assertNotIn(place("127.0.0.1"), Senders(("unix",)))
        self.assertNotIn(place("unix"), Senders(EVERYBODY))


class UnknownTests(SynchronousTestCase):
    """A client nobody knows has no rights by its network, however large that is."""

    def peer(self, protocol: Any, **settings: Any) -> Peer:
        listener = Listener(protocol=protocol, endpoint="tcp:0", **settings)
        return Peers("here", listener).peer(UnknownAddress("127.0.0.1"))

    def test_not_trusted(self) -> None:
        for protocol in ("http", "scan", "spamd", "controller"):
            peer = self.peer(protocol, trusted_peers=EVERYBODY)
            self.assertFalse(peer.is_trusted)
            self.assertFalse(peer.knows_client)
            self.assertFalse(peer.is_unix)
            self.assertFalse(peer.is_local)

    def test_milter(self) -> None:
        """There all are believed for whom the listener is, unless they would be known."""
        self.assertTrue(self.peer("milter").is_trusted)
        self.assertFalse(self.peer("milter", client_auth="optional").is_trusted)
        self.assertFalse(self.peer("milter").is_unix)
        self.assertFalse(self.peer("milter").is_local)


class TextTests(SynchronousTestCase):
    def test_claims(self) -> None:
        for tls, text in (
            (None, ""),
            (ProxiedTls(), ", with TLS"),
            (ProxiedTls("TLSv1.3", "A"), ", with TLS 'TLSv1.3' 'A'"),
            (
                ProxiedTls("TLSv1.2", "A", "mx1", True, True),
                ", with TLS 'TLSv1.2' 'A', certificate of 'mx1', verified",
            ),
            (
                ProxiedTls("TLSv1.2", "", "mx1", True, False),
                ", with TLS 'TLSv1.2', certificate of 'mx1', not verified",
            ),
            (
                ProxiedTls("TLSv1.2", "A", "", True, True),
                ", with TLS 'TLSv1.2' 'A', certificate of no name that is told, verified",
            ),
        ):
            told = f"passed on for 192.0.2.7 by the proxy {PROXY}{text}"
            self.assertEqual(str(Claim(PROXY, "192.0.2.7", tls)), told)

    def test_stranger(self) -> None:
        """What a stranger has in a certificate of its own is told apart from our words."""
        tls = ProxiedTls("TLSv1.3, verified", "", "mx1, verified", True, False)
        told = "with TLS 'TLSv1.3, verified', certificate of 'mx1, verified', not verified"
        self.assertIn(told, str(Claim(PROXY, "192.0.2.7", tls)))

    def test_unknown(self) -> None:
        address = UnknownAddress(PROXY)
        told = f"passed on for an unknown client by the proxy {PROXY}"
        self.assertEqual(str(Claim(PROXY, client_in(address))), told)
