"""Write log lines so that mail never waits for them.

A disk that is full, a pipe whose reader is stuck, a terminal that is gone: lines are lost then,
and counted, but nobody who logs is stopped by it.
"""

import os
import select
import stat
from collections.abc import Callable

MAX_HELD = 2**20
"""Octets kept for a pipe that takes no more just now."""

CHUNK = select.PIPE_BUF
"""A pipe that is ready takes so many octets without waiting, and does not mix them with others'."""


class LogStream:
    """A file that only grows, or a pipe or terminal. Nothing here raises but `open`."""

    def __init__(self, descriptor: int, path: str | None = None) -> None:
        self.path = path
        self.on_loss: Callable[[str], None] | None = None
        """Told once of each time that lines begin to be lost."""
        self._descriptor = descriptor
        self._held = b""
        self._lost = 0
        self._is_losing = False
        self._is_torn = False
        self._poll = _poll_unless_file(descriptor)

    @classmethod
    def open(cls, path: str) -> "LogStream":
        """Append to a file; raises OSError."""
        return cls(_open(path), path)

    @property
    def descriptor(self) -> int:
        """What is written to."""
        return self._descriptor

    def reopen(self) -> None:
        """Write to the path anew: what was written so far has been moved away."""
        if self.path is None:
            return
        try:
            fresh = _open(self.path)
        except OSError as error:
            self._lose(0, f"log file {self.path} cannot be opened anew: {error.strerror}")
            return
        os.close(self._descriptor)
        self._descriptor = fresh
        self._poll = _poll_unless_file(fresh)
        self._is_torn = False
        self._write_held()

    def write(self, text: str) -> None:
        """Append lines, which end with a line feed."""
        data = text.encode("utf-8", "backslashreplace")
        if self._poll is not None:
            self._write_to_pipe(data)
            return
        if self._is_torn:
            data = b"\n" + data
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            self._lose(1, f"log lines are lost: {error.strerror}")
            return
        self._is_torn = written < len(data)
        if self._is_torn:
            self._lose(1, "log lines are lost: the disk is full")
        else:
            self._is_losing = False

    def flush(self) -> None:
        """Write what is held, as far as that goes without waiting."""
        self._write_held()

    def take_lost(self) -> int:
        """How many lines were lost since the last time, once lines are written again."""
        if self._is_losing:
            return 0
        lost, self._lost = self._lost, 0
        return lost

    def _write_to_pipe(self, data: bytes) -> None:
        self._write_held()
        # Lines that begin to be lost are lost until there is room for many.
        limit = MAX_HELD // 2 if self._is_losing else MAX_HELD
        if len(self._held) + len(data) > limit:
            self._lose(1, "log lines are lost: nobody reads them")
            return
        self._held += data
        self._write_held()

    def _write_held(self) -> None:
        while self._held and self._is_ready():
            end = self._held.rfind(b"\n", 0, CHUNK) + 1 or CHUNK
            try:
                written = os.write(self._descriptor, self._held[:end])
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(self._held.count(b"\n"), f"log lines are lost: {error.strerror}")
                self._held = b""
                return
            self._held = self._held[written:]
            if len(self._held) <= MAX_HELD // 2:
                self._is_losing = False

    def _is_ready(self) -> bool:
        if self._poll is None:
            return True
        try:
            return bool(self._poll.poll(0))
        except OSError:
            return False

    def _lose(self, lines: int, reason: str) -> None:
        self._lost += lines
        if not self._is_losing:
            self._is_losing = True
            if self.on_loss is not None:
                self.on_loss(reason)


def _open(path: str) -> int:
    # Of a pipe by name, without a reader, that is an error instead of a wait.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    return os.open(path, flags, 0o666)


def _poll_unless_file(descriptor: int) -> "select.poll | None":
    """To ask whether a pipe is ready; files always are."""
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
    except OSError:
        return None
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return poll
