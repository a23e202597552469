"""Servers that are silent, slow, broken or lie."""

import socket
from ipaddress import IPv4Address
from typing import Any

import dns.message
from twisted.internet import reactor as installed
from twisted.internet.defer import gatherResults
from twisted.internet.task import deferLater

from mailfilter.codec.dns_answer import DnsFailure, DnsTimeout, Kind, Question
from mailfilter.net.servers import Server

from .case import SHORT, ResolverCase, asks
from .dns_server import Act, Asked, DnsServer, reply_to

reactor: Any = installed


def silent(query: dns.message.Message, asked: Asked) -> None:
    """Says nothing."""


def says(rcode: str) -> Act:
    """Says this to everything."""
    return lambda query, asked: reply_to(query, rcode=rcode).to_wire()


def unused_port() -> Server:
    """Where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return Server("127.0.0.1", sock.getsockname()[1])


class TroubleCase(ResolverCase):
    """One server that works, and one that can be made not to."""

    def setUp(self) -> None:
        """Both know the same."""
        super().setUp()
        self.other = self.make_server()
        for server in (self.server, self.other):
            server.add("a.example. 60 A 192.0.2.1")

    async def assert_found(self, resolver: Any, name: str = "a.example") -> None:
        """It has the right answer."""
        answer = await asks(resolver, name)
        self.assertEqual(answer.records, (IPv4Address("192.0.2.1"),))


class SilentTests(TroubleCase):
    """No answer in time."""

    async def test_again(self) -> None:
        """A lost question is asked again, with another id or from another port."""

        def act(query: dns.message.Message, asked: Asked) -> bytes | None:
            return None if len(self.server.asked) < 3 else self.server.usual(query, asked)

        self.server.act = act
        resolver = self.make_resolver(timeout=SHORT, attempts=10)
        await self.assert_found(resolver)
        ways = {(asked.port, asked.number) for asked in self.server.asked}
        self.assertEqual(len(ways), len(self.server.asked))
        counters = resolver.counters()
        self.assertGreaterEqual(counters["dns/timeouts"], 2)
        # What went out to see if it is back repeats nothing.
        probes = sum(asked.kind == "NS" for asked in self.server.asked)
        self.assertEqual(counters["dns/retries"], counters["dns/queries"] - 1 - probes)

    async def test_given_up(self) -> None:
        """After so many attempts it is a time-out, which is remembered for a while."""
        self.server.act = silent
        resolver = self.make_resolver(timeout=SHORT, attempts=3)
        for _ in range(2):
            with self.assertRaises(DnsTimeout):
                await asks(resolver, "a.example")
        self.assertEqual(len(self.server.asked), 3)
        self.assertIsNone(resolver.peek(Question("a.example", Kind.A)))
        counters = resolver.counters()
        self.assertEqual(counters["dns/failures/timeout"], 1)
        self.assertEqual(counters["dns/timeouts"], 3)

    async def test_other_server(self) -> None:
        """The next server is asked; one that stays silent comes last, until it is back."""
        self.other.act = silent
        resolver = self.make_resolver(
            self.other.server, self.server.server, timeout=SHORT, attempts=10
        )
        name = f"dns_down/{self.other.server}"
        number = 0
        while not resolver.gauges()[name]:
            number += 1
            await asks(resolver, f"h{number}.example")
        self.assertGreaterEqual(len(self.other.asked), 3)
        more = {f"more{number}.example" for number in range(20)}
        for name_of_more in more:
            await asks(resolver, name_of_more)
        # If the machine is slow, the other may be asked as well.
        self.assertLessEqual(more, {asked.name for asked in self.server.asked})
        self.other.act = self.other.usual
        while resolver.gauges()[name]:
            number += 1
            await asks(resolver, f"h{number}.example")
        probes = [asked for asked in self.other.asked if asked[:2] == ("", "NS")]
        self.assertGreaterEqual(len(probes), 1)

    async def test_back(self) -> None:
        """That a server is back is found out though nobody asks anything."""
        self.server.act = silent
        resolver = self.make_resolver(timeout=SHORT)
        with self.assertRaises(DnsTimeout):
            await asks(resolver, "a.example")
        down = f"dns_down/{self.server.server}"
        self.assertEqual(resolver.gauges()[down], 1)
        self.server.act = self.server.usual
        while resolver.gauges()[down]:
            await deferLater(reactor, SHORT)
        self.assertEqual(self.server.asked[-1][:2], ("", "NS"))

    async def test_slow(self) -> None:
        """An answer that comes when the question has been asked again counts."""
        replies: list[bytes] = []

        def act(query: dns.message.Message, asked: Asked) -> list[bytes]:
            replies.append(self.server.usual(query, asked))
            return [replies[0]] if len(replies) == 2 else []

        self.server.act = act
        # Both must come from the same port, to reach it.
        resolver = self.make_resolver(timeout=SHORT, attempts=10, ports=1)
        await self.assert_found(resolver)
        # If the machine is slow, it is asked once more before the answer is read.
        self.assertGreaterEqual(len(self.server.asked), 2)

    async def test_rotation(self) -> None:
        """Servers that work are asked in turn."""
        resolver = self.make_resolver(self.server.server, self.other.server)
        for number in range(20):
            await asks(resolver, f"h{number}.example")
        self.assertEqual((len(self.server.asked), len(self.other.asked)), (10, 10))


class RefusingTests(TroubleCase):
    """Servers that say no, or are not there."""

    async def test_codes(self) -> None:
        """The next one is asked."""
        for rcode in ("SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "NOTAUTH"):
            self.other.act = says(rcode)
            resolver = self.make_resolver(self.other.server, self.server.server)
            for _ in range(2):
                await self.assert_found(resolver)
            for number in range(4):
                self.assertEqual((await asks(resolver, f"h{number}.example")).status, "nxdomain")
            self.assertIn(f"dns/replies/{_shown(rcode)}", resolver.counters())

    async def test_all(self) -> None:
        """If none can tell, the code is the reason; each is asked once, later ones not at all."""
        for rcode in ("SERVFAIL", "REFUSED"):
            before = len(self.server.asked) + len(self.other.asked)
            self.server.act = self.other.act = says(rcode)
            resolver = self.make_resolver(self.server.server, self.other.server)
            for _ in range(2):
                with self.assertRaises(DnsFailure) as caught:
                    await asks(resolver, "a.example")
                self.assertEqual(caught.exception.reason, rcode)
            self.assertEqual(len(self.server.asked) + len(self.other.asked), before + 2)

    async def test_one_zone(self) -> None:
        """SERVFAIL says nothing against the server."""
        self.server.act = says("SERVFAIL")
        resolver = self.make_resolver()
        for number in range(10):
            with self.assertRaises(DnsFailure):
                await asks(resolver, f"h{number}.example")
        self.assertEqual(resolver.gauges()[f"dns_down/{self.server.server}"], 0)

    async def test_without_edns(self) -> None:
        """A server that cannot do EDNS is asked without, at once the next times."""
        for is_bare in (False, True):
            server = self.make_server()
            server.add("a.example. 60 A 192.0.2.1")
            server.act = _plain_only(server, is_bare)
            resolver = self.make_resolver(server.server)
            await self.assert_found(resolver)
            await asks(resolver, "b.example")
            self.assertEqual([asked.has_edns for asked in server.asked], [True, False, False])

    async def test_nobody(self) -> None:
        """A port where nobody listens is known at once, and tried again."""
        resolver = self.make_resolver(unused_port(), attempts=1)
        for _ in range(3):
            with self.assertRaises(DnsFailure):
                await asks(resolver, "a.example")
        self.assertEqual(resolver.gauges()["dns_waiting"], 0)
        resolver = self.make_resolver(unused_port(), self.server.server)
        for number in range(10):
            await asks(resolver, f"h{number}.example")
        await self.assert_found(resolver)

    async def test_nobody_for_many(self) -> None:
        """All that wait there are told."""
        resolver = self.make_resolver(unused_port(), attempts=1)
        asking = [asks(resolver, f"h{number}.example") for number in range(50)]
        failures = await gatherResults([each.addErrback(_trapped) for each in asking])
        self.assertEqual(failures, ["no server can be reached"] * 50)


class LyingTests(TroubleCase):
    """Packets that do not belong to the question."""

    async def test_ignored(self) -> None:
        """They are counted, and the right one is taken behind them."""

        def forged(query: dns.message.Message, asked: Asked) -> list[bytes]:
            lie = reply_to(query, f"{asked.name}. 60 A 203.0.113.66").to_wire()
            number = (query.id + 1) % 65536
            other = dns.message.make_query("b.example", "A")
            other.id = query.id
            kind = dns.message.make_query(asked.name, "AAAA")
            kind.id = query.id
            return [
                b"",
                lie[:1],
                number.to_bytes(2, "big") + lie[2:],
                reply_to(other, "b.example. 60 A 203.0.113.66").to_wire(),
                reply_to(kind, "a.example. 60 AAAA 2001:db8::66").to_wire(),
                query.to_wire(),
                lie[:4] + b"\0\0" + lie[6:12],
                self.server.usual(query, asked),
            ]

        self.server.act = forged
        resolver = self.make_resolver()
        await self.assert_found(resolver)
        self.assertIsNone(resolver.peek(Question("b.example", Kind.A)))
        counters = resolver.counters()
        self.assertGreaterEqual(counters["dns/ignored/id"], 1)
        self.assertEqual(counters["dns/ignored/question"], 3)
        self.assertEqual(counters["dns/ignored/format"], 1)

    async def test_case(self) -> None:
        """With letters of random case a reply in others is none."""
        name = "abcdefghijklmnopqrstuvwxyz.example"

        def lower(query: dns.message.Message, asked: Asked) -> list[bytes]:
            wire = self.server.usual(query, asked)
            return [wire[:12] + wire[12:].lower(), wire]

        self.server.add(f"{name}. 60 A 192.0.2.1")
        self.server.act = lower
        for is_mixed, ignored in ((True, 1), (False, 0)):
            resolver = self.make_resolver(mixed_case=is_mixed)
            await self.assert_found(resolver, name)
            counters = resolver.counters()
            self.assertEqual(counters.get("dns/ignored/question", 0), ignored)

    async def test_from_elsewhere(self) -> None:
        """A reply from another port does not reach the question."""
        liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(liar.close)

        def act(query: dns.message.Message, asked: Asked) -> bytes:
            lie = reply_to(query, f"{asked.name}. 60 A 203.0.113.66").to_wire()
            liar.sendto(lie, ("127.0.0.1", asked.port))
            return self.server.usual(query, asked)

        self.server.act = act
        await self.assert_found(self.make_resolver())

    async def test_other_names(self) -> None:
        """Records of other names in a reply are nobody's answer."""

        def act(query: dns.message.Message, asked: Asked) -> bytes:
            records = (f"{asked.name}. 60 A 192.0.2.1", "bank.example. 60 A 203.0.113.66")
            return reply_to(query, *records).to_wire()

        self.server.act = act
        resolver = self.make_resolver()
        await self.assert_found(resolver)
        self.assertIsNone(resolver.peek(Question("bank.example", Kind.A)))

    async def test_no_sense(self) -> None:
        """A reply that cannot be read is that server's failure; the next one is asked."""
        for spoil in (_cut, _looping, _overrun, _behind):
            self.other.act = _spoiled(self.other, spoil)
            resolver = self.make_resolver(self.other.server, attempts=1)
            with self.assertRaises(DnsFailure):
                await asks(resolver, "a.example")
            resolver = self.make_resolver(self.other.server, self.server.server)
            for name in ("a.example", "b.example", "c.example"):
                await asks(resolver, name)
            await self.assert_found(resolver)


