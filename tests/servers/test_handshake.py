"""Handshakes that do not come about: limited, counted, said, and nothing is raised."""

from typing import Any

from OpenSSL import SSL

from mailfilter.config.model import Tls
from mailfilter.servers.handshake import LINGER_SECONDS, STILL_SECONDS
from mailfilter.servers.refusals import INTERVAL, MAX_SOURCES

from .http_case import PING
from .milter_server import START
from .spamd_case import CHECK
from .tls_case import VERSIONS, TlsCase

PLAIN = {
    "plain HTTP": PING,
    "SMTP": b"EHLO client.example.org\r\n",
    "lines of spamc or rspamc": CHECK,
    "plain milter": START[0],
    "unknown octets": b"\xff\xfe\xfd",
}

MALFORMED = {
    "a hello that is too short": b"\x16\x03\x01\x00\x20\x01\x00\x00\x1c" + bytes(28),
    "a record that is too long": b"\x16\x03\x01\xff\xff" + bytes(200),
    "another version": b"\x16\x05\x01\x00\x20\x01\x00\x00\x1c" + bytes(28),
    "data first": b"\x17\x03\x03\x00\x05hello",
    "an alert first": b"\x15\x03\x01\x00\x02\x02\x28",
}


class RefusedTests(TlsCase):
    def test_plain(self) -> None:
        for words, data in PLAIN.items():
            self.serve()
            self.counted.clear()
            client = self.client(pump=False)
            client.deliver(data)
            self.refused("plain", f"{words} on a listener with certificates")
            self.assertTrue(client.is_closed)
            self.assertEqual(client.transport.value(), b"")
            client.gone()
            self.assertFalse(self.site.connections)
            self.assertFalse(self.clock.getDelayedCalls())

    def test_malformed(self) -> None:
        for name, data in MALFORMED.items():
            for size in (1, 4096):
                self.serve()
                self.counted.clear()
                client = self.client(pump=False)
                client.deliver(data, size)
                self.assertEqual(self.counted, ["tls/refused/protocol"], name)
                client.deliver(data)
                client.fin()
                self.assertTrue(client.is_closed, name)
                client.gone()
                self.assertFalse(self.site.connections, name)
                self.assertFalse(self.clock.getDelayedCalls(), name)
                self.assertEqual(self.counted, ["tls/refused/protocol"], name)

    def test_very_old_version(self) -> None:
        self.serve()
        client = self.client(pump=False)
        client.deliver(b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(40))
        self.assertTrue(client.is_closed)
        self.refused("protocol", "SSL 2")

    def test_old_version(self) -> None:
        for version in (SSL.TLS1_VERSION, SSL.TLS1_1_VERSION):
            self.serve()
            self.counted.clear()
            context = self.context(version)
            context.set_cipher_list(b"ALL:@SECLEVEL=0")
            client = self.client(context=context)
            self.assertIn("alert protocol version", client.error)
            self.refused("protocol", "no version in common; ours are TLS 1.2 and 1.3")

    def test_ciphers(self) -> None:
        """Those without forward secrecy, or authentication of what is sent."""
        for ciphers in (b"AES128-GCM-SHA256", b"ECDHE-ECDSA-AES128-SHA", b"DHE-RSA-AES128-SHA"):
            self.serve()
            self.counted.clear()
            context = self.context(SSL.TLS1_2_VERSION)
            context.set_cipher_list(ciphers + b":@SECLEVEL=0")
            client = self.client(context=context)
            self.assertIn("alert handshake failure", client.error)
            self.refused("protocol", "no cipher in common")

    def test_alert_of_the_client(self) -> None:
        """One that does not trust our certificate."""
        for version in VERSIONS:
            self.serve()
            self.counted.clear()
            context = self.context(version)
            context.set_verify(SSL.VERIFY_PEER, lambda *_: False)
            client = self.client(context=context)
            self.assertFalse(client.is_up)
            self.refused("gone", "it does not take our certificate")

    def test_left(self) -> None:
        self.serve()
        client = self.client(pump=False)
        client.deliver(client.outgoing())
        client.fin()
        client.gone()
        self.refused("gone", "it left in the handshake")

    def test_left_without_a_word(self) -> None:
        """Whoever looks whether somebody listens is nothing to write about."""
        self.serve()
        client = self.client(pump=False)
        client.stream.readConnectionLost()
        client.gone()
        self.assertEqual(self.counted, [])
        self.assertEqual(self.lines(), [])

    def test_lingers(self) -> None:
        """Who is refused has some time to read why, and no more."""
        self.serve()
        client = self.client(pump=False)
        client.deliver(MALFORMED["a hello that is too short"])
        self.assertTrue(client.transport.half_closed)
        self.assertFalse(client.is_closed)
        for _ in range(100):
            client.deliver(bytes(65536))
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(client.transport.aborted)
        client.gone()
        self.assertFalse(self.clock.getDelayedCalls())

    def test_time(self) -> None:
        for octets in (0, 20):
            self.serve(tls=Tls(handshake_timeout=7))
            self.counted.clear()
            client = self.client(pump=False)
            client.deliver(client.outgoing()[:octets])
            self.clock.advance(6.9)
            self.assertFalse(client.transport.aborted)
            self.clock.advance(0.1)
            self.assertTrue(client.transport.aborted)
            self.refused("timeout", "tls.handshake_timeout")
            client.gone()
            self.assertFalse(self.site.connections)
            self.assertFalse(self.clock.getDelayedCalls())

    def test_dripping_does_not_help(self) -> None:
        self.serve(tls=Tls(handshake_timeout=7))
        client = self.client(pump=False)
        for octet in client.outgoing()[:6]:
            client.deliver(bytes([octet]))
            self.clock.advance(1)
        self.clock.advance(1)
        self.assertTrue(client.transport.aborted)


