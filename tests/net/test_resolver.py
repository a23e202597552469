"""Questions and answers over UDP, the cache, and those who share."""

from ipaddress import IPv4Address, IPv6Address

import dns.message
from twisted.internet.defer import CancelledError, Deferred, gatherResults

from mailfilter.codec.dns_answer import (
    Answer,
    DnsBusy,
    DnsFailure,
    Kind,
    Mx,
    Question,
)
from mailfilter.codec.dns_name import BadName

from .case import ResolverCase, asks
from .dns_server import Act, Asked, reply_to


class AnswerTests(ResolverCase):
    """What a server says comes back."""

    async def test_kinds(self) -> None:
        """All kinds of records."""
        self.server.add(
            "a.example. 60 A 192.0.2.1",
            "a.example. 60 AAAA 2001:db8::1",
            "a.example. 60 MX 10 mx.example.",
            'a.example. 60 TXT "v=spf1" " -all"',
            "a.example. 60 NS ns.example.",
            "1.2.0.192.in-addr.arpa. 60 PTR a.example.",
        )
        resolver = self.make_resolver()
        expected = {
            ("a.example", Kind.A): IPv4Address("192.0.2.1"),
            ("a.example", Kind.AAAA): IPv6Address("2001:db8::1"),
            ("a.example", Kind.MX): Mx(10, "mx.example"),
            ("a.example", Kind.TXT): b"v=spf1 -all",
            ("a.example", Kind.NS): "ns.example",
            ("1.2.0.192.in-addr.arpa", Kind.PTR): "a.example",
        }
        for (name, kind), record in expected.items():
            answer = await asks(resolver, name, kind)
            self.assertEqual(answer.status, "found")
            self.assertEqual(answer.records, (record,))
            self.assertEqual(answer.question, Question(name, kind))
        self.assertTrue(all(asked.has_edns and not asked.is_tcp for asked in self.server.asked))

    async def test_nothing(self) -> None:
        """That there is nothing is an answer, and is remembered."""
        self.server.add("a.example. 60 A 192.0.2.1")
        resolver = self.make_resolver()
        for name, status in (("a.example", "nodata"), ("b.example", "nxdomain")):
            answer = await asks(resolver, name, Kind.MX)
            self.assertEqual((answer.status, answer.records), (status, ()))
            again = resolver.peek(Question(name, Kind.MX))
            assert again is not None
            self.assertEqual(again.status, status)
        self.assertEqual(len(self.server.asked), 2)

    async def test_many(self) -> None:
        """Questions side by side have each their own answer, from changing ports with odd ids."""
        names = [f"h{number}.example" for number in range(500)]
        for number, name in enumerate(names):
            self.server.add(f"{name}. 60 A 10.0.{number // 250}.{number % 250}")
        resolver = self.make_resolver()
        answers: list[Answer] = []
        # The socket of the server does not hold them all.
        for at in range(0, len(names), 50):
            answers += await gatherResults([asks(resolver, name) for name in names[at : at + 50]])
        for number, (name, answer) in enumerate(zip(names, answers, strict=True)):
            self.assertEqual(answer.question.name, name)
            self.assertEqual(str(answer.records[0]), f"10.0.{number // 250}.{number % 250}")
        self.assertGreaterEqual(len({asked.port for asked in self.server.asked}), 8)
        self.assertGreater(len({asked.number for asked in self.server.asked}), 480)

    async def test_ports_change(self) -> None:
        """Questions one after the other leave from ports that are replaced."""
        resolver = self.make_resolver(ports=1)
        for number in range(450):
            await asks(resolver, f"h{number}.example")
        self.assertEqual(len({asked.port for asked in self.server.asked}), 3)

    async def test_mixed_case(self) -> None:
        """With the setting letters are of random case, and must come back so."""
        self.server.add("abcdefghijklmnop.example. 60 A 192.0.2.1")
        resolver = self.make_resolver(mixed_case=True)
        answer = await asks(resolver, "abcdefghijklmnop.example")
        self.assertEqual(answer.status, "found")
        self.assertNotEqual(self.server.asked[0].name, "abcdefghijklmnop.example")

    async def test_other_forms(self) -> None:
        """Names in other forms are asked for as DNS has them."""
        self.server.add("xn--mller-kva.example. 60 A 192.0.2.1", "b.example. 60 A 192.0.2.2")
        resolver = self.make_resolver()
        for name in ("müller.example", "B.Example."):
            answer = await asks(resolver, name)
            self.assertEqual((answer.status, answer.question.name), ("found", name))

    async def test_no_name(self) -> None:
        """What can be no name is not asked."""
        resolver = self.make_resolver()
        for name in ("a..example", "x" * 64 + ".example", "a." * 200):
            with self.assertRaises(BadName):
                await asks(resolver, name)
            self.assertIsNone(resolver.peek(Question(name, Kind.A)))
        self.assertEqual(self.server.asked, [])
        self.assertEqual(resolver.gauges()["dns_waiting"], 0)


