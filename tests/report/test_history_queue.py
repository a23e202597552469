"""The queue of scans that wait to be stored."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.history_queue import MAX_OCTETS, Queue, Waiting, scan_octets
from mailfilter.scan.verdict import ReplaceBody, SymbolResult

from .history_case import ENVELOPE, NOW, VERDICT, masks


class QueueTests(SynchronousTestCase):
    """How much memory is given to what waits."""

    def test_octets(self) -> None:
        """Large scans are bounded by their octets."""
        queue = Queue()
        large = replace(VERDICT, edits=(ReplaceBody(bytes(2**20)),))
        dropped = sum(queue.add(Waiting(ENVELOPE, large, NOW)) for _ in range(100))
        self.assertLessEqual(queue.octets, MAX_OCTETS)
        self.assertEqual((len(queue), dropped), (15, 85))

    def test_exact(self) -> None:
        """Once a row is made it counts for what it is, and nothing is left of it at the end."""
        queue = Queue()
        items = [Waiting(ENVELOPE, VERDICT, NOW) for _ in range(3)]
        for item in items:
            queue.add(item)
        row = queue.make_row(items[0], masks())
        self.assertEqual(queue.octets, row.octets() + 2 * scan_octets(ENVELOPE, VERDICT))
        self.assertIs(queue.make_row(items[0], masks()), row)
        queue.discard(items[1])
        queue.discard(items[1])
        queue.remove([items[0]])
        queue.make_row(items[0], masks())
        self.assertEqual((len(queue), queue.octets), (1, scan_octets(ENVELOPE, VERDICT)))
        self.assertEqual((queue.clear(), queue.octets), (1, 0))

    def test_estimate(self) -> None:
        """Options and texts count."""
        quoting = replace(VERDICT, symbols=(SymbolResult("A", 1, 1, options=("x" * 9000,)),))
        self.assertGreater(scan_octets(ENVELOPE, quoting), 9000)