class LimitTests(TlsCase):
    def begun(self, host: str = "192.0.2.1") -> Any:
        client = self.client(pump=False, host=host)
        if client.is_accepted:
            client.deliver(client.outgoing()[:10])
        return client

    def test_handshakes(self) -> None:
        """A new one takes the place of the oldest, if that is not as new itself."""
        self.serve(tls=Tls(max_handshakes=3))
        clients = [self.begun() for _ in range(3)]
        self.assertFalse(self.begun().is_accepted)
        self.refused("limit", "tls.max_handshakes")
        self.clock.advance(STILL_SECONDS + 0.1)
        self.assertTrue(self.begun().is_accepted)
        self.assertEqual([each.transport.aborted for each in clients], [True, False, False])
        self.assertEqual(self.counted, ["tls/refused/limit"] * 2)

    def test_one_source_keeps_nobody_out(self) -> None:
        """Whoever has most makes room for others, however new its handshakes are."""
        self.serve(tls=Tls(max_handshakes=4))
        greedy = [self.begun() for _ in range(4)]
        self.assertFalse(self.begun().is_accepted)
        others = [self.begun("192.0.2.2"), self.begun("192.0.2.3")]
        self.assertTrue(all(each.is_accepted for each in others))
        self.assertEqual([each.transport.aborted for each in greedy], [True, True, False, False])
        self.assertFalse(self.begun().is_accepted)
        # All have their share now.
        self.assertTrue(self.begun("192.0.2.4").is_accepted)
        self.assertFalse(self.begun("192.0.2.5").is_accepted)
        self.assertFalse(any(each.transport.aborted for each in others))

    def test_complete_ones_do_not_count(self) -> None:
        self.serve(tls=Tls(max_handshakes=1))
        for _ in range(5):
            self.assertTrue(self.client().is_up)
        self.assertEqual(len(self.site.connections), 5)

    def test_refused_ones_do_not_count(self) -> None:
        self.serve(tls=Tls(max_handshakes=1))
        self.client(pump=False).deliver(MALFORMED["a hello that is too short"])
        self.assertTrue(self.client().is_up)

    def test_refused_ones_that_linger(self) -> None:
        """As many as handshakes: the oldest have had time to read why."""
        self.serve(tls=Tls(max_handshakes=2))
        clients = [self.client(pump=False) for _ in range(2)]
        for client in clients:
            client.deliver(MALFORMED["a hello that is too short"])
        last = self.client(pump=False)
        self.assertFalse(clients[0].transport.aborted)
        last.deliver(MALFORMED["a hello that is too short"])
        closed = [each.transport.aborted for each in (*clients, last)]
        self.assertEqual(closed, [True, False, False])
        for client in (*clients, last):
            client.gone()
        self.assertFalse(self.clock.getDelayedCalls())

    def test_connections(self) -> None:
        """Pending handshakes count, complete ones once."""
        self.serve(max_connections=3)
        self.begun()
        self.client()
        self.begun()
        self.assertFalse(self.begun().is_accepted)

    def test_sources(self) -> None:
        self.serve(max_connections_per_source=2)
        first, second = self.client(), self.begun()
        self.assertFalse(self.begun().is_accepted)
        self.assertTrue(self.client(host="192.0.2.2").is_accepted)
        first.gone()
        third = self.client()
        self.assertTrue(third.is_accepted)
        self.assertFalse(self.begun().is_accepted)
        for client in (second, third):
            client.gone()
        self.assertEqual([self.begun().is_accepted for _ in range(3)], [True, True, False])

    def test_sources_refused_by_the_other_limit(self) -> None:
        """Nobody is counted who was not let in."""
        self.serve(max_connections_per_source=5, tls=Tls(max_handshakes=1))
        self.begun()
        for _ in range(10):
            self.assertFalse(self.begun().is_accepted)
        self.clock.advance(2)
        self.assertTrue(self.begun().is_accepted)

    def test_never_begun(self) -> None:
        """A connection that ends before it is there."""
        self.serve()
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        protocol.connectionLost()
        self.assertFalse(self.site.connections)


