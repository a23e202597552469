"""What a resolver does packet by packet."""

from typing import Any

import dns.flags
from twisted.python.failure import Failure

from mailfilter.codec.dns_answer import DnsFailure
from mailfilter.net.health import MAX_FAILURES
from mailfilter.net.line import PORT_SECONDS
from mailfilter.net.query import Query

from .case import asks
from .clock_case import ClockCase, Peer
from .dns_server import reply_to, truncated

FOUND = "a.example. 60 A 192.0.2.1"


class AuthenticTests(ClockCase):
    """The AD bit of a chain that was asked for step by step."""

    def test_all_steps(self) -> None:
        """The whole is proven only if each step is."""
        for number, (first, second) in enumerate(((0, 1), (1, 0), (1, 1))):
            resolver = self.make_resolver()
            asking = asks(resolver, f"n{number}.example")
            self.answer_with(f"n{number}.example. 60 CNAME a.example.", first)
            self.answer_with(FOUND, second)
            answer = self.successResultOf(asking)
            self.assertEqual(answer.name, "a.example")
            self.assertEqual(answer.is_authentic, bool(first and second))

    def answer_with(self, record: str, is_authentic: int) -> None:
        """Answer the next query."""
        query, address = self.peer.take()
        reply = reply_to(query, record)
        reply.flags |= dns.flags.AD * is_authentic
        self.say(reply.to_wire(), address)


class HealthTests(ClockCase):
    """What counts against a server."""

    def test_refused(self) -> None:
        """That it refuses us."""

        def act() -> None:
            self.answer(rcode="REFUSED")

        self.assert_down_after(act)

    def test_no_sense(self) -> None:
        """What cannot be read."""

        def act() -> None:
            query, address = self.peer.take()
            self.say(reply_to(query).to_wire() + b"\0", address)

        self.assert_down_after(act)

    def test_cannot_be_sent(self) -> None:
        """That nothing can be sent to it."""
        self.assert_down_after(lambda: None, _refuse)

    def assert_down_after(self, act: Any, send: Any = None) -> None:
        """It is down when this has happened often enough, and not before."""
        resolver = self.make_resolver(attempts=1)
        if send is not None:
            self.patch(next(iter(resolver._asking.lines)), "send", send)
        for number in range(MAX_FAILURES):
            self.assertFalse(self.is_down(resolver))
            asking = asks(resolver, f"n{number}.example")
            act()
            self.failureResultOf(asking, DnsFailure)
        self.assertTrue(self.is_down(resolver))

    def test_down_comes_last(self) -> None:
        """Others are asked first, whoever's turn it is; it is asked if they cannot tell."""
        other = self.make_peer()
        resolver = self.make_resolver(self.peer, other)
        line = next(iter(resolver._asking.lines))
        for _ in range(MAX_FAILURES):
            line.health.failed(self.reactor.seconds())
        for number in range(6):
            asking = asks(resolver, f"n{number}.example")
            self.assertFalse(self.peer.has_query())
            self.answer(rcode="NXDOMAIN", peer=other)
            self.successResultOf(asking)
        asking = asks(resolver, "a.example")
        self.answer(rcode="SERVFAIL", peer=other)
        self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])

    def test_unreachable_is_not_remembered(self) -> None:
        """It is known at once anyway, and may be over at once."""
        resolver = self.make_resolver(attempts=1)
        line: Any = next(iter(resolver._asking.lines))
        patched = self.patch(line, "send", _refuse)
        self.failureResultOf(asks(resolver, "a.example"), DnsFailure)
        patched.restore()
        asking = asks(resolver, "a.example")
        self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])


