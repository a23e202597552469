"""Connections that a proxy passes on: every protocol, whole and in pieces, and what is refused."""

from mailfilter.servers.sources import UnknownAddress

from ..codec.proxy_headers import INET, UNIX, binary
from .http_case import PING
from .milter_server import START
from .proxied_case import CLIENT, LINE, MX1, PROXY, TIMEOUT, Passing, ProxiedCase
from .spamd_case import PONG

PING_LINE = b"PING SPAMC/1.5\r\n\r\n"
SAYS = {
    "controller": (PING, b"HTTP/1.1 200 OK\r\n"),
    "http": (PING, b"HTTP/1.1 200 OK\r\n"),
    "milter": (START[0], b"\x00\x00\x00"),
    "scan": (PING_LINE, PONG),
    "spamd": (PING_LINE, PONG),
}
"""What a client says by each protocol, and how the answer begins."""
BINARY = binary(0x11, INET)
LOCAL = binary(0x00, b"", 0x20)
SECOND = (
    "here: '192.0.2.7': PROXY protocol: a second header, behind that of the proxy 10.0.0.5: of"
    " several proxies one alone is to send it"
)


class PassedOn(ProxiedCase):
    def test_all_protocols(self) -> None:
        for protocol, (said, answer) in SAYS.items():
            for header in (LINE, BINARY, MX1):
                for size in (1, 7, 2**20):
                    self.serve(protocol)
                    there = self.connect()
                    there.send(header + said, size)
                    self.clock.advance(0)
                    self.assertTrue(there.value().startswith(answer), (protocol, there.value()))
                    self.assertEqual(there.getPeer().host, CLIENT)
                    self.assertEqual(len(self.site.connections), 1)
                    there.gone()
                    self.assert_over()
        self.assertEqual(set(self.counted), {"proxy/connections"})
        self.assertEqual(self.lines(), [])

    def test_client_speaks_later(self) -> None:
        self.serve("spamd")
        there = self.connect()
        there.send(LINE)
        self.clock.advance(TIMEOUT + 1)
        there.send(PING_LINE)
        self.assertEqual(there.value(), PONG)

    def test_local(self) -> None:
        """The proxy looks itself whether we are there: no word of that."""
        for protocol, (said, answer) in SAYS.items():
            self.counted.clear()
            self.serve(protocol)
            there = self.connect()
            there.send(LOCAL + said)
            self.clock.advance(0)
            self.assertTrue(there.value().startswith(answer), protocol)
            self.assertEqual(there.getPeer(), UnknownAddress(PROXY))
            there.gone()
            silent = self.connect()
            silent.send(LOCAL)
            silent.gone()
            self.assert_over()
            self.assertEqual(self.counted, ["proxy/connections"] * 2)
            self.assertEqual(self.events, [])

    def test_unknown(self) -> None:
        for header in (b"PROXY UNKNOWN\r\n", binary(0x00, b""), binary(0x31, UNIX)):
            self.serve("http")
            there = self.connect()
            there.send(header + PING)
            self.assertIn(b"200 OK", there.value())
            self.assertEqual(there.getPeer(), UnknownAddress(PROXY))

    def test_not_by_a_proxy(self) -> None:
        """Whoever is none comes as ever."""
        for protocol, (said, answer) in SAYS.items():
            self.serve(protocol)
            there = self.connect("192.0.2.9")
            there.send(said)
            self.clock.advance(0)
            self.assertTrue(there.value().startswith(answer), protocol)

    def test_unix(self) -> None:
        self.serve("http", proxies=("unix",))
        there = self.connect("unix")
        there.send(LINE + PING)
        self.assertIn(b"200 OK", there.value())
        self.assertEqual(there.getPeer().host, CLIENT)


