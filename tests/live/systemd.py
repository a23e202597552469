"""What systemd does for a service: sockets that it holds, a socket for notices, the environment."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from . import peers
from .processes import START_SECONDS, Child, free_port, private_directory

_LAUNCH = """\
import fcntl, os, sys
numbers = [int(word) for word in sys.argv[1].split(",")]
high = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]
for at, number in enumerate(high):
    os.dup2(number, 3 + at)
    os.close(number)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
"""Puts the sockets where systemd has them, and names the process that they are for: itself."""

_TWISTD = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"

OURS = ("NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_")
"""Beginnings of variables that speak to the main process alone."""


class Service:
    """A filter started as by systemd, with sockets named `http` (TCP) and `milter` (unix)."""

    def __init__(self, config: str) -> None:
        """Make the sockets; `{home}` in the configuration is our folder."""
        self.home = private_directory()
        self.port = free_port()
        self.path = str(self.home / "milter.sock")
        self._http = socket.create_server(("127.0.0.1", self.port))
        self._milter = socket.socket(socket.AF_UNIX)
        self._milter.bind(self.path)
        self._milter.listen()
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notices.bind(str(self.home / "notify"))
        self._config = self.home / "mailfilter.toml"
        self._config.write_text(config.format(home=self.home))
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None
        return self._child

    def start(self) -> None:
        """Start it; it says itself when it is ready."""
        descriptors = (self._http.fileno(), self._milter.fileno())
        command = [sys.executable, "-c", _LAUNCH, ",".join(map(str, descriptors))]
        command += ["-c", _TWISTD, "-n", "--pidfile=", "mailfilter"]
        command += ["--config", str(self._config)]
        self._child = Child(
            command, self.home / "log", self._environment(), peers.CHECKOUT, descriptors
        )

    def stop(self) -> None:
        """End it at once, and close the sockets."""
        if self._child is not None:
            self._child.kill()
        for item in (self._http, self._milter, self._notices):
            item.close()

    def wait_notice(self, word: str, seconds: float = START_SECONDS) -> str:
        """The next notice with that line; AssertionError with the log when none comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._notices.settimeout(left)
            try:
                text = self._notices.recv(4096).decode()
            except TimeoutError:
                break
            if word in text.splitlines():
                return text
        raise AssertionError(f"waited {seconds:g} s in vain for {word}:\n{self.log()}")

    def connect(self, name: str) -> socket.socket:
        """A connection to one of the sockets, accepted or not."""
        family = socket.AF_INET if name == "http" else socket.AF_UNIX
        opened = socket.socket(family)
        opened.settimeout(START_SECONDS)
        opened.connect(("127.0.0.1", self.port) if name == "http" else self.path)
        return opened

    def workers(self) -> list[int]:
        """Process ids of its workers, if it has any."""
        pid = self.child.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]

    def log(self) -> str:
        """All that it has logged."""
        return (self.home / "log").read_text(errors="replace")

    def _environment(self) -> Mapping[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith(OURS)},
            "PYTHONUNBUFFERED": "1",
            "STATE_DIRECTORY": str(self.home / "state"),
            "NOTIFY_SOCKET": str(self.home / "notify"),
            "WATCHDOG_USEC": "1000000",
            "LISTEN_FDS": "2",
            "LISTEN_FDNAMES": "http:milter",
        }


def spoken_for(pid: int) -> list[str]:
    """Names of variables in a process's environment that were meant for its parent alone."""
    words = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\0")
    return [name for name in (word.partition("=")[0] for word in words) if name.startswith(OURS)]
