"""A filter with workers, for tests that kill, reload and stop it; and a load on it."""

import functools
import socket
import threading
from pathlib import Path

from mailfilter.client.control import ask
from mailfilter.codec.control import Answer
from tests.live.harness import Filter, LiveCase, message_file
from tests.live.processes import wait_until
from tests.live.scan_client import Connection, with_length

HAM = with_length(message_file("ham.eml"))


@functools.cache
def own_filter() -> Filter:
    """Two workers, a watchdog without patience, no time to waste."""
    return Filter(watchdog="2s", start=False, server='drain_timeout = "3s"\nstop_timeout = "3s"')


def scan(port: int, request: bytes = HAM) -> bool:
    """Whether a scan on a connection of its own is answered; OSError is a no."""
    try:
        connection = Connection(port, 10.0)
        try:
            return "action" in connection.scan(request)
        finally:
            connection.close()
    except (OSError, IndexError, AssertionError, ValueError):
        return False


class WorkersCase(LiveCase):
    """Each test has a filter just started."""

    def setUp(self) -> None:
        """Start it."""
        super().setUp()
        self.text = self.filter.config.read_text()
        self.addCleanup(self.filter.config.write_text, self.text)

    def make_filter(self) -> Filter:
        """One that may be killed."""
        own = own_filter()
        own.start()
        self.addCleanup(self.end, own)
        return own

    def end(self, own: Filter) -> None:
        """Stop it; nothing of it may be left."""
        workers = own.workers() if own.child.is_running else []
        own.kill()
        wait_until(lambda: not any(map(is_alive, workers)), "all workers to end")

    def reload(self) -> Answer:
        """What `mailfilteradm reload` gets."""
        return ask([self.filter.state], "reload")

    def edit(self, old: str, new: str) -> None:
        """Change the configuration's file."""
        text = self.filter.config.read_text()
        self.assertIn(old, text)
        self.filter.config.write_text(text.replace(old, new))

    def wait_workers(self, count: int = 2, but: frozenset[int] = frozenset()) -> list[int]:
        """Process ids of the workers that serve, when there are so many, and none of `but`."""

        def look() -> bool:
            pids = [item["pid"] for item in self.serving()]
            return len(pids) == count and but.isdisjoint(pids)

        wait_until(look, f"{count} workers to serve")
        return [item["pid"] for item in self.serving()]

    def serving(self) -> list[dict[str, int]]:
        """The workers that serve."""
        return [item for item in self.filter.status()["workers"] if item["state"] == "serving"]

    def write_check(self, name: str, text: str) -> None:
        """Put a file into the directory of checks, for this test."""
        path = self.filter.home / "checks" / name
        path.write_text(text)
        self.addCleanup(path.unlink, missing_ok=True)

    def wait_log(self, text: str) -> None:
        """Wait until it is in the log of this test."""
        wait_until(lambda: text in self.filter.log(self.mark), f"{text!r} in the log")


class Load:
    """Clients that scan without a pause; some keep their connections."""

    def __init__(self, port: int, kept: int = 2, clients: int = 4) -> None:
        self._port = port
        self._stop = threading.Event()
        self._failures: list[str] = []
        self.answered = 0
        self._threads = [
            threading.Thread(target=self._run, args=(n < kept,)) for n in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> list[str]:
        """End it; what failed."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self._failures

    def _run(self, keeps: bool) -> None:
        connection: Connection | None = None
        while not self._stop.is_set():
            try:
                connection = connection or Connection(self._port)
                connection.write(HAM)
                reply = read_reply(connection)
                self.answered += 1
                if not keeps or b"connection: close" in reply.lower():
                    connection.close()
                    connection = None
            except (OSError, ValueError) as error:
                self._failures.append(repr(error))
                connection = None


def read_reply(connection: Connection) -> bytes:
    """The head of a reply, whose body is read too. Raises ValueError if it is cut off."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = connection.read_line()
        if not line:
            raise ValueError(f"cut off: {head!r}")
        head += line
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    if len(connection.read_octets(length)) != length or b" 200 " not in head:
        raise ValueError(f"not a verdict: {head!r}")
    return head


def accepts(port: int) -> bool:
    """Whether a port takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_alive(pid: int) -> bool:
    """Whether a process is there, and not only its exit status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
