"""The file of what is saved: all of it is there, or what was there before, whatever happens."""

import os
from contextlib import suppress
from pathlib import Path

from twisted.logger import Logger

from ..config.saved import FILE, MAX_FILE, History, SavedError, Version, encode, read_saved

_FRESH = FILE + ".new"
"""Written beside the file, then put in its place: one writer has the state directory."""

log = Logger()


class TooLarge(Exception):
    """More than a file may hold."""


def load_saved(directory: str, now: float) -> tuple[dict[str, tuple[Version, ...]], str]:
    """What is saved, and what is wrong with it: a damaged file is moved aside. Blocks."""
    path = Path(directory, FILE)
    with suppress(OSError):
        os.unlink(path.with_name(_FRESH))
    try:
        return read_saved(directory), ""
    except SavedError as error:
        trouble = f"{path}: {error}"
    except OSError as error:
        trouble = f"{path}: {error.strerror}"
    aside = path.with_name(f"{FILE}.damaged-{int(now)}")
    try:
        os.rename(path, aside)
    except OSError as error:
        return {}, f"{trouble}; it cannot be moved aside either: {error.strerror}"
    return {}, f"{trouble}; moved to {aside.name}: nothing is saved any more"


def write_saved(directory: str, history: History) -> None:
    """Put a history in place of the one in the file. Raises OSError and TooLarge. Blocks."""
    data = encode(history)
    if len(data) > MAX_FILE:
        raise TooLarge(f"{len(data)} octets would be saved, expected at most {MAX_FILE}")
    fresh = os.path.join(directory, _FRESH)
    try:
        _write(fresh, data)
        os.replace(fresh, os.path.join(directory, FILE))
    except OSError:
        with suppress(OSError):
            os.unlink(fresh)
        raise
    _settle(directory)


def _write(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    opened = os.open(path, flags, 0o600)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(opened, left) :]
        os.fsync(opened)
    finally:
        os.close(opened)


def _settle(directory: str) -> None:
    """Have the new name of the file on disk, too. It is there for all who look, in any case."""
    try:
        opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        log.warn("{path} is not on disk yet: {error}", path=directory, error=error.strerror)
