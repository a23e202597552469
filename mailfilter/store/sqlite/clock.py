"""The store's time: milliseconds that go on through restarts, and never back.

Within one boot of the machine it is the kernel's time since boot, which nobody can set, plus an
offset that the file holds; all processes read the same. After another boot only the wall clock
can tell how long the machine was off; if it has gone back since, that counts as no time at all.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class MachineTime:
    """What a machine knows of time; all in seconds."""

    boot_id: Callable[[], str] = _boot_id
    since_boot: Callable[[], float] = _since_boot
    wall: Callable[[], float] = time.time


class StoreTime:
    """Tells the store's time once it was set from a file."""

    def __init__(self, machine: MachineTime) -> None:
        self._machine = machine
        self._offset: int | None = None

    def now(self) -> int:
        """Milliseconds."""
        return int(self._machine.since_boot() * 1000) + (self._offset or 0)

    def set_from(self, db: sqlite3.Connection) -> None:
        """Go on where the file was; within a transaction that writes."""
        boot_id = self._machine.boot_id()
        running = int(self._machine.since_boot() * 1000)
        wall = int(self._machine.wall() * 1000)
        row = db.execute("SELECT boot, offset, seen, wall FROM clock").fetchone()
        if row is None:
            self._offset = wall - running
        elif row[0] == boot_id and (boot_id or running >= row[2] - row[1]):
            # Earlier than what was seen: the machine has been set back to a snapshot. Where boots
            # have no names, one that has run for longer than the last is taken for the same.
            self._offset = max(row[1], row[2] - running)
        else:
            self._offset = row[2] + max(0, wall - row[3]) - running
        self.keep(db)

    def read_from(self, db: sqlite3.Connection) -> None:
        """As the processes have it that write to the file."""
        row = db.execute("SELECT boot, offset, seen FROM clock").fetchone()
        if row is None or row[0] != self._machine.boot_id():
            # Nobody has used it since the machine was started: as late as it was.
            running = int(self._machine.since_boot() * 1000)
            self._offset = (row[2] if row else 0) - running
        else:
            self._offset = row[1]

    def keep(self, db: sqlite3.Connection) -> None:
        """Write down how late it is; within a transaction that writes."""
        values = (self._machine.boot_id(), self._offset or 0, self.now(), self._wall())
        db.execute(
            "REPLACE INTO clock (id, boot, offset, seen, wall) VALUES (1, ?, ?, ?, ?)", values
        )

    def _wall(self) -> int:
        return int(self._machine.wall() * 1000)
