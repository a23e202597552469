"""The watchdog: a reactor that is stuck ends the process, and the log says where it was."""

import subprocess
import sys

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.exit_status import GIVEN_UP
from mailfilter.app.watchdog import Watchdog

PROGRAM = """
import sys, time
from twisted.internet import reactor
from twisted.logger import globalLogBeginner, textFileLogObserver
from mailfilter.app.watchdog import Watchdog

globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stdout)], redirectStandardIO=False)

def spin_without_end():
    while True:
        pass

Watchdog(0.5, reactor).startService()
reactor.callLater(0.1, {work})
reactor.callLater(2.0, reactor.stop)
reactor.run()
"""


def run(work: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(work=work)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class WatchdogTests(SynchronousTestCase):
    def test_stuck(self) -> None:
        ended = run("spin_without_end")
        self.assertEqual(ended.returncode, GIVEN_UP)
        self.assertIn("the reactor is stuck for", ended.stdout)
        self.assertIn("in spin_without_end", ended.stdout)

    def test_stuck_for_all(self) -> None:
        """Where no other thread gets to run, the stack is written all the same."""
        ended = run("lambda: __import__('re').fullmatch('(a|a)*b', 'a' * 64)")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("in fullmatch", ended.stderr)

    def test_turning(self) -> None:
        ended = run("lambda: None")
        self.assertEqual((ended.returncode, ended.stdout.count("stuck")), (0, 0))

    def test_stopped(self) -> None:
        clock = Clock()
        watchdog = Watchdog(10.0, clock)
        watchdog.startService()
        self.assertEqual(len(clock.getDelayedCalls()), 1)
        watchdog.stopService()
        self.assertEqual(clock.getDelayedCalls(), [])