class LateTests(ClockCase):
    """Three servers: the first was too slow, so that the second has been asked."""

    def setUp(self) -> None:
        """Ask, and wait."""
        super().setUp()
        self.second, self.third = self.make_peer(), self.make_peer()
        peers = {peer.server: peer for peer in (self.peer, self.second, self.third)}
        self.resolver = self.make_resolver(*peers.values(), attempts=3)
        self.asking = asks(self.resolver, "a.example")
        # Which one is first is a matter of turns.
        left = list(peers.values())
        self.first = next(peer for peer in left if peer.has_query())
        left.remove(self.first)
        self.query, self.address = self.first.take()
        self.last(1.2)
        self.second = next(peer for peer in left if peer.has_query())
        left.remove(self.second)
        (self.third,) = left

    def test_failure(self) -> None:
        """That the first cannot tell does not matter while the second is asked."""
        self.say(reply_to(self.query, rcode="SERVFAIL").to_wire(), self.address, self.first)
        self.assertFalse(self.third.has_query())
        self.answer(FOUND, peer=self.second)
        self.assertEqual(self.found(self.asking), ["192.0.2.1"])

    def test_by_tcp(self) -> None:
        """When the first is asked by TCP it is nothing that the second is late."""
        self.say(truncated(self.query), self.address, self.first)
        self.last(1.2)
        self.assertEqual(self.resolver.counters()["dns/timeouts"], 2)
        self.assertFalse(self.third.has_query())
        self.asking.addErrback(_ignore)

    def test_both_by_tcp(self) -> None:
        """One of them is enough."""
        self.say(truncated(self.query), self.address, self.first)
        query, address = self.second.take()
        self.say(truncated(query), address, self.second)
        self.assertEqual(len(self.reactor.connectors), 1)
        self.assertEqual(self.resolver.counters()["dns/tcp"], 1)
        self.asking.addErrback(_ignore)

    def test_step_behind(self) -> None:
        """What comes late for an earlier step of a chain is none of this one."""
        self.answer("a.example. 60 CNAME b.example.", peer=self.second)
        late = reply_to(self.query, rcode="NXDOMAIN").to_wire()
        self.say(late, self.address, self.first)
        self.assertEqual(self.resolver.counters()["dns/ignored/id"], 1)
        peer = next(each for each in (self.first, self.second, self.third) if each.has_query())
        self.answer("b.example. 60 A 192.0.2.2", peer=peer)
        self.assertEqual(self.found(self.asking), ["192.0.2.2"])


class PortTests(ClockCase):
    """Ports from which questions go out."""

    def test_same_number(self) -> None:
        """No two queries of a port have the same id, though it is drawn twice."""
        resolver = self.make_resolver()
        port, number, other = 0, 5, 6
        drawn = [port, number, port, number, other]
        resolver._asking._numbers._left.extend(reversed(drawn))
        first, second = asks(resolver, "a.example"), asks(resolver, "b.example")
        self.answer(FOUND)
        self.answer("b.example. 60 A 192.0.2.2")
        self.assertEqual(self.found(first), ["192.0.2.1"])
        self.assertEqual(self.found(second), ["192.0.2.2"])

    def test_replaced_by_time(self) -> None:
        """A port takes questions for some seconds, and answers as long as one is expected."""
        resolver = self.make_resolver(timeout=30.0)
        asking = asks(resolver, "a.example")
        (port,) = self.reactor.getReaders()
        self.reactor.advance(PORT_SECONDS - 1)
        asks(resolver, "b.example").addErrback(_ignore)
        self.assertEqual(self.reactor.getReaders(), [port])
        query, address = self.peer.take()
        _, same = self.peer.take()
        self.assertEqual(same, address)
        self.reactor.advance(1)
        late = asks(resolver, "c.example")
        self.assertEqual(len(self.reactor.getReaders()), 2)
        self.answer("c.example. 60 A 192.0.2.3")
        self.assertEqual(self.found(late), ["192.0.2.3"])
        self.say(reply_to(query, FOUND).to_wire(), address)
        self.assertEqual(self.found(asking), ["192.0.2.1"])
        self.assertIn(port, self.reactor.getReaders())

    def test_closed_when_nothing_is_expected(self) -> None:
        """One that is replaced closes with its last answer."""
        resolver = self.make_resolver(timeout=30.0)
        asking = asks(resolver, "a.example")
        (port,) = self.reactor.getReaders()
        self.reactor.advance(PORT_SECONDS)
        asks(resolver, "b.example").addErrback(_ignore)
        self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])
        self.assertNotIn(port, self.reactor.getReaders())
        self.assertEqual(len(self.reactor.getReaders()), 1)

    def test_closed_amid_failures(self) -> None:
        """Who is told that a port has failed may close all."""
        gone = Peer()
        gone.sock.close()
        resolver = self.make_resolver(gone, attempts=1)
        first, second = asks(resolver, "a.example"), asks(resolver, "b.example")

        def close(failure: Failure) -> Failure:
            resolver.close()
            return failure

        first.addErrback(close)
        self.hear()
        for asking in (first, second):
            self.failureResultOf(asking, DnsFailure)
        self.assertEqual(self.reactor.getReaders(), [])


def _refuse(query: Query, now: float) -> None:
    raise OSError


def _ignore(failure: Failure) -> None:
    """That it was closed."""
