"""What SQLite and the file system say, as errors of the store."""

import errno
import sqlite3

from ..errors import (
    Corrupt,
    Denied,
    Full,
    ReadOnly,
    StoreError,
    TimedOut,
    TooLarge,
    Unavailable,
)

_BY_CODE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: Full,
    sqlite3.SQLITE_NOMEM: Full,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_CORRUPT: Corrupt,
    sqlite3.SQLITE_NOTADB: Corrupt,
    sqlite3.SQLITE_BUSY: TimedOut,
    sqlite3.SQLITE_LOCKED: TimedOut,
    sqlite3.SQLITE_PERM: Denied,
    sqlite3.SQLITE_AUTH: Denied,
    sqlite3.SQLITE_CANTOPEN: Unavailable,
    sqlite3.SQLITE_IOERR: Unavailable,
    # What it says when there is no space for the index of the log.
    sqlite3.SQLITE_IOERR_SHMSIZE: Full,
    sqlite3.SQLITE_TOOBIG: TooLarge,
}

_BY_ERRNO: dict[int, type[StoreError]] = {
    errno.ENOSPC: Full,
    errno.EDQUOT: Full,
    errno.EROFS: ReadOnly,
    errno.EACCES: Denied,
    errno.EPERM: Denied,
}

HINTS: dict[type[StoreError], str] = {
    Full: "the disk is full, or the file has the size of store.max_size",
    ReadOnly: "the file or its file system cannot be written",
    Corrupt: "a restart of the filter sets the file aside",
}


def named(error: Exception, path: str) -> StoreError:
    """The error of the store that this one is."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        kind = _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF, StoreError)
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        hint = f"; {HINTS[kind]}" if kind in HINTS else ""
        return kind(f"{path}: {error} ({name}){hint}")
    if isinstance(error, OSError):
        kind = _BY_ERRNO.get(error.errno or 0, Unavailable)
        return kind(f"{error.filename or path}: {error.strerror}")
    if isinstance(error, UnicodeDecodeError):
        # All text in the file, and in what SQLite says of it, is ours, and is ASCII.
        return Corrupt(f"{path}: {error}; {HINTS[Corrupt]}")
    return StoreError(f"{type(error).__name__}: {error}")
