"""Servers that are away for a moment: a resolver that is started anew."""

from typing import Any

from mailfilter.codec.dns_answer import DnsFailure
from mailfilter.net.line import Line
from mailfilter.net.resolver import Resolver

from .case import asks
from .clock_case import ClockCase
from .dns_server import reply_to

FOUND = "a.example. 60 A 192.0.2.1"


def _refuse(_line: Line, _query: Any, _now: float) -> None:
    raise ConnectionRefusedError


class RestartTests(ClockCase):
    """One that is asked again after a while."""

    def say_nonsense(self) -> None:
        """As an answer to the next query."""
        query, address = self.peer.take()
        self.say(reply_to(query).to_wire() + b"\0", address)

    def make_known(self, **more: Any) -> Resolver:
        """A resolver whose server has answered before."""
        resolver = self.make_resolver(**more)
        asking = asks(resolver, "first.example")
        self.answer("first.example. 60 A 192.0.2.9")
        self.successResultOf(asking)
        return resolver

    def test_never_there(self) -> None:
        """Where there never was any, nobody waits for it: a machine without a resolver."""
        resolver = self.make_resolver()
        self.patch(Line, "send", _refuse)
        self.failureResultOf(asks(resolver, "a.example"), DnsFailure)

    def test_long_away(self) -> None:
        """Nor for one that was there a minute ago."""
        resolver = self.make_known()
        self.last(61)
        self.patch(Line, "send", _refuse)
        self.failureResultOf(asks(resolver, "a.example"), DnsFailure)

    def test_cannot_be_sent(self) -> None:
        """It is asked when it is back."""
        resolver = self.make_known()
        patched = self.patch(Line, "send", _refuse)
        asking = asks(resolver, "a.example")
        self.last(2.5)
        self.assertNoResult(asking)
        patched.restore()
        self.last(1.2)
        while self.peer.has_query() and not asking.called:
            self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])

    def test_nobody_is_there(self) -> None:
        """The same when the machine tells it afterwards."""
        resolver = self.make_known()
        asking = asks(resolver, "a.example")
        self.peer.take()
        line = next(iter(resolver._asking.lines))
        for port in filter(None, line._ports):
            port._fail()
        self.last(0.5)
        self.assertNoResult(asking)
        self.assertFalse(self.peer.has_query())
        self.last(0.7)
        self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])

    def test_no_sense(self) -> None:
        """As often as questions are asked at all."""
        resolver = self.make_resolver(attempts=3)
        asking = asks(resolver, "a.example")
        for _ in range(2):
            self.say_nonsense()
            self.assertNoResult(asking)
            self.last(1.2)
        self.say_nonsense()
        self.failureResultOf(asking, DnsFailure)
        self.assertEqual(resolver.counters()["dns/queries"], 3)

    def test_for_ever(self) -> None:
        """As often, too, if nothing can be sent."""
        resolver = self.make_known(attempts=3)
        self.patch(Line, "send", _refuse)
        asking = asks(resolver, "a.example")
        self.last(1.8)
        self.assertNoResult(asking)
        self.last(0.7)
        self.failureResultOf(asking, DnsFailure)

    def test_others_are_asked(self) -> None:
        """Those that cannot be reached do not count as attempts."""
        resolver = self.make_resolver(self.make_peer(), self.make_peer(), self.peer, attempts=1)
        for line in [*resolver._asking.lines][:2]:
            self.patch(line, "send", lambda query, now, line=line: _refuse(line, query, now))
        asking = asks(resolver, "a.example")
        self.answer(FOUND)
        self.assertEqual(self.found(asking), ["192.0.2.1"])

    def test_a_zone_fails(self) -> None:
        """That is told at once, and so it is when another server is away."""
        other = self.make_peer()
        resolver = self.make_resolver(self.peer, other, attempts=4)
        lines = [*resolver._asking.lines]
        self.patch(lines[1], "send", lambda query, now: _refuse(lines[1], query, now))
        for number in range(2):
            asking = asks(resolver, f"n{number}.example")
            self.answer(rcode="SERVFAIL")
            self.failureResultOf(asking, DnsFailure)

    def test_closed_meanwhile(self) -> None:
        """Nothing waits for servers any more."""
        resolver = self.make_resolver()
        asking = asks(resolver, "a.example")
        self.say_nonsense()
        resolver.close()
        self.failureResultOf(asking, DnsFailure)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
