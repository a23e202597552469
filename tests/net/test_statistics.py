"""Counts and their names."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.net.statistics import Statistics
from mailfilter.report.metrics_page import families


class StatisticsTests(SynchronousTestCase):
    """Names that metrics know."""

    def test_counters(self) -> None:
        """Simple counts are there from the start, labelled ones as they appear."""
        counts = Statistics()
        before = counts.counters()
        self.assertEqual(set(before.values()), {0})
        counts.hits += 2
        counts.replies["SERVFAIL"] += 1
        counts.ignored["id"] += 3
        counts.failures["timeout"] += 4
        after = counts.counters()
        self.assertEqual(after["dns/cache_hits"], 2)
        self.assertEqual(after["dns/replies/SERVFAIL"], 1)
        self.assertEqual(after["dns/ignored/id"], 3)
        self.assertEqual(after["dns/failures/timeout"], 4)

    def test_metrics(self) -> None:
        """Each has a metric of its own."""
        counts = Statistics()
        for labelled in (counts.replies, counts.ignored, counts.failures):
            labelled["x"] += 1
        page = {"version": "1", "uptime": 1.0, "counters": counts.counters()}
        (others,) = (each for each in families(page) if each.name == "mailfilter_other")
        self.assertEqual(others.samples, [])

    def test_times(self) -> None:
        """Each falls into its class."""
        counts = Statistics()
        for seconds in (0.0001, 0.0005, 0.3, 100.0):
            counts.took(seconds)
        told = counts.histograms()["dns_seconds"]
        self.assertEqual(told.counts[0], 2)
        self.assertEqual(told.counts[-1], 1)
        self.assertEqual(sum(told.counts), 4)
        self.assertAlmostEqual(told.total, 100.3006)
