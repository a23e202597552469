"""What is told of trouble."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.store import health
from mailfilter.store.errors import Denied, TimedOut
from mailfilter.store.health import Health


class HealthTests(SynchronousTestCase):
    """Counting and telling."""

    def setUp(self) -> None:
        """Where alarms and counts go."""
        self.clock = Clock()
        self.alarms: list[str] = []
        self.counts: list[str] = []
        self.health = Health("redis", self.clock, self.alarms.append, self.counts.append)

    def test_once_a_minute(self) -> None:
        """Each kind is told once a minute, with the number of those untold, and always counted."""
        for _ in range(100):
            self.health.failed(TimedOut("no answer in 1 s"), "Put")
            self.clock.advance(0.5)
        self.health.failed(Denied("wrong password"), "Put")
        self.assertEqual(
            self.alarms,
            ["store redis: timeout: no answer in 1 s", "store redis: denied: wrong password"],
        )
        self.clock.advance(15)
        self.health.failed(TimedOut("again"), "Put")
        self.assertEqual(
            self.alarms[2],
            "store redis: timeout: again (99 more of this kind since the last report)",
        )
        self.assertEqual(self.counts.count("store/timeout"), 101)
        self.assertEqual(self.counts.count("store/denied"), 1)

    def test_flapping(self) -> None:
        """Trouble that comes and goes does not fill the log."""
        lines: list[str] = []
        self.patch(health.log, "info", lambda text, **values: lines.append(text.format(**values)))
        for _ in range(1000):
            self.health.failed(TimedOut("no answer"), "Put")
            self.clock.advance(0.05)
            self.health.succeeded("Put")
        self.assertEqual(len(self.alarms), 1)
        expected = "store redis: works again after 0.1 s, 1 calls had failed"
        self.assertEqual(lines, [expected])

    def test_over(self) -> None:
        """It is over when that works which did not, or was not tried for long."""
        lines: list[str] = []
        self.patch(health.log, "info", lambda text, **values: lines.append(text.format(**values)))
        self.health.failed(TimedOut("no answer"), "Put")
        self.health.failed(TimedOut("no answer"), "Count")
        self.assertFalse(self.health.is_well)
        self.health.succeeded("Get")
        self.health.succeeded("Put")
        self.assertEqual(lines, [])
        self.clock.advance(5)
        self.health.succeeded("Count")
        self.assertEqual(lines, ["store redis: works again after 5.0 s, 2 calls had failed"])
        self.clock.advance(100)
        self.health.failed(TimedOut("no answer"), "Put")
        self.clock.advance(70)
        self.health.succeeded("Get")
        self.assertEqual(len(lines), 2)

    def test_long_text(self) -> None:
        """What a server says is cut."""
        self.health.failed(Denied("x" * 10_000), "Put")
        self.assertLess(len(self.alarms[0]), 400)
