"""The live status: what is summed over workers, and in which order the last scans come."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.status_page import _interleaved, _sums
from mailfilter.codec.control import Report
from mailfilter.report.counters import LAST_SCANS


def report(**gauges: float) -> Report:
    return Report(
        memory=1, cpu=0.0, scans=0, connections={}, counters={}, histograms={}, gauges=gauges
    )


class SumTests(SynchronousTestCase):
    def test_sums(self) -> None:
        """A worker that does not know a number counts as zero."""
        self.assertEqual(_sums([]), {})
        self.assertEqual(_sums([report(a=1.0, b=2.0), report(a=3.0)]), {"a": 4.0, "b": 2.0})

    def test_last_scans(self) -> None:
        """The newest of all workers are last, and the oldest are left out."""
        self.assertEqual(_interleaved([]), [])
        self.assertEqual(_interleaved([(1.0, 2.0)]), [1.0, 2.0])
        found = _interleaved([[1.0] * LAST_SCANS, [2.0, 3.0]])
        self.assertEqual(len(found), LAST_SCANS)
        self.assertEqual(found[-4:], [2.0, 1.0, 3.0, 1.0])
