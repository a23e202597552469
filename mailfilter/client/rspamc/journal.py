"""What a run of learning has done already, for the run that goes on after it was interrupted.

A line for each message that was answered: the digest of its octets. Names of files would not do,
for those of a Maildir change when it is read. A line is written right after the answer, with one
call; so after a kill at any point, at most the messages that were under way are asked once more,
and servers answer that they know them. Nothing is synced to the disk: after a power failure some
more are asked again, which costs less than a sync for each message.
"""

import contextlib
import fcntl
import os
import stat
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from .commands import Command
from .options import Options

_DIGEST = 16
"""Octets: nobody gains by two messages that meet."""
_LINE = 2 * _DIGEST + 1
_SAME = (
    *("connect", "is_tls", "user", "deliver", "recipients", "settings", "headers"),
    *("classifier", "weight", "flag", "fuzzy_symbol", "skip_images", "skip_attachments"),
)
"""Options that make it another work: what is learned, where, and for whom."""


def journal_path(command: Command, arguments: Sequence[str], options: Options) -> Path:
    """Where the journal of this work is, whichever files it is done with."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path(os.path.expanduser("~/.local/state"))
    work = (command.name, tuple(arguments), *(getattr(options, name) for name in _SAME))
    digest = blake2b(repr(work).encode("utf-8", "surrogateescape"), digest_size=_DIGEST)
    return base / "mailfilterc" / f"{command.name}-{digest.hexdigest()}"


class Journal:
    """One journal, open; several threads may use it, and several processes have it open."""

    def __init__(self, path: Path, resumes: bool) -> None:
        """Go on with what is there, or begin anew; raises OSError.

        Begun anew it is only if no other run is at it, which would lose what it has done.
        """
        self._path = path
        self._lock = Lock()
        self._done: Counter[bytes] = Counter()
        self.trouble: OSError | None = None
        """Why it is not complete."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file, self._is_ours = _opened(path)
        try:
            if resumes:
                self._read()
            elif self._is_ours:
                os.ftruncate(self._file, 0)
            # Others may join now, and none begins anew.
            fcntl.flock(self._file, fcntl.LOCK_SH)
        except OSError:
            os.close(self._file)
            raise

    def skips(self, digest: bytes) -> bool:
        """Whether an earlier run did it, which of several copies is said once for each.

        So a run and those that go on with it ask what one would have asked.
        """
        with self._lock:
            if not self._done[digest]:
                return False
            self._done[digest] -= 1
            return True

    def add(self, digest: bytes) -> None:
        """Note that it is done; trouble is kept in `trouble`, for the work is done all the same."""
        line = digest.hex().encode() + b"\n"
        with self._lock:
            try:
                if os.write(self._file, line) < len(line):
                    # The rest of the line would be taken for the beginning of the next one.
                    os.write(self._file, b"\n")
            except OSError as error:
                self.trouble = error

    def close(self, is_complete: bool) -> None:
        """Leave it; after work that is complete it goes, unless another run was or is at it.

        Threads that are late may still call `add`.
        """
        with self._lock:
            file, self._file = self._file, -1
        if file < 0:
            return
        with contextlib.suppress(OSError):
            if is_complete and self._is_ours:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._path.unlink()
        os.close(file)

    def _read(self) -> None:
        """Take in every line that is whole; a torn or damaged one is a message to ask again."""
        with open(self._file, "rb", closefd=False) as file:
            last = b"\n"
            while line := file.readline(_LINE):
                last = line
                if len(line.rstrip(b"\n")) == 2 * _DIGEST:
                    with contextlib.suppress(ValueError):
                        self._done[bytes.fromhex(line.decode("ascii"))] += 1
        if not last.endswith(b"\n"):
            os.write(self._file, b"\n")


def digest_of(octets: bytes) -> bytes:
    """What a message is known by."""
    return blake2b(octets, digest_size=_DIGEST).digest()


def _opened(path: Path) -> tuple[int, bool]:
    """The file, locked, and whether nobody else has it open."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    while True:
        file = os.open(path, flags, 0o600)
        try:
            is_ours = _locked(file)
            state = os.fstat(file)
            if not stat.S_ISREG(state.st_mode):
                raise OSError("not a file")
            # Another run may have been complete, and removed it, since we opened it.
            if state.st_nlink:
                return file, is_ours
        except OSError:
            os.close(file)
            raise
        os.close(file)


def _locked(file: int) -> bool:
    """Lock a file; tell whether for us alone."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(file, fcntl.LOCK_SH)
        return False
    return True
