"""The files of a classifier in the state directory. Everything here blocks."""

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from .event import Event, decode
from .ledger import EPOCH, Ledger, dump, load
from .pupil import Pupil
from .table import BadTable, Identity, State, Table


class Damaged(NamedTuple):
    """An entry of the log that cannot be read."""

    position: int
    text: str


class Written:
    """A table that learns, and the ledger of what it has learned."""

    def __init__(self, table: Table, ledger: Ledger) -> None:
        self.table = table
        self.pupil = Pupil(table.model(), ledger)
        self._made_at = ledger.made_at

    @property
    def ledger(self) -> Ledger:
        """What has been learned."""
        return self.pupil.ledger

    def follow(self, entries: Iterable[tuple[int, bytes]]) -> list[Damaged]:
        """Learn what entries of the log say, up to one behind which something else is due."""
        damaged = []
        for position, data in entries:
            try:
                self.pupil.take(position, decode(data))
            except (msgspec.MsgspecError, ValueError) as error:
                self.ledger.position = max(self.ledger.position, position)
                damaged.append(Damaged(position, str(error)))
            if self.is_outdated or self.is_snapshot_due:
                break
        self.tell()
        return damaged

    @property
    def is_outdated(self) -> bool:
        """Whether the table must be made anew before it learns more."""
        return self.ledger.made_at != self._made_at

    @property
    def is_snapshot_due(self) -> bool:
        """Whether a snapshot must be kept before the table learns more."""
        return self.ledger.position > 0 and self.ledger.position % EPOCH == 0

    def tell(self) -> None:
        """Show readers how much has been learned."""
        ledger = self.ledger
        state = State(ledger.position, ledger.counts.spam, ledger.counts.ham)
        self.table.write(state, self.pupil.model.combiner)


def events_of(entries: Iterable[tuple[int, bytes]]) -> list[tuple[int, Event]]:
    """What entries of the log say; those that cannot be read say nothing."""
    found = []
    for position, data in entries:
        with suppress(msgspec.MsgspecError):
            found.append((position, decode(data)))
    return found


class Home:
    """The files."""

    def __init__(self, directory: Path) -> None:
        self.table = directory / "classifier.table"
        self._new = directory / "classifier.table.new"
        self._ledger = directory / "classifier.ledger"
        self._lock = directory / "classifier.lock"

    def lock(self) -> int | None:
        """The descriptor of a lock that one process of a machine has, or none. Raises OSError."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def identity(self) -> Identity | None:
        """Which table there is now."""
        try:
            status = os.stat(self.table)
        except OSError:
            return None
        return Identity(status.st_dev, status.st_ino)

    def take_over(self) -> Written:
        """The table to go on with. Raises BadTable if there is none that can be trusted."""
        try:
            table = Table.to_write(self.table)
        except OSError as error:
            raise BadTable(f"{self.table}: {error.strerror}") from None
        try:
            ledger = load(self._ledger.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            table.close()
            raise BadTable(f"{self._ledger}: {error}") from None
        if table.state().position != ledger.position:
            table.close()
            raise BadTable(f"{self.table} and {self._ledger.name} do not belong together")
        return Written(table, ledger)

    def anew(self) -> Table:
        """A table that nobody sees yet, and that has learned nothing. Raises OSError."""
        with suppress(FileNotFoundError):
            self._new.unlink()
        return Table.create(self._new)

    def show(self, table: Table) -> None:
        """Put a table that `anew` made in the place of the one before. Raises OSError."""
        self._new.rename(self.table)
        table.path = self.table

    def finish(self, written: Written) -> None:
        """Keep everything for the next who learns. Raises OSError."""
        new = self._ledger.with_suffix(".ledger.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as opened:
            opened.write(dump(written.ledger))
            opened.flush()
            os.fsync(descriptor)
        new.rename(self._ledger)
        written.table.finish()
