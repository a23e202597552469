"""The commands as an administrator types them: foreground, daemon, `twist`, `make run`."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.trial.unittest import SynchronousTestCase

from tests.live.processes import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 30.0
"""Seconds that a command may take on a busy machine."""


def answers(port: int) -> bool:
    """Whether a filter serves on the port: connections are taken before anybody does."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
            return client.makefile("rb").read().endswith(b"pong\r\n")
    except OSError:
        return False


class CommandCase(SynchronousTestCase):
    def setUp(self) -> None:
        # Short, for the path of a unix socket.
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        (self.folder / "run").mkdir()
        self.port = free_port()

    def configure(self, *more: str) -> None:
        lines = [
            # They take seconds to compile, and these tests are not about them.
            "rules.built_in = false",
            f'listeners.scan.endpoint = "tcp:{self.port}:interface=127.0.0.1"',
            'listeners.milter.endpoint = "unix:milter.sock"',
            'listeners.spamd.endpoint = "unix:spamd.sock"',
            'listeners.controller.endpoint = "unix:controller.sock"',
            *more,
        ]
        (self.folder / "m.toml").write_text("\n".join(lines))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(self, *command: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_until_ready(self) -> None:
        end = time.monotonic() + PATIENCE
        while not answers(self.port):
            self.assertLess(time.monotonic(), end, "no answer")
            time.sleep(0.05)

    def wait_until_gone(self, pid: int) -> None:
        end = time.monotonic() + PATIENCE
        while Path(f"/proc/{pid}").exists():
            self.assertLess(time.monotonic(), end, f"{pid} is still there")
            time.sleep(0.05)


class DaemonTests(CommandCase):
    """Relative paths mean the directory in which the command was typed."""

    command: tuple[str, ...] = (
        str(BIN / "twistd"),
        "--pidfile=run/x.pid",
        "--logfile=run/x.log",
        "mailfilter",
        "--config=m.toml",
        "--state-dir=state",
    )

    def run_command(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command,
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def test_files(self) -> None:
        self.configure('log.format = "json"', "server.workers = 1")
        ended = self.run_command()
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))
        self.wait_until_ready()
        pid = int((self.folder / "run" / "x.pid").read_text())
        self.assertTrue((self.folder / "milter.sock").exists())
        self.move_log(pid)
        os.kill(pid, signal.SIGTERM)
        self.wait_until_gone(pid)
        lines = [(self.folder / "run" / name).read_text() for name in ("old.log", "x.log")]
        self.assertIn("shutting down", lines[1])
        records = map(json.loads, "".join(lines).splitlines())
        messages = [record["message"] for record in records]
        ready = [text for text in messages if text.startswith("ready: listener")]
        self.assertEqual(len(ready), 4)
        self.assertEqual(sorted(os.listdir(self.folder / "run")), ["old.log", "x.log"])
        self.assertFalse((self.folder / "milter.sock").exists())

    def move_log(self, pid: int) -> None:
        """Rotate the log as logrotate does; a signal makes the daemon open it anew."""
        log = self.folder / "run" / "x.log"
        log.rename(self.folder / "run" / "old.log")
        os.kill(pid, signal.SIGUSR1)
        end = time.monotonic() + PATIENCE
        while not log.exists():
            self.assertLess(time.monotonic(), end, "the log is not opened anew")
            time.sleep(0.05)

    def test_log_of_workers(self) -> None:
        """Their lines are in the same file, and a rotation is theirs, too."""
        self.configure("server.workers = 2")
        self.assertEqual(self.run_command().returncode, 0)
        self.wait_until_ready()
        pid = int((self.folder / "run" / "x.pid").read_text())
        self.addCleanup(self.wait_until_gone, pid)
        self.addCleanup(os.kill, pid, signal.SIGTERM)
        self.scan()
        self.assertIn(" info scan ", (self.folder / "run" / "x.log").read_text())
        self.move_log(pid)
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.assertEqual(len(workers), 2)
        end = time.monotonic() + PATIENCE
        while any(self.has_open(worker, "old.log") for worker in workers):
            self.assertLess(time.monotonic(), end, "a worker holds the old log")
            time.sleep(0.05)
        self.scan()
        self.assertIn(" info scan ", (self.folder / "run" / "x.log").read_text())

    def test_log_on_a_full_disk(self) -> None:
        """Mail does not wait for a log that cannot be written."""
        for workers in (1, 2):
            self.configure(f"server.workers = {workers}")
            self.command = tuple(
                "--logfile=/dev/full" if word == "--logfile=run/x.log" else word
                for word in self.command
            )
            self.assertEqual(self.run_command().returncode, 0)
            self.wait_until_ready()
            pid = int((self.folder / "run" / "x.pid").read_text())
            for _ in range(5):
                self.scan()
            os.kill(pid, signal.SIGTERM)
            self.wait_until_gone(pid)

    def scan(self) -> None:
        """Have a message scanned."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(b"POST /checkv2 HTTP/1.0\r\nContent-Length: 8\r\n\r\nA: b\r\n\r\n")
            self.assertIn(b'"action"', client.makefile("rb").read())

    def has_open(self, pid: str, name: str) -> bool:
        """Whether a process holds a file of that name open."""
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                if os.readlink(link).endswith(name):
                    return True
        return False

    def test_port_in_use(self) -> None:
        """The command that started the daemon ends, with an error; nothing stays behind."""
        self.configure()
        with socket.create_server(("127.0.0.1", self.port)):
            ended = self.run_command()
        self.assertEqual(ended.returncode, 1)
        self.assertIn("listeners.scan.endpoint", ended.stdout + ended.stderr)
        log = (self.folder / "run" / "x.log").read_text()
        self.assertIn(f"port {self.port} is in use by pid {os.getpid()} ", log)
        end = time.monotonic() + PATIENCE
        # The daemon tells its parent what is wrong first, and removes the file then.
        while (left := os.listdir(self.folder / "run")) != ["x.log"]:
            self.assertLess(time.monotonic(), end, left)
            time.sleep(0.05)
        self.assertEqual(sorted(os.listdir(self.folder)), ["m.toml", "run", "state"])


class ForegroundTests(CommandCase):
    def test_twist_logs_as_configured(self) -> None:
        self.configure('log.format = "json"', 'log.level = "warn"')
        process = self.start(str(BIN / "twist"), "mailfilter", "--config=m.toml")
        self.wait_until_ready()
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(b"GET /nope HTTP/1.0\r\n\r\n")
            client.makefile("rb").read()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
        self.assertNotIn('"level":"info"', output)
        self.assertNotIn('"log_', output)

    def test_systemd_socket_that_is_not_there(self) -> None:
        self.configure('listeners.x = { protocol = "http", endpoint = "systemd:INET:name=x" }')
        process = self.start(
            str(BIN / "twistd"), "-n", "--pidfile=", "mailfilter", "--config=m.toml"
        )
        output, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertIn('m.toml:6: listeners.x.endpoint = "systemd:INET:name=x": cannot be', output)
        self.assertNotIn("Traceback", output)
        self.assertEqual(sorted(os.listdir(self.folder)), ["m.toml", "mailfilter-state", "run"])

    def test_make_run(self) -> None:
        """One line for each listener, one for the web interface, and an interrupt ends it."""
        if BIN != ROOT / ".venv" / "bin" or not (ROOT / ".venv" / ".made-run").exists():
            self.skipTest("the tests do not run from the .venv that make run would use")
        web = free_port()
        self.configure(
            "server.workers = 1",
            'listeners.web.protocol = "controller"',
            f'listeners.web.endpoint = "tcp:{web}:interface=127.0.0.1"',
        )
        arguments = f"ARGS=--config={self.folder / 'm.toml'} --state-dir={self.folder}"
        process = self.start("make", "-C", str(ROOT), "run", arguments)
        self.wait_until_ready()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
        for line in (
            f"ready: listener scan speaks scan on 127.0.0.1:{self.port}\n",
            f"ready: listener milter speaks milter on {self.folder}/milter.sock\n",
            f"the web interface is at http://127.0.0.1:{web}/\n",
        ):
            self.assertEqual(output.count(line), 1)
        self.assertIn("Main loop terminated", output)
        self.assertNotIn("Traceback", output)
