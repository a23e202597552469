"""Making a table anew from a snapshot and the log, which is read twice: in between it is known
which events still hold."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from backports import zstd

from .event import Event, Learn
from .home import Damaged, Written, events_of
from .ledger import Ledger, dump, load
from .pupil import made_anew
from .table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 3

MAX_OCTETS = 2**26
"""Of a snapshot that is unpacked."""


class Base(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot holds."""

    columns: bytes
    combiner: bytes
    ledger: bytes


def snapshot_of(written: Written) -> bytes:
    """A table and its ledger as octets."""
    combiner = written.pupil.model.combiner
    base = Base(written.table.columns.tobytes(), combiner.tobytes(), dump(written.ledger))
    return zstd.compress(msgspec.msgpack.encode(base), LEVEL)


def read_snapshot(data: bytes) -> Base:
    """What `snapshot_of` made. Raises ValueError."""
    try:
        # What was packed tells its size; more than that is nothing of ours.
        size = zstd.get_frame_info(data).decompressed_size
        if size is None or size > MAX_OCTETS:
            raise ValueError(f"a snapshot of {size} octets, expected at most {MAX_OCTETS}")
        return msgspec.msgpack.decode(zstd.decompress(data), type=Base)
    except (zstd.ZstdError, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from None


class Rebuild:
    """First `look` at the whole log, then `begin`, then `teach` the whole log."""

    def __init__(self, base: Base | None = None) -> None:
        """Raises ValueError if the base is no good."""
        self._base = base
        self._before = self._first_ledger()
        self._then = self._first_ledger()
        self._seen: list[tuple[int, Event]] = []
        self._made_at = 0
        self._written: Written | None = None

    def _first_ledger(self) -> Ledger:
        try:
            return Ledger() if self._base is None else load(self._base.ledger)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from None

    @property
    def start(self) -> int:
        """The position behind which the log is read."""
        return self._before.position

    def look(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Note what the log says, without what it says it about."""
        for position, event in events_of(entries):
            if isinstance(event, Learn):
                event = msgspec.structs.replace(event, text=b"", rest=b"")
            self._seen.append((position, event))

    def begin(self, table: Table) -> Written:
        """Make a new table what the snapshot says. Raises ValueError."""
        last = self._first_ledger()
        for position, event in self._seen:
            last.take(position, event)
        self._made_at = last.made_at
        for position, event in self._seen:
            if position <= self._made_at:
                self._then.take(position, event)
        self._seen.clear()
        if self._base is not None:
            table.columns[:] = _array(self._base.columns, np.float32, table.columns.shape)
            table.write(table.state(), _array(self._base.combiner, np.float64, (8,)))
        self._written = Written(table, self._then)
        return self._written

    def teach(self, entries: Iterable[tuple[int, bytes]]) -> list[Damaged]:
        """Teach the table what holds, and behind the last time that it was made anew, whatever
        is said."""
        written = self._written
        if written is None:
            raise RuntimeError("a table is taught before it began")
        known = list(entries)
        old = [entry for entry in known if entry[0] <= self._made_at]
        made_anew(written.pupil.model, self._before, self._then, events_of(old))
        return written.follow(known[len(old) :])


def _array(data: bytes, kind: type, shape: tuple[int, ...]) -> "NDArray[np.float64]":
    return np.frombuffer(data, kind).reshape(shape)
