"""Answers that are too long for a packet."""

from typing import Any

import dns.message
from twisted.internet.defer import CancelledError, gatherResults

from mailfilter.codec.dns_answer import DnsError, DnsFailure, DnsTimeout, Kind, Question
from mailfilter.net.tcp import MAX_CONNECTIONS

from .case import SHORT, ResolverCase, asks
from .dns_server import Asked, DnsServer, reply_to, truncated

TEXT = " ".join(['"' + "x" * 250 + '"'] * 250)
"""Of a TXT record that needs nearly all that a reply can hold."""


class TcpTests(ResolverCase):
    """A server that says TC to everything that comes by UDP."""

    def setUp(self) -> None:
        """It knows a long answer, and short ones."""
        super().setUp()
        self.server.add(f"long.example. 60 TXT {TEXT}", "a.example. 60 A 192.0.2.1")
        self.server.act = self.by_tcp(self.server)

    def by_tcp(self, server: DnsServer) -> Any:
        """Says so."""

        def act(query: dns.message.Message, asked: Asked) -> bytes:
            return server.usual(query, asked) if asked.is_tcp else truncated(query)

        return act

    def ways(self) -> list[bool]:
        """Whether by TCP, of all that was asked."""
        return [asked.is_tcp for asked in self.server.asked]

    async def test_long(self) -> None:
        """The answer comes by TCP; one so long is not remembered."""
        resolver = self.make_resolver()
        answer = await asks(resolver, "long.example", Kind.TXT)
        self.assertEqual(answer.records, (b"x" * 250 * 250,))
        self.assertEqual(self.ways(), [False, True])
        self.assertEqual(resolver.counters()["dns/tcp"], 1)
        self.assertIsNone(resolver.peek(Question("long.example", Kind.TXT)))

    async def test_short(self) -> None:
        """A short one is."""
        resolver = self.make_resolver()
        await asks(resolver, "a.example")
        self.assertIsNotNone(resolver.peek(Question("a.example", Kind.A)))

    async def test_many(self) -> None:
        """More than connections there may be get their answers in turn."""
        resolver = self.make_resolver(max_waiting=200)
        names = [f"h{number}.example" for number in range(MAX_CONNECTIONS * 3)]
        answers = await gatherResults([asks(resolver, name) for name in names])
        self.assertEqual([answer.question.name for answer in answers], names)

    async def test_truncated_again(self) -> None:
        """A server that says so by TCP, too, does not know."""
        self.server.act = lambda query, asked: truncated(query)
        with self.assertRaises(DnsFailure):
            await asks(self.make_resolver(), "a.example")
        self.assertEqual(self.ways(), [False, True])

    async def test_other_server(self) -> None:
        """If it fails by TCP, the next one is asked."""
        other = self.make_server()
        other.add("a.example. 60 A 192.0.2.1")

        def other_id(query: dns.message.Message, asked: Asked) -> bytes:
            if not asked.is_tcp:
                return truncated(query)
            query.id = (query.id + 1) % 65536
            return self.server.usual(query, asked)

        def other_question(query: dns.message.Message, asked: Asked) -> bytes:
            if not asked.is_tcp:
                return truncated(query)
            query.question = dns.message.make_query("b.example", "A").question
            return reply_to(query, "b.example. 60 A 203.0.113.66").to_wire()

        def no_sense(query: dns.message.Message, asked: Asked) -> bytes:
            return b"" if asked.is_tcp else truncated(query)

        def gone(query: dns.message.Message, asked: Asked) -> bytes | None:
            if not asked.is_tcp:
                return truncated(query)
            self.server.drop_connections()
            return None

        for act in (other_id, other_question, no_sense, gone):
            self.server.act = act
            with self.assertRaises(DnsFailure):
                await asks(self.make_resolver(), "a.example")
            resolver = self.make_resolver(self.server.server, other.server)
            for _ in range(2):
                self.assertEqual((await asks(resolver, "a.example")).status, "found")
            await asks(resolver, "b.example")

    async def test_silent(self) -> None:
        """It is given up by time."""
        self.server.act = lambda query, asked: None if asked.is_tcp else truncated(query)
        resolver = self.make_resolver(timeout=SHORT)
        with self.assertRaises(DnsTimeout):
            await asks(resolver, "a.example")
        self.assertEqual(resolver.gauges()["dns_waiting"], 0)

    async def test_not_listening(self) -> None:
        """A server without TCP."""
        await self.server.close_tcp()
        with self.assertRaises(DnsFailure):
            await asks(self.make_resolver(), "a.example")

    async def test_close(self) -> None:
        """Closing ends it, and leaves nothing behind."""
        self.server.act = lambda query, asked: None if asked.is_tcp else truncated(query)
        resolver = self.make_resolver()
        asking = asks(resolver, "a.example")
        left = asks(resolver, "b.example")
        await self.server.after(4)
        left.cancel()
        resolver.close()
        for each, error in ((asking, DnsError), (left, CancelledError)):
            with self.assertRaises(error):
                await each
