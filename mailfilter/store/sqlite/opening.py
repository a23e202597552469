"""The file: who opens it first looks whether it is sound, upgrades it, or sets it aside.

Every process that has the file open holds a shared lock on a file beside it. Whoever gets that
lock exclusively is alone, and may do what nobody else must see halfway. A second lock file is for
the turns of those who write: it is handed on in order, where SQLite's own waiting sleeps and
tries again (with four processes the longest wait was 20 ms instead of 180).
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from urllib.parse import quote

from ..errors import Corrupt, StoreError, Unavailable, WrongVersion
from .clock import StoreTime
from .failures import named
from .schema import VERSION, upgrade, version_of

MIN_SQLITE = (3, 35, 0)
"""The first with RETURNING."""
BUSY_SECONDS = 10.0
"""For locks of others than us, such as a backup program; calls have deadlines of their own."""
RETRY_SECONDS = 1.0
"""After an attempt to open has failed, until the next."""
STATEMENTS = 512
"""Prepared statements kept of each connection."""
MODE = 0o600


class Opening:
    """The file, its lock, and the connections to it; called from several threads."""

    def __init__(
        self,
        path: str,
        max_size: int,
        clock: StoreTime,
        alarm: Callable[[str], None],
        *,
        is_service: bool = True,
    ) -> None:
        """Without `is_service` nothing is created, upgraded or set aside."""
        self.path = path
        self.clock = clock
        self._max_size = max_size
        self._alarm = alarm
        self._is_service = is_service
        self._lock = Lock()
        self._fd: int | None = None
        self._failed: tuple[float, StoreError] | None = None
        self._identity = (0, 0)
        self.epoch = 0
        """Counts the times that the file was lost; connections of an earlier one are stale."""

    def connect(self) -> sqlite3.Connection:
        """A connection for the thread that asks. Raises StoreError."""
        with self._lock:
            if self._failed is not None and time.monotonic() - self._failed[0] < RETRY_SECONDS:
                raise self._failed[1]
            try:
                if self._fd is None:
                    self._open()
                db = self._connect()
            except (sqlite3.Error, OSError, StoreError) as error:
                failure = named(error, self.path)
                self._failed = (time.monotonic(), failure)
                raise failure from None
            self._failed = None
            return db

    def look_after(self) -> None:
        """See that the file is still there that we have opened. Raises Unavailable."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            what = "removed"
        else:
            if (found.st_dev, found.st_ino) == self._identity:
                return
            what = "replaced"
        self.close()
        raise Unavailable(f"{self.path}: the file was {what} while it was in use; opening it anew")

    def turn(self) -> int:
        """A descriptor of the file whose lock is the turn to write, of one's own."""
        return self._open_lock("-turn")

    def close(self) -> None:
        """Let go of the file; connections to it are stale from now on."""
        with self._lock:
            self.epoch += 1
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _open(self) -> None:
        if sqlite3.sqlite_version_info < MIN_SQLITE:
            raise WrongVersion(f"SQLite {sqlite3.sqlite_version}, expected 3.35 or newer")
        if not self._is_service and not os.path.exists(self.path):
            raise Unavailable(f"{self.path}: there is no store")
        fd = self._open_lock("-lock")
        try:
            if self._is_service and _try_lock(fd):
                self._prepare()
            # From exclusive to shared, for all who wait.
            fcntl.flock(fd, fcntl.LOCK_SH)
            self._look()
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def _prepare(self) -> None:
        """Nobody else has the file: make it sound and of the present version."""
        try:
            self._make_ready()
        except (sqlite3.DatabaseError, Corrupt) as error:
            if not isinstance(named(error, self.path), Corrupt):
                raise
            aside = _set_aside(self.path)
            self._alarm(f"the store was corrupt ({error}); it begins anew, the old is {aside}")
            self._make_ready()

    def _make_ready(self) -> None:
        _create(self.path)
        db = self._connect()
        try:
            version = version_of(db)
            _check(db)
            if version < VERSION:
                db.execute("BEGIN IMMEDIATE")
                upgrade(db, version)
                db.execute("COMMIT")
        finally:
            db.close()

    def _look(self) -> None:
        """See that the file is of our version, and how late it is in it."""
        db = self._connect()
        try:
            version = version_of(db)
            if version == 0:
                raise Unavailable(f"{self.path}: not ready yet")
            if version != VERSION:
                raise WrongVersion(
                    f"the file has version {version}, this program needs {VERSION}; stop and start"
                    " the filter to upgrade it"
                )
            db.execute("BEGIN IMMEDIATE" if self._is_service else "BEGIN")
            if self._is_service:
                self.clock.set_from(db)
            else:
                self.clock.read_from(db)
            db.execute("COMMIT")
        finally:
            db.close()
        found = os.stat(self.path)
        self._identity = (found.st_dev, found.st_ino)

    def _connect(self) -> sqlite3.Connection:
        uri = f"file:{_quoted(self.path)}?mode=rw"
        db = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=STATEMENTS,
        )
        try:
            (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise Unavailable(f"{self.path}: its file system cannot hold a store")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute(f"PRAGMA journal_size_limit = {64 * 2**20}")
            (page_size,) = db.execute("PRAGMA page_size").fetchone()
            db.execute(f"PRAGMA max_page_count = {max(1, self._max_size // page_size)}")
        except BaseException:
            db.close()
            raise
        return db

    def _open_lock(self, suffix: str) -> int:
        return _create(self.path + suffix, keep=True)


def _create(path: str, *, keep: bool = False) -> int:
    """Make a file that is ours alone, unless it is there; `keep` leaves it open.

    Only for a database that this process has not opened yet: to close any descriptor of a file
    gives up the locks that SQLite has on it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    try:
        if os.geteuid() == 0:
            _give_to_owner(fd, os.path.dirname(path))
    except BaseException:
        os.close(fd)
        raise
    if not keep:
        os.close(fd)
        return -1
    return fd


def _give_to_owner(fd: int, directory: str) -> None:
    """What root makes must be of use to the service, whose directory it is."""
    owner = os.stat(directory)
    found = os.fstat(fd)
    if (found.st_uid, found.st_size) == (0, 0) and owner.st_uid:
        os.fchown(fd, owner.st_uid, owner.st_gid)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check(db: sqlite3.Connection) -> None:
    (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise Corrupt(str(result))


def _set_aside(path: str) -> str:
    """Rename the file and what belongs to it; the new name."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside = f"{path}.corrupt-{stamp}"
    number = 0
    while os.path.exists(aside):
        number += 1
        aside = f"{path}.corrupt-{stamp}-{number}"
    os.rename(path, aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.rename(path + suffix, aside + suffix)
    return aside


def _quoted(path: str) -> str:
    """A path as part of a URI."""
    return quote(os.fsencode(path))


def wait_for_turn(fd: int) -> None:
    """Wait until nobody else writes."""
    fcntl.flock(fd, fcntl.LOCK_EX)


def end_turn(fd: int) -> None:
    """Let the next one write."""
    fcntl.flock(fd, fcntl.LOCK_UN)
