"""The filter ends, or cannot begin: what is under way is answered, no process stays."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from tests.live.harness import wish
from tests.live.processes import wait_until
from tests.live.scan_client import Connection, with_length
from tests.live.workers_case import Load, WorkersCase, is_alive, scan


def are_gone(pids: list[int]) -> bool:
    """Whether none of these processes is there any more."""
    return not any(map(is_alive, pids))


class StopTests(WorkersCase):
    """The end."""

    def test_answers_first(self) -> None:
        """What is under way is answered, who idles is let go, and all are gone."""
        workers = self.wait_workers()
        busy, idle = Connection(self.filter.http), Connection(self.filter.http)
        idle.write(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(idle.read_reply()[0], 200)
        busy.write(with_length(wish({"Delay": "1.5"})))
        self.wait_log("force: waiting")
        begun = time.monotonic()
        self.filter.child.send(signal.SIGTERM)
        self.assertEqual(busy.read_reply()[0], 200)
        self.assertEqual(idle.socket.recv(1), b"")
        self.assertEqual(self.filter.child.wait(), -signal.SIGTERM)
        self.assertLess(time.monotonic() - begun, 5.0)
        self.assertFalse(any(map(is_alive, workers)))

    def test_under_load(self) -> None:
        """Who has got through to a queue is answered; later ones are refused, not cut off."""
        load = Load(self.filter.http, kept=0, clients=8)
        wait_until(lambda: load.answered > 200, "a load")
        self.filter.child.send(signal.SIGTERM)
        self.assertEqual(self.filter.child.wait(), -signal.SIGTERM)
        failures = [text for text in load.stop() if "ConnectionRefused" not in text]
        # The last to close a socket cannot know who comes between its last look and that.
        self.assertLessEqual(len(failures), 1, failures)

    def test_during_reload(self) -> None:
        """At whatever moment: nothing is left of old or new."""
        for delay in (0.0, 0.05, 0.15, 0.3, 0.5):
            workers = self.wait_workers()
            self.filter.child.send(signal.SIGHUP)
            time.sleep(delay)
            workers += self.filter.workers()
            self.filter.child.send(signal.SIGTERM)
            self.assertEqual(self.filter.child.wait(), -signal.SIGTERM)
            # Those that were killed while they started need a moment to be gone.
            wait_until(partial(are_gone, workers), f"the end after {delay} s", 2.0)
            self.filter.start()

    def test_storm(self) -> None:
        """Many hang-ups, among them some while it stops."""
        for _ in range(50):
            self.filter.child.send(signal.SIGHUP)
            time.sleep(0.005)
        self.filter.child.send(signal.SIGTERM)
        for _ in range(50):
            self.filter.child.send(signal.SIGHUP)
        self.assertEqual(self.filter.child.wait(), -signal.SIGTERM)

    def test_interrupt_of_all(self) -> None:
        """Ctrl-C goes to every process of a terminal: workers leave it to the master."""
        self.wait_workers()
        busy = Connection(self.filter.http)
        busy.write(with_length(wish({"Delay": "1"})))
        self.wait_log("force: waiting")
        os.killpg(self.filter.child.pid, signal.SIGINT)
        self.assertEqual(busy.read_reply()[0], 200)
        self.assertEqual(self.filter.child.wait(), -signal.SIGINT)

    def test_cannot_start(self) -> None:
        """Workers that never get ready: the exit status says so, and the log why."""
        self.filter.stop()
        path = self.filter.home / "checks" / "once.py"
        path.write_text(
            "import os\nfrom mailfilter.scan.check import Check\n\nif 'PYTHONUNBUFFERED' in "
            "os.environ and os.getppid() == int(os.environ['MF_MASTER']):\n    raise ValueError("
            "'not in a worker')\n\n\nclass Once(Check):\n    name = 'once'\n"
        )
        self.addCleanup(path.unlink, missing_ok=True)
        ended = subprocess.run(
            [
                sys.executable,
                "-c",
                "import os; os.environ['MF_MASTER'] = str(os.getpid()); import sys;"
                "from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()",
                *("-n", "--pidfile=", "mailfilter", "--config", str(self.filter.config)),
                *("--state-dir", self.filter.state),
            ],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(ended.returncode, 1, ended.stdout + ended.stderr)
        self.assertIn("cannot start: ", ended.stdout)
        self.assertIn("not in a worker", ended.stdout)

    def test_second_master(self) -> None:
        """Refused, with who is there."""
        command = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "mailfilter"]
        ended = subprocess.run(
            [*command, "--state-dir", self.filter.state],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(ended.returncode, 1)
        output = ended.stdout + ended.stderr
        self.assertIn(f"with pid {self.filter.child.pid}; stop that one", output)
        self.assertTrue(scan(self.filter.http))
