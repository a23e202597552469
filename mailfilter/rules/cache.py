"""Compiled rules on disk, so that a start need not compile what has not changed."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import hyperscan
import msgspec

from .compile import Compiled
from .model import Rule, Trouble

FORM = 1
"""Changes with what is written, and with what targets are made of: old files are then not used."""

MAX_SIZE = 2**28
"""Octets of a file that is read."""

MAX_FILES = 8
"""Kept of those that were used last: each change of the rules makes one."""

_SUFFIX = ".rules"


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is in a file."""

    compiled: Compiled
    wrong_examples: tuple[Trouble, ...]


class Cache:
    """A directory of compiled rules; without a path, the last ones are kept in memory."""

    def __init__(self, directory: str | None) -> None:
        self._directory = None if directory is None else Path(directory)
        self._last: tuple[str, Kept] | None = None

    def get(self, key: str) -> Kept | None:
        """What was kept under a key; nothing if that is damaged, or could be another's work."""
        if self._directory is None:
            return self._last[1] if self._last is not None and self._last[0] == key else None
        if not _is_ours(self._directory, stat.S_ISDIR):
            return None
        path = self._directory / f"{key}{_SUFFIX}"
        if not _is_ours(path, stat.S_ISREG):
            return None
        try:
            with open(path, "rb", opener=_open) as opened:
                data = opened.read(MAX_SIZE)
            os.utime(path)
        except OSError:
            return None
        digest, payload = data[:32], data[32:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        try:
            return msgspec.msgpack.decode(payload, type=Kept)
        except msgspec.MsgspecError:
            return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process compiles for this directory: what it did is here then.

        Where that cannot be told, each compiles for itself.
        """
        descriptor = self._locked()
        try:
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _locked(self) -> int | None:
        if self._directory is None:
            return None
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(self._directory, stat.S_ISDIR):
                return None
            descriptor = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def put(self, key: str, kept: Kept) -> None:
        """Keep it, whole or not at all. Raises OSError."""
        if self._directory is None:
            self._last = key, kept
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(self._directory, stat.S_ISDIR):
            raise PermissionError(f"{self._directory} is writable by others; expected chmod go-w")
        payload = msgspec.msgpack.encode(kept)
        descriptor, name = tempfile.mkstemp(dir=self._directory, prefix=".new-")
        try:
            with open(descriptor, "wb") as opened:
                opened.write(hashlib.sha256(payload).digest())
                opened.write(payload)
            os.replace(name, self._directory / f"{key}{_SUFFIX}")
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        self._clean()

    def _clean(self) -> None:
        """Throw away all but the files that were used last."""
        if self._directory is None:
            return
        found = sorted(self._directory.glob(f"*{_SUFFIX}"), key=_used, reverse=True)
        for path in found[MAX_FILES:]:
            with suppress(OSError):
                path.unlink()


def key_of(rules: Iterable[Rule]) -> str:
    """What tells these rules, and the libraries that they are compiled by, from all others."""
    digest = hashlib.sha256()
    info = f"{FORM} {version('hyperscan')} {_platform()} {version('regex')}"
    digest.update(info.encode())
    for rule in rules:
        digest.update(repr((rule.symbol, rule.place, rule.patterns)).encode())
        digest.update(repr((rule.when, rule.hits, rule.misses)).encode())
    return digest.hexdigest()


def _platform() -> str:
    """Version and processor features for which databases are made here."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[b"a"], ids=[0], elements=1, flags=[0])
    return str(database.info())


def _is_ours(path: Path, is_kind: Callable[[int], bool]) -> bool:
    """Whether only root and we could have put it there (bad-input.md row 45)."""
    try:
        status = path.lstat()
    except OSError:
        return False
    is_private = not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return is_kind(status.st_mode) and is_private and status.st_uid in (0, os.geteuid())


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