def _shown(rcode: str) -> str:
    return {"NOTAUTH": "RCODE9"}.get(rcode, rcode)


def _trapped(failure: Any) -> str:
    failure.trap(DnsFailure)
    return str(failure.value.reason)


def _plain_only(server: DnsServer, is_bare: bool) -> Act:
    def act(query: dns.message.Message, asked: Asked) -> bytes:
        if not asked.has_edns:
            return server.usual(query, asked)
        query.use_edns(False)
        reply = reply_to(query, rcode="FORMERR")
        if is_bare:
            reply.question = []
        return reply.to_wire()

    return act


def _spoiled(server: DnsServer, spoil: Any) -> Act:
    return lambda query, asked: spoil(query, server.usual(query, asked))


def _cut(query: dns.message.Message, wire: bytes) -> bytes:
    return wire[:-3]


def _behind(query: dns.message.Message, wire: bytes) -> bytes:
    return wire + b"\0"


def _question(wire: bytes) -> bytes:
    return wire[: wire.index(b"\0\0\1\0\1", 12) + 5]


def _looping(query: dns.message.Message, wire: bytes) -> bytes:
    head = _question(wire)
    here = (0xC000 | len(head)).to_bytes(2, "big")
    return head[:6] + b"\0\1\0\0\0\0" + head[12:] + here + b"\0\1\0\1\0\0\0\1\0\4abcd"


def _overrun(query: dns.message.Message, wire: bytes) -> bytes:
    head = _question(wire)
    return head[:6] + b"\0\1\0\0\0\0" + head[12:] + b"\x3fabc"
