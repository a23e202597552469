"""Files beside each other: making them, their locks, and setting them aside."""

import fcntl
import os
import stat
import time
from contextlib import suppress
from secrets import token_hex
from urllib.parse import quote

from ..errors import Unavailable

MODE = 0o600
COMPANIONS = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is open; of no use to any other file."""

BESIDE = (*COMPANIONS, "-lock", "-turn", "-suspect")
"""What may be beside a file in use."""

Identity = tuple[int, int] | None
"""By which a file is known, whatever its name; None if there is none."""

Companions = tuple[Identity, ...]


def create(path: str, *, keep: bool = False) -> int:
    """Make a file that is ours alone, unless it is there; `keep` leaves it open.

    Only for a database that this process has not opened yet: to close any descriptor of a file
    gives up the locks that SQLite has on it. Raises Unavailable if something else is there.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags, MODE)
    except FileNotFoundError:
        raise
    except OSError:
        _expect_plain(os.lstat(path).st_mode, path)
        raise
    try:
        _expect_plain(os.fstat(fd).st_mode, path)
        if os.geteuid() == 0:
            _give_to_owner(fd, os.path.dirname(path) or ".")
    except BaseException:
        os.close(fd)
        raise
    if not keep:
        os.close(fd)
        return -1
    return fd


def _expect_plain(mode: int, path: str) -> None:
    if not stat.S_ISREG(mode):
        raise Unavailable(f"{path}: no plain file, but something else of that name")


def _give_to_owner(fd: int, directory: str) -> None:
    """What root makes must be of use to the service, whose directory it is."""
    owner = os.stat(directory)
    found = os.fstat(fd)
    if (found.st_uid, found.st_size) == (0, 0) and owner.st_uid:
        os.fchown(fd, owner.st_uid, owner.st_gid)


def try_lock(fd: int) -> bool:
    """Be alone with the file; whether that is so."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def identity(path: str) -> Identity:
    """Of the file of that name."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def companions(path: str) -> Companions:
    """What is beside a file, in the order of `COMPANIONS`."""
    return tuple(identity(path + suffix) for suffix in COMPANIONS)


def set_aside(path: str) -> str:
    """Rename a file and what belongs to it; the new name."""
    aside = _free_name(f"{path}.corrupt")
    # The file itself comes last: if we are killed in between, what belongs to it must not be left
    # to be taken for a part of a new one.
    for suffix in (*COMPANIONS, ""):
        with suppress(FileNotFoundError):
            os.rename(path + suffix, aside + suffix)
    return aside


def set_aside_companions(path: str, known: dict[str, Identity]) -> None:
    """Rename what belonged to a file that is gone, unless it is there no more."""
    aside = _free_name(f"{path}.left")
    for suffix in COMPANIONS:
        if known.get(suffix) is not None and identity(path + suffix) == known[suffix]:
            with suppress(FileNotFoundError):
                os.rename(path + suffix, aside + suffix)


def _free_name(path: str) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    names = [f"{path}-{stamp}{suffix}" for suffix in ("", *(f"-{n}" for n in range(1, 1000)))]
    return next(
        name
        for name in names
        if not any(os.path.lexists(name + suffix) for suffix in ("", *COMPANIONS))
    )


def part_name(path: str) -> str:
    """Of what will be that file when it is complete: never the one of an earlier attempt."""
    return f"{path}.{token_hex(4)}.part"


def put_in_place(part: str, path: str) -> None:
    """Give a complete file its name. Raises FileExistsError; no file is replaced."""
    try:
        # Unlike a rename, this does not replace what has appeared meanwhile.
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has links.
        if os.path.lexists(path):
            raise
        os.rename(part, path)
    else:
        os.unlink(part)


def quoted(path: str) -> str:
    """A path as part of a URI."""
    return quote(os.fsencode(path))


def wait_for_turn(fd: int) -> None:
    """Wait until nobody else writes."""
    fcntl.flock(fd, fcntl.LOCK_EX)


def end_turn(fd: int) -> None:
    """Let the next one write."""
    fcntl.flock(fd, fcntl.LOCK_UN)
