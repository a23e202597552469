"""Connections that those have who ask for names of one domain."""

from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns import question_octets
from mailfilter.codec.dns_answer import Kind, Question
from mailfilter.net.query import Query
from mailfilter.net.servers import Server
from mailfilter.net.tcp import (
    CONNECT_SECONDS,
    MAX_CONNECTIONS,
    MAX_OF_DOMAIN,
    Tcp,
    domain_of,
)

SECONDS = 4.0


class Line:
    """All that is asked of a line."""

    server = Server("192.0.2.1")


class SharesTests(SynchronousTestCase):
    """Nobody answers, and time is the test's."""

    def setUp(self) -> None:
        """Nothing is asked yet."""
        self.reactor: Any = MemoryReactorClock()
        self.tcp = Tcp(self.reactor)

    def ask(self, name: str) -> Deferred[bytes]:
        """Over TCP."""
        question = Question(name, Kind.TXT)
        line: Any = Line()
        return self.tcp.ask(Query(question, question_octets(question), line, None, 0), SECONDS)

    def connections(self) -> int:
        """So many were begun."""
        return len(self.reactor.tcpClients)

    def test_one_domain(self) -> None:
        """Who has many names of a domain asked for leaves connections to others."""
        held = [self.ask(f"n{number}.a.evil.test") for number in range(100)]
        self.assertEqual(self.connections(), MAX_OF_DOMAIN)
        other = self.ask("example.com")
        self.assertEqual(self.connections(), MAX_OF_DOMAIN + 1)
        self.reactor.advance(SECONDS)
        for asking in (*held, other):
            self.failureResultOf(asking, TimeoutError)

    def test_next(self) -> None:
        """When one is over the next has its turn, and nothing is kept of a domain in the end."""
        first, *others = [self.ask(f"n{number}.evil.test") for number in range(6)]
        first.cancel()
        self.failureResultOf(first)
        self.assertEqual(self.connections(), MAX_OF_DOMAIN + 1)
        self.reactor.advance(SECONDS)
        for asking in others:
            self.failureResultOf(asking, TimeoutError)
        self.assertEqual(self.tcp._domains, {})
        self.assertEqual(self.connections(), 6)
        self.ask("n.evil.test").addErrback(lambda _: None)
        self.assertEqual(self.connections(), 7)
        self.reactor.advance(SECONDS)

    def test_all(self) -> None:
        """Those of all domains together are bounded, too."""
        for number in range(100):
            self.ask(f"n{number}.test").addErrback(lambda _: None)
        self.assertEqual(self.connections(), MAX_CONNECTIONS)
        self.reactor.advance(SECONDS)

    def test_connecting(self) -> None:
        """Takes less than the rest may."""
        self.ask("example.com").addErrback(lambda _: None)
        self.assertEqual(self.reactor.tcpClients[0][3], CONNECT_SECONDS)
        self.reactor.advance(SECONDS)

    def test_domains(self) -> None:
        """Networks for addresses."""
        for name, domain in (
            ("", ""),
            ("test", "test"),
            ("example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("4.3.2.1.in-addr.arpa", "2.1.in-addr.arpa"),
            ("1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"),
        ):
            self.assertEqual(domain_of(name), domain)
