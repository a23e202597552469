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
from typing import TypeVar

from ..errors import Corrupt, StoreError, Unavailable, WrongVersion
from .clock import StoreTime
from .failures import named
from .files import (
    COMPANIONS,
    Identity,
    create,
    identity,
    quoted,
    set_aside,
    set_aside_companions,
    try_lock,
)
from .schema import VERSION, upgrade, version_of

T = TypeVar("T")

MIN_SQLITE = (3, 35, 0)
"""The first with RETURNING."""
BUSY_SECONDS = 10.0
"""For locks of others than us, such as a backup program; calls have deadlines of their own."""
RETRY_SECONDS = 1.0
"""After an attempt to open has failed, until the next."""
SUSPECT = "-suspect"
"""Ends the name of the file that stands beside one that was found to be damaged."""
STATEMENTS = 512
"""Prepared statements kept of each connection."""


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
        self.max_size = max_size
        self._alarm = alarm
        self._is_service = is_service
        self._lock = Lock()
        self._fd: int | None = None
        self._failed: tuple[float, StoreError] | None = None
        self._identity: Identity = None
        self._companions: dict[str, Identity] = {}
        self.spoilt = ""
        """Why no more connections are made until this process has ended."""
        self.epoch = 0
        """Counts the times that the file was lost; connections of an earlier one are stale."""

    def open(self) -> int:
        """Open the file unless it is open; the epoch that it is of. Raises StoreError."""
        with self._lock:
            if self._fd is None:
                self._attempt(self._open)
            return self.epoch

    def connect(self, epoch: int) -> sqlite3.Connection:
        """A connection to the file of an epoch, for the thread that asks. Raises StoreError."""
        with self._lock:
            self._expect(epoch)
            if self.spoilt:
                raise Unavailable(self.spoilt)
            if identity(self.path) != self._identity:
                # To open it would spoil it (below); the next who writes sees to it.
                raise Unavailable(f"{self.path}: the file is not the one that was opened")
            db = self._attempt(self._connect)
            self._know_companions()
            return db

    def _attempt(self, step: Callable[[], T]) -> T:
        if self._failed is not None and time.monotonic() - self._failed[0] < RETRY_SECONDS:
            # A new one each time: it collects what it passes through.
            raise type(self._failed[1])(str(self._failed[1]))
        try:
            answer = step()
        except (sqlite3.Error, OSError, UnicodeDecodeError, StoreError) as error:
            failure = named(error, self.path)
            self._failed = (time.monotonic(), failure)
            raise failure from None
        self._failed = None
        return answer

    def _expect(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise Unavailable(f"{self.path}: the file was opened anew meanwhile")

    def look_after(self, epoch: int) -> None:
        """See that the file of an epoch is still there; only for who has the turn to write.

        Raises Unavailable. What SQLite has left beside a file that is gone would be taken for a
        part of the one that comes in its place, and spoil it.
        """
        # Another thread may have found out, and have opened what is there now.
        self._expect(epoch)
        found = identity(self.path)
        if found == self._identity:
            self._know_companions()
            return
        set_aside_companions(self.path, self._companions)
        self.close()
        what = "removed" if found is None else "replaced"
        raise Unavailable(f"{self.path}: the file was {what} while it was in use; opening it anew")

    def _know_companions(self) -> None:
        self._companions = {suffix: identity(self.path + suffix) for suffix in COMPANIONS}

    def suspect(self) -> None:
        """Let the next start look closer: the file was found to be damaged."""
        if self._is_service:
            with suppress(OSError, StoreError):
                create(self.path + SUSPECT)

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
            if self._is_service and try_lock(fd):
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
        except (sqlite3.DatabaseError, UnicodeDecodeError, Corrupt) as error:
            if not isinstance(named(error, self.path), Corrupt):
                raise
            aside = set_aside(self.path)
            self._alarm(f"the store was corrupt ({error}); it begins anew, the old is {aside}")
            self._make_ready()
        with suppress(FileNotFoundError):
            os.unlink(self.path + SUSPECT)

    def _make_ready(self) -> None:
        create(self.path)
        db = self._connect()
        try:
            version = version_of(db)
            _check(db, is_suspect=os.path.exists(self.path + SUSPECT))
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
        self._identity = identity(self.path)

    def _connect(self) -> sqlite3.Connection:
        uri = f"file:{quoted(self.path)}?mode=rw"
        db = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=STATEMENTS,
        )
        try:
            # Before anything is changed: the file may be of another program.
            version_of(db)
            (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise Unavailable(f"{self.path}: its file system cannot hold a store")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute(f"PRAGMA journal_size_limit = {64 * 2**20}")
            (page_size,) = db.execute("PRAGMA page_size").fetchone()
            db.execute(f"PRAGMA max_page_count = {max(1, self.max_size // page_size)}")
        except BaseException:
            db.close()
            raise
        return db

    def _open_lock(self, suffix: str) -> int:
        return create(self.path + suffix, keep=True)


def _check(db: sqlite3.Connection, *, is_suspect: bool) -> None:
    # Quick is without comparing indices to tables, which takes several times as long.
    (result,) = db.execute(f"PRAGMA {'integrity' if is_suspect else 'quick'}_check(1)").fetchone()
    if result != "ok":
        raise Corrupt(str(result))