class Refused(ProxiedCase):
    def refused(self, there: Passing, reason: str, words: str) -> None:
        """It is closed without a word, counted, and said."""
        self.assertEqual(there.value(), b"")
        self.assertTrue(there.is_closed)
        self.assertEqual(self.counted, [f"proxy/refused/{reason}"])
        (line,) = self.lines()
        self.assertIn(f"PROXY protocol: {words}", line)
        there.gone()
        self.assert_over()
        self.counted.clear()
        self.events.clear()

    def test_missing(self) -> None:
        """It is never taken for a connection of the proxy's own."""
        for protocol, (said, _) in SAYS.items():
            self.serve(protocol)
            there = self.connect()
            there.send(said + said)
            self.refused(there, "missing", "a connection without a header")

    def test_malformed(self) -> None:
        for header in (LINE.replace(b" TCP4", b" TCP5"), binary(0x11, INET[:-1]), BINARY[:-1]):
            for protocol, (said, _) in SAYS.items():
                self.serve(protocol)
                there = self.connect()
                there.send(header + said, 1)
                if header == BINARY[:-1]:
                    # One octet of what follows was taken for the header's.
                    there.gone()
                    self.counted.clear()
                    continue
                self.refused(there, "malformed", "")

    def test_too_late(self) -> None:
        for start in (b"", b"P", LINE[:-1], BINARY[:-1]):
            self.serve("http")
            there = self.connect()
            if start:
                there.send(start)
            self.clock.advance(TIMEOUT - 0.1)
            self.assertFalse(there.is_closed)
            self.clock.advance(0.2)
            self.refused(there, "timeout", "no whole header in time")

    def test_gone(self) -> None:
        self.serve("http")
        there = self.connect()
        there.send(LINE[:10])
        there.loseConnection()
        there.gone()
        self.assertEqual(self.counted, ["proxy/refused/gone"])
        self.assert_over()

    def test_probe(self) -> None:
        """Somebody has looked whether the port is open."""
        self.serve("http")
        there = self.connect()
        there.gone()
        self.assertEqual(self.counted, [])
        self.assertEqual(self.events, [])
        self.assert_over()

    def test_unexpected(self) -> None:
        """From others, and on listeners for which there are no proxies."""
        for proxies in ((PROXY,), ()):
            for protocol, (said, _) in SAYS.items():
                for header in (LINE, BINARY):
                    self.serve(protocol, proxies=proxies)
                    there = self.connect("192.0.2.9")
                    there.send(header + said)
                    words = "a header that is not expected from there"
                    self.refused(there, "unexpected", words)

    def test_unexpected_is_told_how(self) -> None:
        self.serve("milter", proxies=())
        for _ in range(3):
            self.connect("192.0.2.9").send(LINE)
        (line,) = self.lines()
        expected = (
            "here: '192.0.2.9': PROXY protocol: a header that is not expected from there;"
            " if that is a proxy, name it in listeners.here.proxy_protocol"
        )
        self.assertEqual(line, expected)

    def test_second(self) -> None:
        """One proxy behind another: what the first one says is not believed."""
        for protocol, (said, _) in SAYS.items():
            for header in (LINE, BINARY):
                self.counted.clear()
                self.events.clear()
                self.serve(protocol)
                there = self.connect()
                there.send(LINE + header + said)
                self.assertTrue(there.is_closed)
                self.assertEqual(self.counted, ["proxy/connections", "proxy/refused/unexpected"])
                (line,) = self.lines()
                self.assertTrue(line.startswith(SECOND), line)
                self.assertNotIn("proxy_protocol", line)

    def test_nothing_after_the_end(self) -> None:
        self.serve("http")
        there = self.connect()
        there.send(b"x")
        there.send(LINE + PING)
        self.assertEqual(there.value(), b"")


class Limits(ProxiedCase):
    def test_all(self) -> None:
        """Those whose header is not whole count, and make room for themselves."""
        self.serve("spamd", max_connections=2)
        first, second, third = (self.connect() for _ in range(3))
        self.assertFalse(third.is_accepted)
        self.assertEqual(self.counted, ["connections/refused/max_connections"])
        for there in (first, second):
            there.send(LINE + PING_LINE)
            self.assertEqual(there.value(), PONG)
        self.assertFalse(self.connect().is_accepted)
        first.gone()
        self.assertTrue(self.connect().is_accepted)

    def test_of_a_source(self) -> None:
        """It is the client's address that counts, and not the proxy's."""
        self.serve("spamd", max_connections_per_source=1)
        other = LINE.replace(b".7 ", b".8 ")
        waiting = [self.connect() for _ in range(3)]
        for there, header, is_taken in zip(waiting, (LINE, LINE, other), (1, 0, 1), strict=True):
            there.send(header + PING_LINE)
            self.assertEqual(there.value(), PONG if is_taken else b"")
            self.assertTrue(there.is_closed)
        for there in waiting:
            there.gone()
        self.assert_over()
        again = self.connect()
        again.send(LINE + PING_LINE)
        self.assertEqual(again.value(), PONG)

    def test_unknown_clients(self) -> None:
        """They are one source."""
        self.serve("spamd", max_connections_per_source=1)
        for is_taken in (True, False):
            there = self.connect()
            there.send(b"PROXY UNKNOWN\r\n")
            self.assertEqual(there.is_closed, not is_taken)

    def test_drained(self) -> None:
        """One of whom nothing has come is idle; one whose header has begun is not."""
        self.serve("http")
        silent, begun = self.connect(), self.connect()
        begun.send(LINE[:4])
        self.site.close_idle()
        self.assertTrue(silent.is_closed)
        self.assertFalse(begun.is_closed)
        self.site.abort()
        self.assertTrue(begun.aborted)
        for there in (silent, begun):
            there.gone()
        self.assert_over()
        self.assertEqual(self.counted, [])
