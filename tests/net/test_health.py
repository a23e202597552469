"""Servers that do not answer."""

from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.net.health import FIRST_PROBE, LAST_PROBE, MAX_FAILURES, Health


class HealthTests(SynchronousTestCase):
    """Down, probed, back."""

    def setUp(self) -> None:
        """A server that has answered."""
        self.health = Health()

    def let_fail(self, times: int = MAX_FAILURES) -> None:
        """So many failures at time 0."""
        for _ in range(times):
            self.health.failed(0.0)

    def test_some(self) -> None:
        """A few failures are nothing, and answers between them count."""
        self.let_fail(MAX_FAILURES - 1)
        self.assertFalse(self.health.is_down)
        self.health.answered()
        self.let_fail(MAX_FAILURES - 1)
        self.assertFalse(self.health.is_down)
        self.assertFalse(self.health.takes_probe(1000.0))

    def test_down(self) -> None:
        """After some in a row it is down until it answers."""
        self.let_fail()
        self.assertTrue(self.health.is_down)
        self.health.answered()
        self.assertFalse(self.health.is_down)

    def test_probes(self) -> None:
        """They come at once and at growing distances, whatever else fails meanwhile."""
        self.let_fail()
        at = 0.0
        times: list[float] = []
        while len(times) < 10:
            self.health.failed(at)
            if self.health.takes_probe(at):
                times.append(at)
            at += 0.5
        gaps = [after - before for before, after in pairwise(times)]
        self.assertEqual(times[0], 0.0)
        self.assertEqual(gaps[:4], [FIRST_PROBE, 2.0, 4.0, 8.0])
        self.assertEqual(gaps[-1], LAST_PROBE)

    def test_again(self) -> None:
        """Once it was back, it is probed soon again."""
        self.let_fail()
        for at in (0.0, 1.0, 3.0):
            self.assertTrue(self.health.takes_probe(at))
        self.health.answered()
        self.let_fail()
        self.assertTrue(self.health.takes_probe(0.0))
        self.assertFalse(self.health.takes_probe(FIRST_PROBE / 2))
        self.assertTrue(self.health.takes_probe(FIRST_PROBE))

    def test_lost(self) -> None:
        """When it has answered no probe either."""
        self.let_fail(2 * MAX_FAILURES)
        self.assertTrue(self.health.takes_probe(0.0))
        self.assertFalse(self.health.is_lost)
        self.assertTrue(self.health.takes_probe(FIRST_PROBE))
        self.assertTrue(self.health.is_lost)
        self.health.answered()
        self.assertFalse(self.health.is_lost)

    def test_silent(self) -> None:
        """Silence since the question is a failure."""
        self.health.heard(1.0)
        for at in range(MAX_FAILURES):
            self.assertFalse(self.health.is_down)
            self.health.kept_silent(1.5 + at, 2.5 + at)
        self.assertTrue(self.health.is_down)

    def test_silent_about_some(self) -> None:
        """Silence about one name is none if others were answered meanwhile, by any code."""
        for at in range(100):
            self.health.heard(at + 0.5)
            self.health.kept_silent(at, at + 1.0)
        self.assertFalse(self.health.is_down)
