"""Failures that may come with every message."""

from dataclasses import replace
from typing import cast

from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.history import FLUSH_SECONDS
from mailfilter.report.history_trouble import QUIET_SECONDS, Complaints

from .history_case import ENVELOPE, VERDICT
from .test_history import RecorderCase


class ComplaintsTests(SynchronousTestCase):
    """At most one a minute."""

    def test_seldom(self) -> None:
        """The first is told, the others are counted until the next that is told."""
        told: list[str] = []

        def observe(event: LogEvent) -> None:
            told.append(formatEvent(event))

        observer = cast(ILogObserver, observe)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        clock = Clock()
        complaints = Complaints(clock, "no luck")
        for seconds in (0, 0, QUIET_SECONDS - 1, 1, QUIET_SECONDS):
            clock.advance(seconds)
            complaints.add(Failure(ZeroDivisionError()))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        self.assertEqual(
            told,
            [
                "history: no luck",
                "history: no luck (2 more such failures since the last one)",
                "history: no luck",
            ],
        )


class RecorderTests(RecorderCase):
    """The recorder's own."""

    def test_told_seldom(self) -> None:
        """What goes wrong with every message fills no log."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        for _ in range(2 * 60):
            self.recorder(ENVELOPE, replace(VERDICT, thresholds=None))  # type: ignore[arg-type]
            self.store.error_of_add = ZeroDivisionError()
            self.record(1)
            self.turn(1.0)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual(self.counted["history/dropped"], 240)
