"""Alarms: logged once, kept for who asks, handed on."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.alarms import MAX_KEPT, MAX_TEXT, Alarms, Raised
from tests.servers.milter_server import logged


class AlarmTests(SynchronousTestCase):
    def test_raised(self) -> None:
        told: list[str] = []
        alarms = Alarms(told.append, lambda: 5.0)
        with logged() as lines:
            alarms("it {burns}")
        self.assertEqual(lines, ["alarm: it {burns}"])
        self.assertEqual(list(alarms.raised), [Raised(5.0, "it {burns}")])
        self.assertEqual(told, ["it {burns}"])

    def test_kept(self) -> None:
        """Who has logged it himself has it kept, and nothing else."""
        told: list[str] = []
        alarms = Alarms(told.append, lambda: 5.0)
        with logged() as lines:
            alarms.keep("a")
        self.assertEqual((lines, told, list(alarms.raised)), ([], [], [Raised(5.0, "a")]))

    def test_bounds(self) -> None:
        """Neither many nor long ones are kept."""
        told: list[str] = []
        alarms = Alarms(told.append)
        with logged() as lines:
            for number in range(MAX_KEPT + 1):
                alarms(f"{number} {'x' * MAX_TEXT}")
        alarms.keep("y" * MAX_TEXT * 2)
        self.assertEqual(len(alarms.raised), MAX_KEPT)
        self.assertTrue(alarms.raised[0].text.startswith("2 "))
        self.assertEqual({len(item.text) for item in alarms.raised}, {MAX_TEXT})
        self.assertEqual({len(text) for text in told}, {MAX_TEXT})
        self.assertLess(max(map(len, lines)), MAX_TEXT + 20)

    def test_nobody_to_tell(self) -> None:
        alarms = Alarms()
        with logged() as lines:
            alarms("a")
        self.assertEqual(len(lines), 1)
