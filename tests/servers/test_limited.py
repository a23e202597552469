"""How many connections a listener takes, in all and of one source."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.limited import Served
from mailfilter.servers.milter import MilterFactory
from mailfilter.servers.refusals import INTERVAL, MAX_SOURCES
from mailfilter.servers.scan_http import HttpFactory
from mailfilter.testing.fake_scanner import FakeScanner

from .milter_server import LISTENER, logged


class LimitTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.counted: list[str] = []

    def factory(self, **settings: Any) -> MilterFactory:
        listener = replace(LISTENER, **settings)
        return MilterFactory(FakeScanner(), "a", listener, self.clock, count=self.counted.append)

    def connect(self, factory: MilterFactory, host: str) -> Served | None:
        kind: Any = IPv6Address if ":" in host else IPv4Address
        address: IAddress = kind("TCP", host, 1)
        return factory.buildProtocol(address)

    def test_one_source(self) -> None:
        factory = self.factory(max_connections_per_source=2)
        with logged() as lines:
            first = self.connect(factory, "192.0.2.1")
            assert first is not None
            self.assertIsNotNone(self.connect(factory, "192.0.2.1"))
            for _ in range(5):
                self.assertIsNone(self.connect(factory, "192.0.2.1"))
            self.assertIsNotNone(self.connect(factory, "192.0.2.2"))
        text = "a: '192.0.2.1': no connections over 2 (max_connections_per_source)"
        self.assertEqual(lines, [text])
        self.assertEqual(self.counted, ["connections/refused/max_connections_per_source"] * 5)
        for _ in range(2):
            factory.forget(first)
        self.assertIsNotNone(self.connect(factory, "192.0.2.1"))
        self.assertIsNone(self.connect(factory, "192.0.2.1"))

    def come_and_go(self, factory: MilterFactory, hosts: Iterable[str]) -> list[str]:
        """Time and again the limit is reached, and one leaves; the lines."""
        with logged() as lines:
            for host in hosts:
                first = self.connect(factory, host)
                assert first is not None
                self.assertIsNone(self.connect(factory, host))
                factory.forget(first)
        return lines

    def test_a_line_a_minute(self) -> None:
        """However often there is room in between."""
        for limit in ("max_connections", "max_connections_per_source"):
            factory = self.factory(**{limit: 1})
            text = f"a: '192.0.2.1': no connections over 1 ({limit})"
            lines = self.come_and_go(factory, ["192.0.2.1"] * 300)
            self.assertEqual(lines, [text])
            self.clock.advance(INTERVAL)
            lines = self.come_and_go(factory, ["192.0.2.1"] * 300)
            self.assertEqual(lines, [f"{text} (299 more since it was last said)"])
        self.assertEqual(self.counted.count("connections/refused/max_connections"), 600)

    def test_lines_of_many_sources(self) -> None:
        hosts = [f"2001:db8:0:{at:x}::1" for at in range(MAX_SOURCES + 100)]
        lines = self.come_and_go(self.factory(max_connections=1), hosts)
        self.assertEqual(len(lines), 1)
        lines = self.come_and_go(self.factory(max_connections_per_source=1), hosts)
        self.assertEqual(len(lines), MAX_SOURCES + 1)

    def test_a_network_of_ipv6_is_one_source(self) -> None:
        factory = self.factory(max_connections_per_source=1)
        for host, is_taken in {
            "2001:db8::1": True,
            "2001:db8::ffff:1": False,
            "2001:db8:0:1::1": True,
            "fe80::1%eth0": True,
            "fe80::2%eth1": False,
            "::ffff:192.0.2.1": True,
            "::ffff:192.0.2.2": True,
        }.items():
            self.assertEqual(self.connect(factory, host) is not None, is_taken, host)

    def test_a_file_is_no_source(self) -> None:
        factory = self.factory(max_connections_per_source=1)
        for _ in range(3):
            self.assertIsNotNone(factory.buildProtocol(UNIXAddress(None)))

    def test_total(self) -> None:
        factory = self.factory(max_connections=2, max_connections_per_source=2)
        taken = [self.connect(factory, f"192.0.2.{at}") for at in range(4)]
        self.assertEqual([item is not None for item in taken], [True, True, False, False])

    def test_nothing_is_kept(self) -> None:
        factory = self.factory(max_connections_per_source=1)
        for at in range(100):
            connection = self.connect(factory, f"192.0.2.{at}")
            assert connection is not None
            factory.forget(connection)
        self.assertEqual((len(factory._of_source), len(factory.connections)), (0, 0))


class IdleTests(SynchronousTestCase):
    def test_default(self) -> None:
        """An SMTP client of Sendmail may be silent for an hour."""
        table = ((MilterFactory, 7200), (HttpFactory, 600))
        for factory, expected in table:
            for given, seconds in ((None, expected), (5.0, 5.0)):
                listener = replace(LISTENER, idle_timeout=given)
                made: Any = factory(FakeScanner(), "a", listener, Clock())
                self.assertEqual(made.idle_timeout, seconds)
