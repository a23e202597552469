"""Handshakes make room for each other, and leave nothing behind."""

from mailfilter.config.model import Tls
from mailfilter.servers.handshake import STILL_SECONDS

from .http_case import PING
from .tls_case import TlsCase, TlsClient


class RoomTests(TlsCase):
    def begun(self, host: str = "192.0.2.1") -> TlsClient:
        client = self.client(pump=False, host=host)
        if client.is_accepted:
            client.deliver(client.outgoing()[:10])
        return client

    def test_a_burst(self) -> None:
        """Those that come at almost the same time do not throw out each other."""
        self.serve(tls=Tls(max_handshakes=2))
        first = [self.begun("192.0.2.1"), self.begun("192.0.2.2")]
        self.clock.advance(STILL_SECONDS / 2)
        self.assertFalse(self.begun("192.0.2.3").is_accepted)
        for client in first:
            self.assertFalse(client.transport.aborted)

    def test_a_slow_one_in_a_drain(self) -> None:
        """It is waited for as long as it goes on."""
        self.serve()
        client = self.client(pump=False)
        (handshake,) = self.site.connections
        for octet in client.outgoing()[:5]:
            client.deliver(bytes([octet]))
            self.clock.advance(STILL_SECONDS * 0.9)
            self.assertFalse(handshake.is_idle)

    def test_nothing_is_left(self) -> None:
        """Of those that were refused, that left, and that are complete."""
        self.serve(tls=Tls(max_handshakes=2))
        for number in range(20):
            host = f"192.0.2.{number}"
            for octets in (PING, b"\x16\x03\x01\x00\x20\x01\x00\x00\x1c" + bytes(28), b""):
                client = self.client(pump=False, host=host)
                client.deliver(octets)
                client.gone()
            complete = self.client(host=host)
            self.assertTrue(complete.is_up)
            complete.gone()
        found = {
            name: len(value)
            for name, value in vars(self.factory.handshakes).items()
            if isinstance(value, dict)
        }
        self.assertEqual(set(found.values()), {0}, found)
        self.assertGreaterEqual(len(found), 3)
