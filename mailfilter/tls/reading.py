"""Reading files that TLS needs, bounded, and noticing that one has changed."""

import os
import stat

from .errors import TlsError
from .pem import MAX_FILE

Stamp = tuple[int, int, int, int]
"""Device, inode, octets and time of the last change of a file: another one is another content."""

MISSING: Stamp = (0, 0, 0, 0)


def read_file(path: str) -> tuple[bytes, Stamp]:
    """What a file holds, at most `MAX_FILE` octets, and its stamp; blocks. Raises TlsError.

    A pipe would be waited for, so only files and devices such as /dev/null are read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISCHR(status.st_mode)):
            raise TlsError(f"{path}: expected a regular file")
        data = b""
        while len(data) <= MAX_FILE and (part := os.read(descriptor, MAX_FILE + 1 - len(data))):
            data += part
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > MAX_FILE:
        raise TlsError(f"{path}: expected at most {MAX_FILE // 2**20}MiB in a file")
    return data, _stamp(status)


def stamp(path: str) -> Stamp:
    """How a file is now; blocks. Never raises."""
    try:
        return _stamp(os.stat(path))
    except (OSError, ValueError):
        return MISSING


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _unreadable(path: str, error: OSError | ValueError) -> TlsError:
    """A path with a NUL is a ValueError."""
    reason = error.strerror if isinstance(error, OSError) else error
    return TlsError(f"{path}: cannot be read: {reason}")
