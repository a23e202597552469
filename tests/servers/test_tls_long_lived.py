"""What OpenSSL says by itself is bounded; what we say is not counted with it."""

from mailfilter.servers.tls_stream import MAX_OWN

from .http_case import PING
from .spamd_case import CHECK
from .tls_case import VERSIONS, TlsCase


class LongLivedTests(TlsCase):
    def test_many_replies(self) -> None:
        """A connection that is kept alive may have more of them."""
        for version in VERSIONS:
            self.serve("http")
            self.counted.clear()
            client = self.client(version)
            octets = 0
            while octets < 2 * MAX_OWN:
                client.send(PING)
                self.assertIn(b"HTTP/1.1 200 OK", client.received)
                octets += len(client.received)
                client.received = b""
            self.assertEqual(self.counted, ["tls/handshakes"])
            self.assertFalse(client.transport.aborted)

    def test_long_names(self) -> None:
        """What is shown in the handshake is not counted, however much it is."""
        names = [f"host{number}.{'x' * 40}.example.net" for number in range(1100)]
        self.pair = self.authority.issue(*names)
        for version in VERSIONS:
            self.serve("http")
            client = self.client(version)
            client.send(PING)
            self.assertIn(b"HTTP/1.1 200 OK", client.received)


class UnsentTests(TlsCase):
    def test_waited_for(self) -> None:
        """A reply that is still on its way is not idle; a drain waits for it."""
        self.serve()
        client = self.client()
        client.send(CHECK)
        client.stream.writeConnectionLost()
        (connection,) = self.site.connections
        client.transport.dataBuffer = bytes(10)
        self.assertFalse(connection.is_idle)
        self.site.close_idle()
        self.assertFalse(client.is_closed)
        client.transport.dataBuffer = b""
        self.assertTrue(connection.is_idle)
        self.site.close_idle()
        self.assertTrue(client.is_closed)
