"""Commands that a signal ends put things in order first."""

import signal
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

PROGRAM = """
from twisted.internet.task import deferLater
from mailfilter.client.with_store import run_in_reactor

async def main(reactor):
    try:
        print("begun", flush=True)
        await deferLater(reactor, 60)
    finally:
        await deferLater(reactor, 0.1)
        print("tidy", flush=True)

try:
    run_in_reactor(main)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class InterruptTests(SynchronousTestCase):
    """Of a process of its own: no reactor runs twice."""

    def test_signals(self) -> None:
        """What is under way is cancelled, and may wait for things until it is over."""
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen(
                [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdout is not None
                self.assertEqual(process.stdout.readline(), "begun\n")
                process.send_signal(number)
                self.assertEqual(process.stdout.read(), "tidy\ninterrupted\n")
                self.assertEqual(process.wait(30), 0)
