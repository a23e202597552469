"""What is counted over the lives of workers."""

from typing import cast

from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.test.proto_helpers import EventLoggingObserver
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.app.hub import Hub
from mailfilter.app.worker import TO_MASTER
from mailfilter.app.worker_process import WorkerProcess
from mailfilter.codec.control import Boot, Histogram, Report, TurnedAway, encode
from mailfilter.report.alarms import Alarms
from mailfilter.report.counters import Sizes

BOUNDS = (0.5,)


def report(scans: int, *, counts: tuple[int, int] = (1, 0), **counters: int) -> Report:
    return Report(
        memory=1,
        cpu=0.0,
        scans=0,
        connections={},
        counters={"scans": scans, **counters},
        histograms={"scan_seconds": Histogram(BOUNDS, counts, 0.25)},
    )


class RefusalTests(SynchronousTestCase):
    def test_of_two_workers(self) -> None:
        """What they tell of one source is one line."""
        observer = EventLoggingObserver.createWithCleanup(cast(TestCase, self), globalLogPublisher)
        hub = Hub(Alarms(), "/var/lib/mailfilter")
        told = TurnedAway(
            listener="http", source="192.0.2.1", peer="192.0.2.1", how="refused", text="no"
        )
        for place in range(2):
            boot = Boot(
                generation=1,
                place=place,
                seconds=1.0,
                state_dir="",
                config=None,
                directory="/",
                files=(),
                checks=(),
                sockets=(),
                is_strict=False,
                log="-",
            )
            WorkerProcess(Clock(), boot, hub).childDataReceived(TO_MASTER, encode(told))
        lines = [formatEvent(event) for event in observer]
        self.assertEqual(lines, ["http: '192.0.2.1': TLS refused: no"])


class TotalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.hub = Hub(Alarms(), "/var/lib/mailfilter")

    def test_nobody(self) -> None:
        self.assertEqual(self.hub.totals([]), ({}, {}))

    def test_living(self) -> None:
        """Looking does not count them."""
        reports = [report(1), report(2, counts=(2, 3), other=5)]
        for _ in range(2):
            counters, histograms = self.hub.totals(reports)
            self.assertEqual(counters, {"scans": 3, "other": 5})
            self.assertEqual(histograms, {"scan_seconds": Sizes(BOUNDS, (3, 3), 0.5)})

    def test_dead(self) -> None:
        """What they did stays done, and one that died before it said anything did nothing."""
        self.hub.bury(report(1))
        self.hub.bury(None)
        self.hub.bury(report(10, counts=(0, 9)))
        for _ in range(2):
            counters, histograms = self.hub.totals([report(100)])
            self.assertEqual(counters, {"scans": 111})
            self.assertEqual(histograms, {"scan_seconds": Sizes(BOUNDS, (2, 9), 0.75)})
        self.assertEqual(self.hub.totals([])[0], {"scans": 11})

    def test_life_and_death(self) -> None:
        """The sum is the same before and after."""
        last, other = report(7), report(5)
        before = self.hub.totals([last, other])
        self.hub.bury(last)
        self.assertEqual(self.hub.totals([other]), before)

    def test_other_classes(self) -> None:
        """A worker of another version counts times otherwise: the newest classes are shown."""
        self.hub.bury(report(1))
        other = Report(
            memory=1,
            cpu=0.0,
            scans=0,
            connections={},
            counters={"scans": 1},
            histograms={"scan_seconds": Histogram((0.25, 0.5), (1, 0, 0), 0.1)},
        )
        counters, histograms = self.hub.totals([other])
        self.assertEqual(counters, {"scans": 2})
        self.assertEqual(histograms["scan_seconds"].bounds, (0.25, 0.5))

    def test_events(self) -> None:
        self.hub.count("reloads")
        self.hub.count("reloads")
        self.assertEqual(self.hub.events, {"reloads": 2})
