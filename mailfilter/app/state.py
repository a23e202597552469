"""The state directory, and the lock that keeps it to one filter."""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

LOCK = "master.lock"
"""Says who has the directory, for people; what is locked is the directory itself, which nobody
removes by mistake."""

_ADVICE = "choose another by --state-dir"


class StateError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


class StateDirectory:
    """A directory to which only its user may write, held by one process at a time."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._directory: int | None = None
        self._note: int | None = None
        self._is_made = False

    def take(self) -> None:
        """Make it if need be, and lock it. Raises StateError."""
        try:
            self._take()
        except OSError as error:
            self.release()
            raise StateError(f"{self._named()}: {error.strerror}; {_ADVICE}") from None
        except StateError:
            self.release()
            raise

    def give(self, uid: int, gid: int) -> None:
        """Make a user its owner, if we have made it; one that was there must be that user's.

        Raises StateError: anything might be in there that is none of ours to give away.
        """
        owner = self.path.stat().st_uid
        if self._is_made:
            os.chown(self.path, uid, gid)
        elif owner != uid:
            raise StateError(
                f"{self._named()} belongs to user {owner}, expected {uid}; chown it, or {_ADVICE}"
            )
        if self._note is not None:
            os.fchown(self._note, uid, gid)

    def release(self) -> None:
        """Unlock it."""
        for descriptor in (self._note, self._directory):
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._note = self._directory = None

    def _take(self) -> None:
        self._is_made = not self.path.exists()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StateError(f"{self._named()} is writable by others; chmod go-w it, or {_ADVICE}")
        self._directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._note = os.open(LOCK, flags, 0o600, dir_fd=self._directory)
        try:
            fcntl.flock(self._directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _holder(self._note)
            raise StateError(
                f"{self._named()} is in use by {who}; stop that one, or {_ADVICE}"
            ) from None
        with contextlib.suppress(OSError):
            # Only a word for those who come later: a disk that is full is no reason not to start.
            os.ftruncate(self._note, 0)
            os.pwrite(self._note, f"{os.getpid()}\n".encode(), 0)

    def _named(self) -> str:
        return f"state directory {self.path}"


def _holder(note: int) -> str:
    pid = os.pread(note, 32, 0).decode("ascii", "replace").strip()
    return f"the mailfilter with pid {pid}" if pid.isdecimal() else "another mailfilter"
