"""The resolver that tests have, and the text of its zone."""

from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_answer import Answer, DnsFailure, DnsTimeout, Kind, Mx, Question, Soa
from mailfilter.codec.dns_name import BadName
from mailfilter.scan.lookups import Resolves
from mailfilter.testing.fake_dns import FakeDns
from mailfilter.testing.zone_text import read_zone

ZONE = """
; all kinds
Example.com.      A      192.0.2.1
                  A      192.0.2.2
example.com  60   MX     10 mx.Example.com.  ; one host
example.com    IN TXT    "v=spf1 mx; \\"x\\" " -all \\195\\188
example.com       NS     ns.example.com
example.com       SOA    ns.example.com h.example.com 1 2 3 4 5
a.b.example.com   AAAA   2001:db8::1
www.example.com 9 CNAME  example.com
loop.example.com  CNAME  loop.example.com
gone.example.com  CNAME  nowhere.example.net
1.2.0.192.in-addr.arpa PTR example.com
"""


def start(work: Coroutine[Any, Any, Answer]) -> Deferred[Answer]:
    return Deferred.fromCoroutine(work)


class ZoneTexts(SynchronousTestCase):
    def test_lines_that_are_none(self) -> None:
        for line in (
            "example.com",
            "example.com A",
            "example.com A 192.0.2",
            "example.com A 192.0.2.1 192.0.2.2",
            "example.com HINFO x",
            "example.com MX mx.example.com",
            "example.com SOA a b 1 2",
            "example.com TXT",
            'example.com TXT "open',
            "a..b A 192.0.2.1",
        ):
            with self.subTest(line=line):
                error = self.assertRaises(ValueError, read_zone, "x.example A 192.0.2.1\n" + line)
                self.assertIn("line 2", str(error))

    def test_lifetimes(self) -> None:
        self.assertEqual([record.ttl for record in read_zone(ZONE)][:3], [300, 300, 60])


class Answers(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.dns = FakeDns(ZONE, self.clock)

    def ask(self, name: str, kind: Kind) -> Answer:
        return self.successResultOf(start(self.dns.lookup(Question(name, kind))))

    def test_kinds(self) -> None:
        table: list[tuple[str, Kind, tuple[Any, ...]]] = [
            ("example.com", Kind.A, (ip_address("192.0.2.1"), ip_address("192.0.2.2"))),
            ("example.com", Kind.MX, (Mx(10, "mx.example.com"),)),
            ("example.com", Kind.TXT, ('v=spf1 mx; "x" -all\u00fc'.encode(),)),
            ("example.com", Kind.NS, ("ns.example.com",)),
            ("example.com", Kind.SOA, (Soa("ns.example.com", "h.example.com", 1, 2, 3, 4, 5),)),
            ("a.b.example.com", Kind.AAAA, (ip_address("2001:db8::1"),)),
            ("www.example.com", Kind.CNAME, ("example.com",)),
            ("1.2.0.192.in-addr.arpa", Kind.PTR, ("example.com",)),
        ]
        for name, kind, records in table:
            with self.subTest(name=name, kind=kind):
                answer = self.ask(name, kind)
                self.assertEqual((answer.status, answer.records), ("found", records))
                self.assertEqual((answer.question, answer.name), (Question(name, kind), name))

    def test_one_name_in_many_forms(self) -> None:
        """As a resolver takes them."""
        for name in ("example.com", "Example.COM", "example.com.", "www.Example.com"):
            self.assertEqual(self.ask(name, Kind.MX).status, "found", name)
        self.assertEqual(self.dns.asked[Question("example.com", Kind.MX)], 3)
        self.assertIsNotNone(self.dns.peek(Question("EXAMPLE.com.", Kind.MX)))
        self.assertIsNone(self.dns.peek(Question("example..com", Kind.MX)))
        self.dns.slow("example.com", 1)
        late = start(self.dns.lookup(Question("EXAMPLE.com", Kind.A)))
        self.assertNoResult(late)
        self.clock.advance(1)
        self.successResultOf(late)

    def test_equal_records(self) -> None:
        """Are one."""
        self.dns.add("x.test A 192.0.2.1\nx.test A 192.0.2.2\nX.test 60 A 192.0.2.1")
        records = self.ask("x.test", Kind.A).records
        self.assertEqual(records, (ip_address("192.0.2.1"), ip_address("192.0.2.2")))

    def test_nothing(self) -> None:
        self.assertEqual(self.ask("example.com", Kind.AAAA).status, "nodata")
        self.assertEqual(self.ask("b.example.com", Kind.A).status, "nodata")
        self.assertEqual(self.ask("c.example.com", Kind.A).status, "nxdomain")

    def test_alias(self) -> None:
        answer = self.ask("www.example.com", Kind.MX)
        self.assertEqual((answer.name, answer.ttl), ("example.com", 9))
        gone = self.ask("gone.example.com", Kind.A)
        self.assertEqual((gone.status, gone.name), ("nxdomain", "nowhere.example.net"))
        loop = self.dns.lookup(Question("loop.example.com", Kind.A))
        self.failureResultOf(start(loop), DnsFailure)

    def test_authentic(self) -> None:
        self.assertFalse(self.ask("example.com", Kind.A).is_authentic)
        self.dns.is_authentic = True
        self.assertTrue(self.ask("example.com", Kind.A).is_authentic)

    def test_what_is_no_name(self) -> None:
        self.failureResultOf(start(self.dns.lookup(Question("a..b", Kind.A))), BadName)

    def test_failures(self) -> None:
        self.dns.fail("example.com", DnsTimeout, Kind.MX)
        self.dns.fail("c.example.com")
        error = self.failureResultOf(start(self.dns.lookup(Question("example.com", Kind.MX))))
        self.assertIsInstance(error.value, DnsTimeout)
        self.assertEqual(self.ask("example.com", Kind.A).status, "found")
        lookup = self.dns.lookup(Question("c.example.com", Kind.TXT))
        self.failureResultOf(start(lookup), DnsFailure)

    def test_memory(self) -> None:
        resolver: Resolves = self.dns
        question = Question("example.com", Kind.MX)
        self.assertIsNone(resolver.peek(question))
        answer = self.ask(*question)
        self.clock.advance(20)
        known = resolver.peek(question)
        assert known is not None
        self.assertEqual((known.records, known.ttl), (answer.records, 40))
        self.assertEqual(self.dns.asked, {question: 1})
        self.clock.advance(40)
        self.assertIsNone(resolver.peek(question))
        self.ask(*question)
        self.dns.forget()
        self.assertIsNone(resolver.peek(question))

    def test_delays(self) -> None:
        self.dns.delay = 2
        self.dns.slow("a.b.example.com", 5)
        soon = start(self.dns.lookup(Question("example.com", Kind.A)))
        late = start(self.dns.lookup(Question("a.b.example.com", Kind.AAAA)))
        self.clock.advance(1)
        self.assertNoResult(soon)
        self.clock.advance(1)
        self.successResultOf(soon)
        self.assertNoResult(late)
        self.clock.advance(3)
        self.successResultOf(late)

    def test_delay_without_clock(self) -> None:
        dns = FakeDns(ZONE)
        dns.delay = 1
        self.failureResultOf(start(dns.lookup(Question("example.com", Kind.A))), ValueError)