class IdleTests(TlsCase):
    """What a drain asks."""

    def test_under_way(self) -> None:
        """A handshake that goes on is waited for, one that stands still is not."""
        self.serve()
        client = self.client(pump=False)
        (handshake,) = self.site.connections
        self.assertTrue(handshake.is_idle)
        client.deliver(client.outgoing())
        self.assertFalse(handshake.is_idle)
        self.site.close_idle()
        self.assertFalse(client.is_closed)
        self.clock.advance(STILL_SECONDS + 0.1)
        self.assertTrue(handshake.is_idle)
        self.site.close_idle()
        self.assertTrue(client.is_closed)
        self.assertEqual(self.counted, [])
        client.gone()
        self.assertFalse(self.clock.getDelayedCalls())

    def test_abort(self) -> None:
        self.serve()
        for client in (self.client(pump=False), self.client()):
            self.site.abort()
            self.assertTrue(client.transport.aborted)
            client.gone()
        self.assertFalse(self.site.connections)
        self.assertEqual(self.counted, ["tls/handshakes"])

    def test_ends_in_a_drain(self) -> None:
        """It is served, and told that the connection ends with the reply."""
        self.serve("http")
        client = self.client(pump=False)
        client.deliver(client.outgoing())
        client.ssl.bio_write(client.transport.value())
        client.transport.clear()
        self.site.is_draining = True
        client.pump()
        client.send(PING)
        self.assertIn(b"Connection: close", client.received)
        self.assertTrue(client.has_end)


class LineTests(TlsCase):
    def knock(self, host: str = "192.0.2.1") -> None:
        client = self.client(pump=False, host=host)
        client.deliver(PING)
        client.gone()

    def test_once_a_minute(self) -> None:
        """Of each source, with how many were not said meanwhile."""
        self.serve()
        for _ in range(5):
            self.knock()
        self.knock("192.0.2.2")
        self.assertEqual(len(self.lines()), 2)
        self.clock.advance(INTERVAL)
        self.knock()
        self.assertEqual(
            self.lines()[-1],
            "here: '192.0.2.1': TLS refused: plain HTTP on a listener with certificates"
            " (4 more since it was last said)",
        )
        self.assertEqual(self.counted.count("tls/refused/plain"), 7)

    def test_many_sources(self) -> None:
        """They share one line."""
        self.serve()
        for number in range(MAX_SOURCES + 50):
            self.knock(f"10.0.{number // 256}.{number % 256}")
        self.assertEqual(len(self.lines()), MAX_SOURCES + 1)
        self.assertIn("'others'", self.lines()[-1])
        self.clock.advance(INTERVAL)
        self.knock("10.0.0.0")
        self.assertEqual(len(self.lines()), MAX_SOURCES + 2)
