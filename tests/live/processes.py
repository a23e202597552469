"""Child processes of the live tests: started for sure, ended for sure, with a log to read."""

import atexit
import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PORTS = range(20000, 32000)
"""Below the kernel's ephemeral range, so that no outgoing connection takes a port first."""
START_SECONDS = 30.0
"""Until a child must be ready: the machine may be busy with other tests."""
_given: set[int] = set()
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def free_port() -> int:
    """A TCP port that nobody listens on at this moment, and that has not been given out before."""
    while True:
        port = random.choice(PORTS)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def private_directory() -> Path:
    """A new directory under a short path (socket names are short), removed when we exit."""
    path = Path(tempfile.mkdtemp(prefix="mf-", dir="/tmp"))
    # Daemons that drop privileges must get through to their own folders inside.
    path.chmod(0o755)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Poll until the condition holds; AssertionError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def accepts(address: tuple[str, int] | str) -> bool:
    """Whether something listens there: a TCP address, or the path of a unix socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(5)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


class Child:
    """A process in a session of its own, which ends when this one does, however that ends."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        cwd: Path,
        descriptors: Sequence[int] = (),
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                pass_fds=descriptors,
            )
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def wait_ready(self, condition: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        """Wait until it serves; AssertionError with its log when it ends before."""
        wait_until(
            lambda: self._process.poll() is not None or condition(),
            f"{self.log.name} to get ready",
            seconds,
        )
        if self._process.poll() is not None:
            text = self.log.read_text(errors="replace")
            raise AssertionError(f"exit status {self._process.returncode}:\n{text}")

    def wait(self, seconds: float = 20.0) -> int:
        """Wait for its end; the exit status."""
        return self._process.wait(seconds)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20.0) -> int:
        """Ask it to end; the exit status. Kills it when it does not end in time."""
        if self._process.poll() is None:
            self.send(number)
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it and all of its session's process group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
