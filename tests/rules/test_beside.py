"""Work on rules beside the matching."""

from threading import Event

import hyperscan
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.beside import Apply, Beside, Suspect, seconds_of, slow_ones
from mailfilter.rules.model import Pattern
from tests.rules.case import rules_of


class BesideTests(SynchronousTestCase):
    """One thread, whose result is used by who asks."""

    def test_one_at_a_time(self) -> None:
        """What is left to do is done once, by who takes it; a second work is refused."""
        beside = Beside()
        done: list[int] = []
        gate = Event()

        def work() -> Apply:
            gate.wait(60.0)
            return lambda: done.append(1)

        self.assertTrue(beside.start(work))
        self.assertFalse(beside.start(work))
        beside.take()
        self.assertEqual(done, [])
        gate.set()
        beside.wait()
        beside.take()
        beside.take()
        self.assertEqual(done, [1])
        self.assertTrue(beside.start(work))
        beside.wait()

    def test_fails(self) -> None:
        """A library that fails leaves nothing to do."""
        beside = Beside()

        def work() -> Apply:
            raise hyperscan.error("x")

        beside.start(work)
        beside.wait()
        beside.take()


class SlowTests(SynchronousTestCase):
    """Patterns alone."""

    def patterns(self) -> list[Pattern]:
        """One that hyperscan takes, and one that it only narrows down."""
        rules = rules_of("A target = 'body'\nmatch = 'a'", "B target = 'body'\nmatch = '(?=a)a'")
        return [rule.patterns[0] for rule in rules]

    def test_seconds(self) -> None:
        """Each can be searched for."""
        for pattern, is_wide in zip(self.patterns(), (False, True), strict=True):
            self.assertGreaterEqual(seconds_of(pattern, is_wide, b"xa"), 0.0)

    def test_ids(self) -> None:
        """Ids are those of the patterns that take more."""
        found = [Suspect(7 + at, one, True) for at, one in enumerate(self.patterns())]
        self.assertEqual(slow_ones(found, b"xa", -1.0), [7, 8])
        self.assertEqual(slow_ones(found, b"xa", 60.0), [])
