"""The resolver and `mailfilteradm dns doctor` with a real server, of signed and unsigned zones."""

import json
from ipaddress import ip_address
from typing import Any

from click.testing import CliRunner
from twisted.trial.unittest import TestCase

from mailfilter.client.adm import main
from mailfilter.codec.dns_answer import Answer, DnsFailure, Kind, Mx
from mailfilter.codec.dns_name import normal_name, reverse_name
from mailfilter.net.resolver import Resolver

from . import unbound
from .dns_case import PATIENT, DnsCase


class ResolverTests(DnsCase):
    """All kinds of records and of names."""

    def with_unbound(self, *, validates: bool = True) -> Resolver:
        """A resolver that asks it."""
        return self.resolver(PATIENT, unbound.shared(validates=validates).port)

    async def found(self, name: str, kind: Kind = Kind.A, *, validates: bool = True) -> Answer:
        """An answer."""
        told = await self.told(self.with_unbound(validates=validates), name, kind)
        assert isinstance(told, Answer), told
        return told

    async def test_kinds(self) -> None:
        """Each has records of its own form."""
        expected: dict[tuple[str, Kind], set[Any]] = {
            ("www.signed.test", Kind.A): {ip_address("192.0.2.1")},
            ("www.signed.test", Kind.AAAA): {ip_address("2001:db8::1")},
            ("signed.test", Kind.MX): {Mx(10, "mx1.signed.test"), Mx(20, "mx2.signed.test")},
            ("signed.test", Kind.TXT): {b"v=spf1 ip4:192.0.2.0/24 -all"},
            ("signed.test", Kind.NS): {"ns.plain.test"},
            ("alias.signed.test", Kind.CNAME): {"www.signed.test"},
            ("none.plain.test", Kind.MX): {Mx(0, "")},
            ("any.wild.plain.test", Kind.A): {ip_address("198.51.100.3")},
        }
        for (name, kind), records in expected.items():
            told = await self.found(name, kind)
            self.assertEqual((told.status, set(told.records)), ("found", records), name)
            self.assertEqual(len(told.records), len(records))

    async def test_zone(self) -> None:
        """Who answers for it, and how long nothing is remembered."""
        told = await self.found("plain.test", Kind.SOA)
        self.assertEqual(told.records[0].primary, "ns.plain.test")
        self.assertEqual(told.records[0].minimum, 60)

    async def test_reverse(self) -> None:
        """Of an address its name; names are in lower case."""
        for address, name in (
            ("192.0.2.1", "www.signed.test"),
            ("192.0.2.2", "mixed.case.plain.test"),
        ):
            told = await self.found(reverse_name(ip_address(address)), Kind.PTR)
            self.assertEqual(told.records, (name,))

    async def test_aliases(self) -> None:
        """They are followed from zone to zone."""
        for name, to in (
            ("alias.signed.test", "www.signed.test"),
            ("far.signed.test", "www.plain.test"),
            ("far.plain.test", "www.signed.test"),
        ):
            told = await self.found(name)
            self.assertEqual((told.status, told.name), ("found", to))
        self.assertEqual((await self.found("lost.plain.test")).status, "nxdomain")
        told_of_ring = await self.told(self.with_unbound(), "turn.plain.test")
        self.assertIsInstance(told_of_ring, DnsFailure)

    async def test_nothing(self) -> None:
        """No such name, or no such record, for some time."""
        for name, status in (("no.signed.test", "nxdomain"), ("ns.plain.test", "nodata")):
            told = await self.found(name, Kind.MX)
            self.assertEqual((told.status, told.records), (status, ()))
            self.assertTrue(0 < told.ttl <= 60, told.ttl)

    async def test_authentic(self) -> None:
        """What is proven is told apart, of what is not there, too; the whole chain must be."""
        for name, is_authentic in (
            ("www.signed.test", True),
            ("alias.signed.test", True),
            ("no.signed.test", True),
            ("www.plain.test", False),
            ("far.signed.test", False),
            ("far.plain.test", False),
        ):
            self.assertIs((await self.found(name)).is_authentic, is_authentic, name)

    async def test_forged(self) -> None:
        """A server that validates has no answer; another one knows no better."""
        reason = await self.reason(self.with_unbound(), "www.broken.test")
        self.assertEqual(reason, "SERVFAIL")
        told = await self.found("www.broken.test", validates=False)
        self.assertFalse(told.is_authentic)

    async def test_big(self) -> None:
        """More than a datagram has room for."""
        resolver = self.with_unbound()
        told = await self.told(resolver, "big.plain.test", Kind.TXT)
        assert isinstance(told, Answer)
        self.assertEqual(len(told.records), 40)
        self.assertEqual(resolver.statistics.tcp, 1)

    async def test_international(self) -> None:
        """A name in other letters is asked for by those that DNS has."""
        name = normal_name("Bücher.plain.test.")
        told = await self.found(name)
        self.assertEqual(told.records, (ip_address("198.51.100.9"),))

    async def test_remembered(self) -> None:
        """It is asked once, and the time left is told."""
        resolver = self.with_unbound()
        for _ in range(3):
            told = await self.told(resolver, "www.signed.test")
            assert isinstance(told, Answer)
            self.assertTrue(0 < told.ttl <= 300, told.ttl)
        self.assertEqual(resolver.statistics.queries, 1)

    async def test_many(self) -> None:
        """All at once, each with its own answer."""
        resolver = self.with_unbound()
        told = await self.all_told(resolver, range(500))
        for number, outcome in told.items():
            assert isinstance(outcome, Answer)
            self.assertEqual((outcome.status, outcome.name), ("nxdomain", f"n{number}.test"))


class DoctorTests(TestCase):
    """What is said of it."""

    def _found(self, *words: str, validates: bool = True) -> dict[str, Any]:
        port = unbound.shared(validates=validates).port
        command = ["dns", "doctor", "--json", "--server", f"{unbound.HOST}:{port}", *words]
        finding: dict[str, Any] = json.loads(CliRunner().invoke(main, command).stdout)["servers"][0]
        return finding

    def test_good(self) -> None:
        """Nothing is wrong."""
        found = self._found("--blocklist", "good.lists.test")
        self.assertEqual(found["trouble"], [])
        for name in ("answers", "tcp", "edns", "validates", "is_honest"):
            self.assertIs(found[name], True, name)

    def test_not_validating(self) -> None:
        """It is told."""
        found = self._found("--blocklist", "good.lists.test", validates=False)
        self.assertEqual((found["validates"], found["trouble"]), (False, []))

    def test_lists(self) -> None:
        """One refuses, one is not there."""
        found = self._found("--blocklist", "refuses.lists.test", "--blocklist", "no.test")
        reason = "127.255.255.254: the question came through a public resolver"
        self.assertEqual(found["trouble"][0], f"refuses.lists.test: {reason}")
        self.assertEqual(len(found["trouble"]), 2)