class CnameTests(ResolverCase):
    """CNAMEs whose targets are not in the reply."""

    async def test_followed(self) -> None:
        """Their target is asked for; the answer is to the question, and lives as its shortest."""
        self.server.add("c.example. 300 A 192.0.2.1")
        self.server.act = self._chain({"a.example": "b.example", "b.example": "c.example"}, 7)
        resolver = self.make_resolver()
        answer = await asks(resolver, "a.example")
        self.assertEqual(answer.question, Question("a.example", Kind.A))
        self.assertEqual(answer.name, "c.example")
        self.assertEqual(answer.records, (IPv4Address("192.0.2.1"),))
        self.assertEqual(answer.ttl, 7.0)
        names = [asked.name for asked in self.server.asked]
        self.assertEqual(names, ["a.example", "b.example", "c.example"])
        self.assertIsNotNone(resolver.peek(Question("a.example", Kind.A)))

    async def test_loop(self) -> None:
        """One that never ends is given up, though two ask for both ends at once."""
        self.server.act = self._chain({"a.example": "b.example", "b.example": "a.example"}, 7)
        resolver = self.make_resolver()
        asking = [asks(resolver, name) for name in ("a.example", "b.example")]
        for each in asking:
            with self.assertRaises(DnsFailure):
                await each
        self.assertLessEqual(len(self.server.asked), 16)

    def _chain(self, links: dict[str, str], ttl: int) -> Act:
        def act(query: dns.message.Message, asked: Asked) -> bytes:
            target = links.get(asked.name)
            if target is None:
                return self.server.usual(query, asked)
            return reply_to(query, f"{asked.name}. {ttl} CNAME {target}.").to_wire()

        return act


class SharedTests(ResolverCase):
    """One question for many, and the cache."""

    def setUp(self) -> None:
        """A server that knows a name."""
        super().setUp()
        self.server.add("a.example. 60 A 192.0.2.1")
        self.resolver = self.make_resolver()

    async def test_shared(self) -> None:
        """Who asks the same meanwhile gets the same answer; it is asked once."""
        answers = await gatherResults([asks(self.resolver, "a.example") for _ in range(10)])
        self.assertEqual({answer.records for answer in answers}, {(IPv4Address("192.0.2.1"),)})
        self.assertEqual(len(self.server.asked), 1)
        counters = self.resolver.counters()
        self.assertEqual((counters["dns/cache_misses"], counters["dns/shared"]), (1, 9))

    async def test_cancelled(self) -> None:
        """Who leaves does so alone; if all leave, the answer is remembered all the same."""
        first, second = (asks(self.resolver, "a.example") for _ in range(2))
        first.cancel()
        with self.assertRaises(CancelledError):
            await first
        self.assertEqual((await second).status, "found")
        left = asks(self.resolver, "b.example")
        left.cancel()
        with self.assertRaises(CancelledError):
            await left
        self.assertEqual((await asks(self.resolver, "b.example")).status, "nxdomain")
        self.assertEqual(len(self.server.asked), 2)

    async def test_cached(self) -> None:
        """The second time nobody is asked."""
        question = Question("a.example", Kind.A)
        self.assertIsNone(self.resolver.peek(question))
        await asks(self.resolver, "a.example")
        await asks(self.resolver, "a.example")
        known = self.resolver.peek(question)
        assert isinstance(known, Answer)
        self.assertLessEqual(known.ttl, 60)
        self.assertEqual(len(self.server.asked), 1)
        self.assertEqual(self.resolver.counters()["dns/cache_hits"], 2)
        self.assertEqual(self.resolver.gauges()["dns_cached"], 1)

    async def test_ttl_0(self) -> None:
        """An answer without time is given once."""
        self.server.add("zero.example. 0 A 192.0.2.1")
        for _ in range(2):
            self.assertEqual((await asks(self.resolver, "zero.example")).status, "found")
        self.assertEqual(len(self.server.asked), 2)

    async def test_busy(self) -> None:
        """More than may be under way fail at once, and only as long as that is so."""
        resolver = self.make_resolver(max_waiting=10)
        under_way = [asks(resolver, f"h{number}.example") for number in range(10)]
        with self.assertRaises(DnsBusy):
            await asks(resolver, "more.example")
        shared = asks(resolver, "h0.example")
        self.assertEqual(resolver.gauges()["dns_waiting"], 10)
        await gatherResults([*under_way, shared])
        self.assertEqual((await asks(resolver, "more.example")).status, "nxdomain")
        self.assertEqual(resolver.gauges()["dns_waiting"], 0)

    async def test_asking_again(self) -> None:
        """Who has an answer may ask on at once, in the midst of others being told."""

        async def ask_on() -> str:
            await self.resolver.lookup(Question("a.example", Kind.A))
            return (await self.resolver.lookup(Question("c.example", Kind.A))).status

        statuses = await gatherResults([Deferred.fromCoroutine(ask_on()) for _ in range(3)])
        self.assertEqual(statuses, ["nxdomain"] * 3)
        self.assertEqual(len(self.server.asked), 2)

    async def test_close(self) -> None:
        """Who waits is told, and so is who comes later."""
        self.server.act = lambda query, asked: None
        waiting = asks(self.resolver, "a.example")
        await self.server.after(1)
        self.resolver.close()
        self.resolver.close()
        for asking in (waiting, asks(self.resolver, "b.example")):
            with self.assertRaises(DnsFailure):
                await asking
