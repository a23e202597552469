"""How long a question may take, whatever servers do."""

from twisted.internet.defer import CancelledError
from twisted.logger import capturedLogs, formatEvent

from mailfilter.codec.dns_answer import DnsTimeout
from mailfilter.net.outage import QUIET_SECONDS
from mailfilter.net.query import Query
from mailfilter.net.resolver import Resolver

from .case import asks
from .clock_case import ClockCase, Peer
from .dns_server import reply_to, truncated

NAMESPACE = "mailfilter.net.outage"


class PatienceTests(ClockCase):
    """`dns.timeout` is 1 second: all is over after 2 for each attempt."""

    def test_slow_by_tcp(self) -> None:
        """A server that says late that it wants TCP, and is then silent."""
        resolver = self.make_resolver(attempts=1)
        asking = asks(resolver, "a.example")
        query, address = self.peer.take()
        self.last(0.8)
        self.say(truncated(query), address)
        self.assertEqual(len(self.reactor.connectors), 1)
        self.last(1.0)
        self.assertNoResult(asking)
        self.last(0.3)
        self.failureResultOf(asking, DnsTimeout)
        self.assertTrue(self.reactor.connectors[0]._disconnected)
        self.assertEqual(resolver.gauges()["dns_waiting"], 0)

    def test_slow_chain(self) -> None:
        """A chain of CNAMEs of which each takes its time."""
        resolver = self.make_resolver(attempts=2)
        asking = asks(resolver, "n0.example")
        for number in range(4):
            self.last(0.9)
            self.answer(f"n{number}.example. 60 CNAME n{number + 1}.example.")
        self.assertNoResult(asking)
        self.last(0.5)
        self.failureResultOf(asking, DnsTimeout)

    def test_latest(self) -> None:
        """Answers count until then."""
        resolver = self.make_resolver(attempts=2)
        asking = asks(resolver, "a.example")
        self.last(1.5)
        self.answer("a.example. 60 A 192.0.2.1")
        self.assertEqual(self.found(asking), ["192.0.2.1"])


class CountTests(ClockCase):
    """What was sent again."""

    def test_nothing_sent(self) -> None:
        """What is sent after what could not be is the first."""
        tried: list[Query] = []

        def refuse(query: Query, now: float) -> None:
            tried.append(query)
            raise OSError

        resolver = self.make_resolver(self.peer, self.make_peer(), self.make_peer(), attempts=3)
        for line in [*resolver._asking.lines][1:]:
            self.patch(line, "send", refuse)
        asking = asks(resolver, "a.example")
        self.assertEqual(len(tried), 2)
        counters = resolver.counters()
        self.assertEqual((counters["dns/queries"], counters["dns/retries"]), (1, 0))
        self.answer("a.example. 60 A 192.0.2.1")
        self.assertEqual(self.found(asking), ["192.0.2.1"])

    def test_late_refusal(self) -> None:
        """That an earlier query was refused for its EDNS makes nothing be sent again."""
        resolver = self.make_resolver(attempts=3)
        asking = asks(resolver, "a.example")
        query, address = self.peer.take()
        self.last(1.2)
        self.assertEqual(resolver.counters()["dns/queries"], 2)
        self.say(reply_to(query, rcode="FORMERR").to_wire(), address)
        counters = resolver.counters()
        self.assertEqual(counters["dns/replies/FORMERR"], 1)
        self.assertEqual((counters["dns/queries"], counters["dns/retries"]), (2, 1))
        self.assertNoResult(asking)
        asking.cancel()
        self.failureResultOf(asking, CancelledError)


class OutageTests(ClockCase):
    """What the log says when no server answers."""

    def test_told(self) -> None:
        """Once when the last one is down, once when one is back, not again for a while."""
        other = self.make_peer()
        resolver = self.make_resolver(self.peer, other, attempts=1)
        with capturedLogs() as logged:
            for number in range(10):
                self.give_up(resolver, f"n{number}.example")
            self.bring_back(resolver, other)
            for number in range(10, 20):
                self.give_up(resolver, f"n{number}.example")
        texts = [formatEvent(event) for event in logged if event["log_namespace"] == NAMESPACE]
        names = f"{self.peer.server}, {other.server}"
        back = f"a DNS server answers again: {other.server}"
        self.assertEqual(texts, [f"no DNS server answers: {names}", back])

    def test_told_later(self) -> None:
        """An outage that began in that while and lasts is told after it, and no more."""
        resolver = self.make_resolver(attempts=1)
        for number in range(6):
            self.give_up(resolver, f"n{number}.example")
        self.bring_back(resolver, self.peer)
        with capturedLogs() as logged:
            until = self.reactor.seconds() + 3 * QUIET_SECONDS
            while self.reactor.seconds() < until:
                self.give_up(resolver, f"n{self.reactor.seconds()}.example")
        texts = [formatEvent(event) for event in logged if event["log_namespace"] == NAMESPACE]
        self.assertEqual(texts, [f"no DNS server answers: {self.peer.server}"])

    def test_one_left(self) -> None:
        """As long as one answers nothing is said."""
        other = self.make_peer()
        resolver = self.make_resolver(self.peer, other, attempts=1)
        with capturedLogs() as logged:
            while not self.is_down(resolver):
                asking = asks(resolver, f"n{self.reactor.seconds()}.example")
                if other.has_query():
                    self.answer(rcode="NXDOMAIN", peer=other)
                while not asking.called:
                    self.last(0.1)
                asking.addErrback(lambda failure: None)
        self.assertFalse(self.is_down(resolver, other))
        self.assertEqual([each for each in logged if each["log_namespace"] == NAMESPACE], [])

    def bring_back(self, resolver: Resolver, peer: Peer) -> None:
        """Have it answer to a probe."""
        self.assertTrue(self.is_down(resolver, peer))
        while self.is_down(resolver, peer):
            self.last(0.1)
            while peer.has_query():
                query, address = peer.take()
                if not query.question[0].name.labels[0]:
                    self.say(reply_to(query).to_wire(), address, peer)
