"""The filter of `bench.soak`: that of the live tests with some more listeners, and looks at it."""

import itertools
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live.harness import COMPLAINT, Filter
from tests.live.processes import wait_until

from .dial import Address
from .soak_tls import Site

CHECKS = Path(__file__).with_name("soak_checks")
STOP_TIMEOUT = 10.0
"""Seconds; `server.stop_timeout` of the filter."""
STOP_MARGIN = 5.0
"""Seconds that the end may take longer."""
RELOAD_SECONDS = 60.0
"""In which a reload must be over."""
REPLACE_SECONDS = 60.0
"""In which there must be another worker: one that died often is given a pause of up to 30 s."""

_MORE_CONFIG = """
[listeners.http_unix]
protocol = "http"
endpoint = "unix:{path}:mode=666"
"""
_ESTABLISHED_TCP, _CONNECTED_UNIX = "01", "03"
_SERVING = re.compile(r"serving: generation (\d+)")


class SoakFilter(Filter):
    """A filter that ends with its `with` block."""

    def __init__(self, workers: int, watchdog: str = "30s", watch: str = "10s") -> None:
        server = f'stop_timeout = "{STOP_TIMEOUT:g}s"'
        super().__init__(watchdog, start=False, workers=workers, server=server)
        for path in CHECKS.glob("*.py"):
            (self.home / "checks" / path.name).write_bytes(path.read_bytes())
        http = str(self.home / "http.sock")
        self.site = Site(self.home / "tls", watch)
        self.configure(_MORE_CONFIG.format(path=http))
        self.configure(self.site.config)
        self.addresses: dict[str, Address] = {
            "http_tcp": self.http,
            "http_unix": http,
            "milter_tcp": self.milter,
            "milter_unix": self.unix,
            **self.site.addresses,
        }
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            print(f"the end of the filter's log:\n{self.log()[-3000:]}")
        self.kill()

    def generation(self) -> int:
        """The number of the generation that serves, by the log."""
        return int(_SERVING.findall(self.log())[-1])

    def reload(self) -> float:
        """Reload, wait until the next generation serves; the seconds that took."""
        wanted, begun = self.generation() + 1, time.monotonic()
        mark = self.log_size()
        self.child.send(signal.SIGHUP)
        self.wait_log(f"serving: generation {wanted},", mark, RELOAD_SECONDS)
        return time.monotonic() - begun

    def wait_log(self, text: str, mark: int, seconds: float) -> None:
        """Wait until the log says so."""
        wait_until(lambda: text in self.log(mark), f"{text!r} in the log", seconds)

    def wait_replaced(self, mark: int) -> None:
        """Wait until a worker has taken the place of one that died."""
        wait_until(lambda: self.replaced(mark) > 0, "another worker", REPLACE_SECONDS)

    def replaced(self, mark: int) -> int:
        """How many workers were replaced since a mark."""
        return len(re.findall(r"worker \d+ of generation \d+ replaced", self.log(mark)))

    def complaints(self, mark: int = 0) -> int:
        """How many tracebacks and the like are in the log."""
        return len(COMPLAINT.findall(self.log(mark)))

    def stop_timed(self) -> float:
        """Stop it by SIGTERM; the seconds that took. Raises subprocess.TimeoutExpired."""
        begun = time.monotonic()
        self.child.stop(signal.SIGTERM, STOP_TIMEOUT + 2 * STOP_MARGIN)
        return time.monotonic() - begun

    def left_over(self) -> list[int]:
        """Processes of its session: workers that outlive their master."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended just now
            if int(words[3]) == self.child.pid and words[0] != "Z":
                found.append(int(path.parent.name))
        return found


@dataclass(frozen=True, slots=True)
class Open:
    """The connections that a process has accepted."""

    ports: frozenset[int]
    """Of the other side, for TCP."""
    unix: int

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.ports) + self.unix


def open_connections(pid: int) -> Open:
    """The connections of a process. Raises OSError when it is no more."""
    links = (f"/proc/{pid}/fd/{name}" for name in os.listdir(f"/proc/{pid}/fd"))
    inodes = {target[8:-1] for target in map(_target, links) if target.startswith("socket:")}
    ports = [
        int(words[2].rpartition(":")[2], 16)
        for words in _table("tcp")
        if words[3] == _ESTABLISHED_TCP and words[9] in inodes
    ]
    unix = [w for w in _table("unix") if w[5] == _CONNECTED_UNIX and w[6] in inodes]
    return Open(frozenset(ports), len(unix))


def kill_counted(pid: int) -> Open:
    """Kill a process; the connections it had then, for it is stopped before they are counted."""
    os.kill(pid, signal.SIGSTOP)
    stat = Path(f"/proc/{pid}/stat")
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it to be stopped")
    found = open_connections(pid)
    os.kill(pid, signal.SIGKILL)
    return found


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _table(name: str) -> list[list[str]]:
    lines = Path(f"/proc/net/{name}").read_text().splitlines()
    return [line.split() for line in itertools.islice(lines, 1, None)]
