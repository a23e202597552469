"""The state directory, and the lock that keeps it to one filter."""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

LOCK = "master.lock"


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


class StateDirectory:
    """A directory to which only its user may write, held by one process at a time."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._lock: int | None = None

    def take(self) -> None:
        """Make it if need be, and lock it. Raises StateError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = self.path.stat().st_mode
            if mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise StateError(
                    f"state directory {self.path} is writable by others;"
                    " chmod go-w it, or choose another by --state-dir"
                )
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._lock = os.open(self.path / LOCK, flags, 0o600)
        except OSError as error:
            raise StateError(
                f"state directory {self.path}: {error.strerror}; choose another by --state-dir"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            self.release()
            who = (
                f"the mailfilter with pid {holder}" if holder.isdecimal() else "another mailfilter"
            )
            raise StateError(
                f"state directory {self.path} is in use by {who};"
                " stop that one, or choose another by --state-dir"
            ) from None
        except OSError as error:
            self.release()
            raise StateError(
                f"state directory {self.path} cannot be locked: {error.strerror};"
                " choose another by --state-dir"
            ) from None
        with contextlib.suppress(OSError):
            # Only a word for those who come later: a disk that is full is no reason not to start.
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def give(self, uid: int, gid: int) -> None:
        """Make a user its owner."""
        os.chown(self.path, uid, gid)
        if self._lock is not None:
            os.fchown(self._lock, uid, gid)

    def release(self) -> None:
        """Unlock it."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock)
            self._lock = None
