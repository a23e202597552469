"""Two real workers and their master: what is saved, counted and logged is that of all of them."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from mailfilter.config.saved import FILE
from tests.app.test_commands import BIN, PATIENCE, CommandCase
from tests.live.processes import free_port

CHECK = '''\
"""Tells by which process a message is scanned, and breaks if it is told to."""

import os

from mailfilter.scan.check import Check, Hit, Symbol


class Who(Check):
    name = "who"
    symbols = {"WHO": Symbol(1.0, "test", "")}

    def run(self, task):
        if task.envelope.helo == "broken":
            raise RuntimeError(f"broken in {os.getpid()}")
        return [Hit("WHO", options=(str(os.getpid()),))]
'''


class SavedCase(CommandCase):
    """A filter with two workers and a controller that is open to this machine."""

    def setUp(self) -> None:
        super().setUp()
        self.controller = free_port()
        self.scans = 0
        """Messages that were scanned."""
        (self.folder / "checks").mkdir()
        (self.folder / "checks" / "who.py").write_text(CHECK)
        lines = (
            f'scan.endpoint = "tcp:{self.port}:interface=127.0.0.1"',
            'milter.endpoint = "unix:milter.sock"',
            'spamd.endpoint = "unix:spamd.sock"',
            f'controller.endpoint = "tcp:{self.controller}:interface=127.0.0.1"',
        )
        text = "\n".join(f"listeners.{line}" for line in lines)
        # Rules would take seconds to compile, in each process.
        text += "\nrules.built_in = false"
        text += '\nscan.check_dir = "checks"\nserver.workers = 2\nstore.kind = "memory"\n'
        (self.folder / "m.toml").write_text(text)
        self.boot()

    def boot(self) -> None:
        """Start the filter."""
        command = ("-n", "--pidfile=", "--logfile=log", "mailfilter", "--config=m.toml")
        self.filter = self.start(str(BIN / "twistd"), *command, f"--state-dir={self.folder}/state")
        self.wait_until_ready()

    def ask(self, path: str, value: object = None) -> tuple[int, Any]:
        """Status and value of the controller's reply; with a value it is a change."""
        body = None if value is None else json.dumps(value).encode()
        url = f"http://127.0.0.1:{self.controller}{path}"
        try:
            with urllib.request.urlopen(url, body, timeout=PATIENCE) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def scan(self, helo: str = "") -> dict[str, Any]:
        """The verdict on a message, by any worker."""
        message = b"From: <a@example.org>\r\n\r\nhello\r\n"
        url = f"http://127.0.0.1:{self.port}/checkv2"
        request = urllib.request.Request(url, message, {"Helo": helo} if helo else {})
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            found: dict[str, Any] = json.load(reply)
        self.scans += 1
        return found

    def scores(self) -> dict[str, set[float]]:
        """Process id -> scores that it gave; both workers have scanned several messages."""
        found: dict[str, set[float]] = {}
        counts: dict[str, int] = {}
        end = time.monotonic() + PATIENCE
        while len(counts) < 2 or min(counts.values()) < 3:
            self.assertLess(time.monotonic(), end, f"one worker scans nothing: {counts}")
            symbol = self.scan()["symbols"]["WHO"]
            (pid,) = symbol["options"]
            found.setdefault(pid, set()).add(symbol["score"])
            counts[pid] = counts.get(pid, 0) + 1
        return found

    def save(self, score: float) -> tuple[int, Any]:
        """Save the score of the check's symbol."""
        return self.ask("/savesymbols", [{"name": "WHO", "value": score}])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f"no end of waiting for {what}")
            time.sleep(0.05)

    def adm(self, *arguments: str) -> str:
        """What `mailfilteradm` prints."""
        command = [str(BIN / "mailfilteradm"), *arguments, f"--state-dir={self.folder}/state"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class SavedTests(SavedCase):
    def test_saved(self) -> None:
        """Both use it when the reply is there, and after a restart; and it is taken back."""
        self.assertEqual({*map(tuple, self.scores().values())}, {(1.0,)})
        self.assertEqual(self.save(2.5), (200, {"success": True}))
        self.assertEqual({*map(tuple, self.scores().values())}, {(2.5,)})
        shown = self.adm("config", "show", "symbols", "--config=m.toml")
        self.assertIn("symbols.WHO.score = 2.5   # saved by ", shown)
        workers = self.scores()
        os.kill(self.filter.pid, signal.SIGKILL)
        self.filter.wait()
        for pid in workers:
            self.wait_until_gone(int(pid))
        self.boot()
        self.assertEqual({*map(tuple, self.scores().values())}, {(2.5,)})
        self.assertIn("symbols.WHO.score = 2.5 ", self.adm("saved", "list"))
        undone = self.adm("saved", "undo", "symbols.WHO.score")
        self.assertEqual(undone, "undone: symbols.WHO.score\n")
        self.assertEqual({*map(tuple, self.scores().values())}, {(1.0,)})
        self.assertIn("nothing is saved", self.adm("saved", "list"))
        self.assertIn("(mailfilteradm): symbols.WHO.score: 2.5 -> 1", self.log())

    def test_unwritable(self) -> None:
        """What cannot be written holds nowhere, and all goes on."""
        (self.folder / "state" / FILE).mkdir()
        status, answer = self.save(2.5)
        self.assertEqual(status, 506)
        self.assertIn("Is a directory; nothing was changed", answer["error"])
        self.assertEqual({*map(tuple, self.scores().values())}, {(1.0,)})
        (self.folder / "state" / FILE).rmdir()
        self.assertEqual(self.save(2.5)[0], 200)
        self.assertEqual({*map(tuple, self.scores().values())}, {(2.5,)})

    def test_counted(self) -> None:
        """Figures are those of both; a reset is for both, too."""
        self.scores()
        self.until(lambda: self.counted("/stat") == self.scans, "figures")
        self.assertEqual(self.counted("/statreset"), self.scans)
        self.assertEqual(self.counted("/stat"), 0)
        self.scans = 0
        self.scores()
        self.until(lambda: self.counted("/stat") == self.scans, "new figures")
        status = json.loads(self.adm("status", "--json"))
        self.assertGreater(status["counters"]["scans"], self.scans)

    def counted(self, path: str) -> int:
        """Scans, as a reply tells."""
        count: int = self.ask(path)[1]["scanned"]
        return count

    def test_errors(self) -> None:
        """What went wrong in a worker is told by all, and by whom."""
        self.assertIn("WHO_FAIL", self.scan("broken")["symbols"])

        def found() -> list[dict[str, Any]]:
            rows = self.ask("/errors")[1]
            return [row for row in rows if "broken in" in row["message"]]

        self.until(lambda: bool(found()), "the error")
        for _ in range(5):
            (row,) = found()
            self.assertIn("check who failed", row["message"])
            self.assertTrue(row["message"].endswith(f"RuntimeError: broken in {row['pid']}"))
            self.assertNotEqual(row["pid"], self.filter.pid)
            self.assertEqual((row["type"], row["module"]), ("worker", "mailfilter.scan.run"))
            self.assertEqual(len(row["id"]), 12)

    def log(self) -> str:
        """The log so far."""
        return (self.folder / "log").read_text()
