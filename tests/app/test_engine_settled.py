"""What is left of the work of loading when a process begins to serve."""

import gc
from types import SimpleNamespace

from twisted.trial.unittest import TestCase

from mailfilter.app import engine


class SettleTests(TestCase):
    """Objects and memory."""

    def setUp(self) -> None:
        """Other tests want garbage to be collected as before."""
        threshold = gc.get_threshold()
        self.addCleanup(gc.set_threshold, *threshold)
        self.addCleanup(gc.unfreeze)

    def test_frozen(self) -> None:
        """No collection looks at what is there."""
        engine.settle()
        self.assertGreater(gc.get_freeze_count(), 1000)
        self.assertEqual(gc.get_threshold()[0], engine.GC_THRESHOLD)

    def test_trimmed(self) -> None:
        """The C library is asked to give all free memory back."""
        asked: list[int] = []
        self.patch(engine, "CDLL", lambda name: SimpleNamespace(malloc_trim=asked.append))
        engine.settle()
        self.assertEqual(asked, [0])

    def test_no_trim(self) -> None:
        """A library that cannot do that is no trouble."""
        self.patch(engine, "CDLL", lambda name: SimpleNamespace())
        engine.settle()
        self.assertEqual(gc.get_threshold()[0], engine.GC_THRESHOLD)
