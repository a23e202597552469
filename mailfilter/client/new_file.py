"""Files that commands write: whole or not at all, and from their beginning for those alone who may
read them."""

import os
import secrets
import stat
from pathlib import Path


def create(path: Path, data: bytes, mode: int) -> None:
    """A file that was not there. Raises OSError, which is FileExistsError if something is."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()
        raise


def replace(path: Path, data: bytes, mode: int) -> None:
    """One that may be there: at each moment it is the old one or the new one.

    Raises OSError, and FileExistsError for what is not a regular file.
    """
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise FileExistsError("is no regular file, and not replaced")
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    create(fresh, data, mode)
    try:
        os.replace(fresh, path)
    except OSError:
        fresh.unlink()
        raise
