"""Reading files that TLS needs, bounded, and noticing that one has changed."""

import os
import stat

from .errors import TlsError
from .pem import MAX_FILE

Stamp = tuple[int, ...]
"""What changes with a file: device, inode, size, times, permissions, owners."""


def read_file(path: str, most: int = MAX_FILE) -> bytes:
    """What a file holds; blocks. Raises TlsError if it cannot be read, or has more than `most`
    octets."""
    try:
        data = _read(path, most)
    except OSError as error:
        raise TlsError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise TlsError(f"{path}: cannot be read: {error}") from None
    if len(data) > most:
        raise TlsError(f"{path}: expected at most {most // 1024}KiB in a file")
    return data


def _read(path: str, most: int) -> bytes:
    """At most one octet over the limit. Programs that block load no configuration for this."""
    # A pipe would be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
            raise TlsError(f"{path}: expected a regular file")
        data = b""
        while len(data) <= most and (part := os.read(descriptor, most + 1 - len(data))):
            data += part
        return data
    finally:
        os.close(descriptor)


def stamp(path: str) -> Stamp | None:
    """Of a file, or of what a symbolic link leads to; `None` where there is nothing to see.

    To be taken before the file is read: what changes meanwhile is noticed then. Blocks.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (
        *(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns),
        *(found.st_mode, found.st_uid, found.st_gid),
    )
