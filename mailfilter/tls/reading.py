"""Reading files that TLS needs, bounded, and noticing that one has changed."""

import os

from ..config.files import MAX_FILE, read_source
from .errors import TlsError

Stamp = tuple[int, ...]
"""What changes with a file: device, inode, size, times, permissions, owners."""


def read_file(path: str, most: int = MAX_FILE) -> bytes:
    """What a file holds; blocks. Raises TlsError if it cannot be read, or has more than `most`
    octets."""
    source, problems = read_source(path, most)
    if source is None:
        reasons = "; ".join(problem.expected for problem in problems)
        raise TlsError(f"{path}: {reasons}")
    return source.data


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
