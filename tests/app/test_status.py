"""What is known of a worker."""

from dataclasses import asdict
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.status import worker_status
from mailfilter.codec.control import Report
from mailfilter.net.statistics import Statistics

ABOUT: dict[str, Any] = {
    "pid": 7,
    "generation": 1,
    "place": 2,
    "state": "serving",
    "uptime": 12.34,
    "rate": 1.5,
}


class WorkerStatusTests(SynchronousTestCase):
    """From its last report."""

    def test_report(self) -> None:
        """Its figures, those of DNS by the names that its resolver gives them."""
        counts = Statistics()
        counts.hits, counts.misses, counts.queries = 3, 4, 5
        report = Report(
            memory=100,
            cpu=1.25,
            scans=6,
            connections={"a": 1, "b": 2},
            counters={"scans": 8, **counts.counters()},
            histograms={},
            gauges={"dns_waiting": 9.0},
        )
        expected = {
            **ABOUT,
            "uptime": 12.3,
            "connections": 3,
            "scans": 6,
            "total": 8,
            "memory": 100,
            "cpu": 1.25,
            "dns_cache_hits": 3,
            "dns_cache_misses": 4,
            "dns_queries": 5,
            "dns_waiting": 9,
        }
        self.assertEqual(asdict(worker_status(report, **ABOUT)), expected)

    def test_no_report(self) -> None:
        """Before its first one all that it tells is nothing."""
        told = asdict(worker_status(None, **ABOUT))
        for name, value in told.items():
            if name not in ABOUT:
                self.assertEqual(value, 0, name)
