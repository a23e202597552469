"""What the classifier has learned, as one file that all processes of a machine share.

One process writes, any number read at the same time. Weights are aligned numbers of four octets:
a reader that looks while a message is being learned sees a part of it already, which is no harm.
What must fit together (counts, position in the log, factors of the combiner) is read again if the
writer was at it meanwhile.
"""

import mmap
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from . import features
from .hashing import SLOT_BITS
from .model import Columns, Model, new_combiner

FORM = 1
"""Changes with the form of the file."""

SIZE = 4096 + (16 << SLOT_BITS)
"""Octets of a file."""

_START = 4096
"""Of the weights: a page."""

_MAGIC = b"mailfilter table"
_FIXED = struct.Struct("<16sIIII")
"""Magic, form, version of the features, bits of a slot, and whether it was closed in order."""
_CLEAN_AT = 28
_CHANGE_AT = 32
_CHANGE = struct.Struct("<Q")
"""Odd while the state is being written."""
_STATE_AT = 40
_STATE = struct.Struct("<QQQ")
"""Position in the log, messages learned as spam, and as ham."""
_COMBINER_AT = 64

MAX_TRIES = 100
"""How often a reader looks again at a state that is being written."""


class BadTable(Exception):
    """A file that is no table, or not one that can be used; the text says why."""


class State(NamedTuple):
    """What a table has learned."""

    position: int
    """Of the last event in the log."""
    spam: int
    ham: int
    """Messages."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file it is: another one under the same name has another."""

    device: int
    inode: int


class Table:
    """A file of weights in memory."""

    def __init__(self, path: Path, mapped: mmap.mmap, identity: Identity) -> None:
        self.path = path
        self.identity = identity
        self._mapped = mapped
        shape = (1 << SLOT_BITS, 4)
        self.columns: Columns = np.ndarray(shape, np.float32, mapped, _START)
        self._combiner = np.ndarray((8,), np.float64, mapped, _COMBINER_AT)

    @classmethod
    def to_read(cls, path: Path) -> Self:
        """Map a file that another process may be writing. Raises BadTable, OSError."""
        return cls._open(path, is_writer=False)

    @classmethod
    def to_write(cls, path: Path) -> Self:
        """Map a file to learn with it. Raises BadTable, also if its last writer did not close it.

        Raises OSError.
        """
        table = cls._open(path, is_writer=True)
        if not table.is_clean:
            table.close()
            raise BadTable(f"{path} was not closed by who wrote it")
        table.set_clean(is_clean=False)
        return table

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a file that has learned nothing, and map it to learn. Raises OSError."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "r+b") as opened:
            os.posix_fallocate(descriptor, 0, SIZE)
            opened.write(_FIXED.pack(_MAGIC, FORM, features.VERSION, SLOT_BITS, 0))
            opened.seek(_COMBINER_AT)
            opened.write(new_combiner().tobytes())
            opened.flush()
            status = os.fstat(descriptor)
            mapped = mmap.mmap(descriptor, SIZE)
        return cls(path, mapped, Identity(status.st_dev, status.st_ino))

    @classmethod
    def _open(cls, path: Path, *, is_writer: bool) -> Self:
        flags = os.O_RDWR if is_writer else os.O_RDONLY
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
        with open(descriptor, "r+b" if is_writer else "rb") as opened:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadTable(f"{path} is no regular file")
            if status.st_size != SIZE:
                raise BadTable(f"{path} has {status.st_size} octets, expected {SIZE}")
            fixed = opened.read(_FIXED.size)
            access = mmap.ACCESS_WRITE if is_writer else mmap.ACCESS_READ
            mapped = mmap.mmap(descriptor, SIZE, access=access)
        _check(path, fixed)
        return cls(path, mapped, Identity(status.st_dev, status.st_ino))

    @property
    def is_clean(self) -> bool:
        """Whether the last who wrote it has closed it."""
        return self._mapped[_CLEAN_AT] == 1

    def set_clean(self, *, is_clean: bool) -> None:
        """Say whether the file is as its writer left it; `to_write` and `finish` do."""
        self._mapped[_CLEAN_AT] = int(is_clean)
        self._mapped.flush(0, _START)

    def state(self) -> State:
        """How much it has learned."""
        return self._read()[0]

    def model(self) -> Model:
        """The model as it is now: weights go on changing, its factors do not."""
        return Model(self.columns, self._read()[1])

    def _read(self) -> tuple[State, "np.typing.NDArray[np.float64]"]:
        for _ in range(MAX_TRIES):
            (before,) = _CHANGE.unpack_from(self._mapped, _CHANGE_AT)
            found = State(*_STATE.unpack_from(self._mapped, _STATE_AT)), self._combiner.copy()
            (after,) = _CHANGE.unpack_from(self._mapped, _CHANGE_AT)
            if before == after and not before & 1:
                break
        # A writer that died within leaves it odd: then the file is not clean, and is made anew.
        return found

    def write(self, state: State, combiner: "np.typing.NDArray[np.float64]") -> None:
        """Tell how much has been learned; for who writes."""
        (change,) = _CHANGE.unpack_from(self._mapped, _CHANGE_AT)
        _CHANGE.pack_into(self._mapped, _CHANGE_AT, change | 1)
        _STATE.pack_into(self._mapped, _STATE_AT, *state)
        self._combiner[:] = combiner
        _CHANGE.pack_into(self._mapped, _CHANGE_AT, (change | 1) + 1)

    def finish(self) -> None:
        """Write everything to disk and mark the file as closed in order; for who writes."""
        self._mapped.flush()
        self.set_clean(is_clean=True)

    def close(self) -> None:
        """Unmap the file, as soon as nobody holds a model of it."""
        del self.columns, self._combiner
        self._mapped.close()


def _check(path: Path, fixed: bytes) -> None:
    """Raises BadTable."""
    magic, form, version, bits, _clean = _FIXED.unpack(fixed)
    if magic != _MAGIC:
        raise BadTable(f"{path} is no table of a classifier")
    expected = (FORM, features.VERSION, SLOT_BITS)
    if (form, version, bits) != expected:
        raise BadTable(
            f"{path} is of another version: form, features and bits are"
            f" {form}, {version}, {bits}, expected {', '.join(map(str, expected))}"
        )
