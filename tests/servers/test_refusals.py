"""Lines about connections that were refused: one a minute of each source, whoever serves."""

from typing import cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.refusals import (
    ANYWHERE,
    INTERVAL,
    MAX_SOURCES,
    OTHERS,
    RefusalLog,
    Refusals,
)
from mailfilter.tls.words import Refusal

REFUSAL = Refusal("plain", "plain HTTP")


class RefusalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = RefusalLog(self.clock.seconds)
        self.counted: list[str] = []
        self.events: list[LogEvent] = []
        observer = cast(ILogObserver, self.events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)

    def worker(self, listener: str = "http") -> Refusals:
        """What one worker has of a listener."""
        made = Refusals(listener, self.clock, self.counted.append)
        made.tell = self.log.tell
        return made

    def note(self, worker: Refusals, host: str = "192.0.2.1", times: int = 1) -> None:
        kind = IPv6Address if ":" in host else IPv4Address
        for _ in range(times):
            worker.note(REFUSAL, kind("TCP", host, 1))

    def lines(self) -> list[str]:
        """Those since it was asked last."""
        found = [formatEvent(event) for event in self.events]
        self.events.clear()
        return found

    def test_all_workers(self) -> None:
        """One line for both, and none is left out of the number in the next one."""
        one, other = self.worker(), self.worker()
        self.note(one, times=3)
        self.note(other, times=4)
        self.assertEqual(self.lines(), ["http: '192.0.2.1': TLS refused: plain HTTP"])
        self.assertEqual(self.counted, ["tls/refused/plain"] * 7)
        self.clock.advance(INTERVAL)
        self.note(one)
        self.note(other)
        self.note(other, times=2)
        text = "http: '192.0.2.1': TLS refused: plain HTTP (3 more since it was last said)"
        self.assertEqual(self.lines(), [text])
        self.clock.advance(INTERVAL)
        self.note(one)
        # What `other` was told of in the minute before came too late for the second line.
        text = "http: '192.0.2.1': TLS refused: plain HTTP (4 more since it was last said)"
        self.assertEqual(self.lines(), [text])

    def test_levels(self) -> None:
        """A stranger's mistake is no warning; that somebody is set up wrong is one."""
        worker, address = self.worker(), IPv4Address("TCP", "192.0.2.1", 1)
        worker.note(REFUSAL, address)
        worker.note_broken("no TLS", address)
        worker.note_unopened("blob", "changed", address)
        worker.note_proxy("malformed", "none", address)
        worker.note_full("max_connections", 1, ANYWHERE, address)
        told = {formatEvent(event).split(": ")[2]: event["log_level"] for event in self.events}
        self.assertEqual(
            told,
            {
                "TLS refused": LogLevel.info,
                "HTTPCrypt refused": LogLevel.info,
                "PROXY protocol": LogLevel.warn,
                "no connections over 1 (max_connections)": LogLevel.warn,
            },
        )

    def test_each_listener_and_source(self) -> None:
        worker = self.worker()
        for host in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
            self.note(worker, host)
        self.note(self.worker("milter"))
        lines = self.lines()
        self.assertEqual(len(lines), 5)
        self.assertIn("milter: '192.0.2.1': TLS refused: plain HTTP", lines)

    def test_bounded(self) -> None:
        """Also over many workers that know of few sources each."""
        for start in (0, 1):
            worker = self.worker()
            for number in range(start, 2 * MAX_SOURCES, 2):
                self.note(worker, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        lines = self.lines()
        self.assertEqual(len(lines), MAX_SOURCES + 1)
        self.assertIn(f"http: '{OTHERS}': TLS refused: plain HTTP", lines)

    def test_limits(self) -> None:
        """They are told of beside what is wrong with TLS; one line for all workers, too."""
        address = IPv4Address("TCP", "192.0.2.1", 1)
        for worker in (self.worker(), self.worker()):
            self.note(worker)
            worker.note_full("max_connections", 9, ANYWHERE, address)
            worker.note_full("max_connections_per_source", 3, "192.0.2.1", address)
        lines = [
            "http: '192.0.2.1': TLS refused: plain HTTP",
            "http: '192.0.2.1': no connections over 9 (max_connections)",
            "http: '192.0.2.1': no connections over 3 (max_connections_per_source)",
        ]
        self.assertEqual(
            [event["log_level"].name for event in self.events], ["info", "warn", "warn"]
        )
        self.assertEqual(self.lines(), lines)

    def test_broken(self) -> None:
        """Of one that was served, which is no refusal."""
        self.worker().note_broken("no", IPv4Address("TCP", "192.0.2.1", 1))
        self.assertEqual(self.lines(), ["http: '192.0.2.1': TLS broken: no"])
        self.assertEqual(self.counted, ["tls/broken"])

    def test_headers_of_strangers(self) -> None:
        """However many send one, it is said what is wrong with the proxy."""
        worker, proxy = self.worker(), IPv4Address("TCP", "10.0.0.5", 1)
        worker.note_header(proxy, None)
        for number in range(MAX_SOURCES + 1):
            worker.note_header(IPv4Address("TCP", f"10.1.{number >> 8}.{number & 255}", 1), None)
        self.assertEqual(len(self.lines()), MAX_SOURCES + 1)
        worker.note_proxy("timeout", "too late", proxy)
        worker.note_proxy("gone", "it left", proxy)
        self.assertEqual(self.lines(), ["http: '10.0.0.5': PROXY protocol: too late"])
