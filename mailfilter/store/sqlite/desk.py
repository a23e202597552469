"""What a thread does its calls with: a connection, and whether they go into a transaction."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence

from ...config.model import CROWDED
from ..errors import Corrupt, Full, StoreError, Unavailable
from .failures import named
from .files import COMPANIONS, Companions, companions, end_turn, wait_for_turn
from .handlers import HANDLERS
from .lane import Pending
from .opening import Opening
from .upkeep import make_room

_KEEPS_CONNECTION = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_TOOBIG})
"""Errors after which the file need not be opened anew."""
_OF_ONE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_TOOBIG,
    }
)
"""Errors of one call: the others of its transaction can be carried out without it."""


OVERHEAD = 1.5
"""What a write takes in the file, for each octet of its values."""
LEFT = 0.3
"""Part of the size that stays in use, however large a write is."""


ROUNDS = 10
"""Steps of making room, at most."""


class Desk:
    """Belongs to one thread, which opens its connection when it is first needed."""

    def __init__(self, opening: Opening, evicted: Callable[[int], None] | None) -> None:
        """`evicted` hears how many things went before their time; without it none go."""
        self._opening = opening
        self._evicted = evicted
        self._db: sqlite3.Connection | None = None
        self._epoch = 0
        self._turn: int | None = None
        self._is_full_sync = False
        self._companions: Companions | None = None

    def read(self, batch: Sequence[Pending]) -> None:
        """Carry out calls that change nothing; an empty batch is the end."""
        self._each(batch) if batch else self._close()

    def write(self, batch: Sequence[Pending]) -> None:
        """Carry out calls in one transaction: with one sync for all, where there is any."""
        if not batch:
            self._close()
            return
        waiting = [pending for pending in batch if not pending.is_dropped]
        steps = self._making_room(waiting)
        while waiting:
            failed = self._try_together(waiting)
            if failed is not None:
                # What it had done was taken back with all else; the others begin again.
                waiting = [pending for pending in waiting if pending is not failed]
                continue
            if not isinstance(waiting[0].error, Full):
                return
            if not next(steps, False):
                self._try_alone(waiting)
                return
            for pending in waiting:
                pending.error = None

    def mixed(self, batch: Sequence[Pending]) -> None:
        """Carry out calls of both kinds, one by one."""
        if not batch:
            self._close()
            return
        for pending in batch:
            (self.write if pending.call.is_write else self.read)([pending])

    def _each(self, batch: Sequence[Pending]) -> None:
        for pending in batch:
            if pending.is_dropped:
                continue
            try:
                db = self._connection()
                handler = HANDLERS[type(pending.call)]
                if pending.call.is_slow:
                    db.execute("BEGIN")
                pending.result = handler(db, self._opening.clock.now(), pending.call)
                if pending.call.is_slow:
                    db.execute("COMMIT")
            except Exception as error:
                pending.error = self._failure(error)

    def _try_together(self, batch: Sequence[Pending]) -> Pending | None:
        """One transaction; the answer is the call that must be left out for it to succeed."""
        current: Pending | None = None
        try:
            db = self._begin(is_durable=any(pending.call.is_durable for pending in batch))
            now = self._opening.clock.now()
            for current in batch:
                # The turn may have been long in coming.
                if not current.is_dropped:
                    current.result = HANDLERS[type(current.call)](db, now, current.call)
            current = None
            db.execute("COMMIT")
        except Exception as error:
            failure = self._failure(error)
            if current is None or _is_of_all(error):
                for pending in batch:
                    pending.error = failure
                return None
            current.error = failure
            return current
        finally:
            self._end_turn()
        return None

    def _try_alone(self, batch: Sequence[Pending]) -> None:
        """There is no space for all: perhaps there is for those that are small."""
        if len(batch) > 1:
            for pending in batch:
                pending.error = None
                self._try_together([pending])

    def _making_room(self, waiting: Sequence[Pending]) -> Iterator[bool]:
        """Make room in steps, between which others have their turn; each is worth a try."""
        is_first = True
        for used in self._rooms(waiting):
            for _ in range(ROUNDS):
                evicted = self._make_room(used)
                if evicted is None:
                    return
                if evicted or is_first:
                    yield True
                is_first = False
                if not evicted:
                    break

    def _rooms(self, waiting: Sequence[Pending]) -> Iterator[float]:
        """Parts of the size to leave in use, one after the other, for calls that find no space."""
        yield CROWDED
        need = sum(pending.octets for pending in waiting) * OVERHEAD
        used = 1 - need / self._opening.max_size
        # For what can never fit nothing has to go.
        if LEFT <= used < CROWDED:
            yield used

    def _make_room(self, used: float) -> int | None:
        """One step after a write has found none; how many things went, None if that failed, too.

        `used` is the part of the size that what is left may use.
        """
        try:
            db = self._begin(is_durable=False)
            now = self._opening.clock.now()
            evicted = make_room(db, now, used if self._evicted is not None else 1.0)
            db.execute("COMMIT")
            if self._evicted is not None and evicted:
                self._evicted(evicted)
            # Once all of the log is in the file, its space is used anew.
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except Exception as error:
            self._failure(error)
            return None
        finally:
            self._end_turn()
        return evicted

    def _begin(self, *, is_durable: bool) -> sqlite3.Connection:
        epoch = self._renew()
        if self._opening.spoilt:
            raise Unavailable(self._opening.spoilt)
        if self._turn is None:
            self._turn = self._opening.turn()
        # This may take long: what was true of the file before need not be so afterwards.
        wait_for_turn(self._turn)
        self._opening.look_after(epoch)
        if self._companions is not None:
            self._look_after_companions(self._companions)
        db = self._connection()
        if self._epoch != epoch:
            raise Unavailable(f"{self._opening.path}: the file was opened anew meanwhile")
        if is_durable != self._is_full_sync:
            db.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            self._is_full_sync = is_durable
        db.execute("BEGIN IMMEDIATE")
        return db

    def _look_after_companions(self, known: Companions) -> None:
        """See that what SQLite keeps beside the file is still there. Raises Unavailable."""
        found = companions(self._opening.path)
        if found == known or self._db is None:
            return
        if found[0] is None and not self._opening.spoilt:
            # Nobody has begun a new one: what was in the old one can be saved.
            self._db.execute("PRAGMA wal_checkpoint(FULL)")
        # SQLite would give new connections of this process what the old ones have, while others
        # begin anew: they would spoil each other's work. Only the end of the process ends that.
        self._opening.spoilt = (
            f"{self._opening.path}: {' or '.join(COMPANIONS)} was removed while it was in use, and"
            " what was stored last may be lost; restart the filter"
        )
        raise Unavailable(self._opening.spoilt)

    def _end_turn(self) -> None:
        if self._turn is not None:
            end_turn(self._turn)

    def _connection(self) -> sqlite3.Connection:
        if self._db is not None and self._epoch == self._opening.epoch:
            return self._db
        epoch = self._renew()
        if self._db is None:
            self._db = self._opening.connect(epoch)
            self._is_full_sync = False
            # SQLite opens what is beside the file with the first look into it.
            self._db.execute("SELECT count(*) FROM clock").fetchone()
            self._companions = companions(self._opening.path)
        return self._db

    def _renew(self) -> int:
        """Have the file open, and let go of what belongs to an earlier one; the epoch."""
        epoch = self._opening.open()
        if self._epoch != epoch:
            self._close()
            self._epoch = epoch
        return epoch

    def _failure(self, error: Exception) -> StoreError:
        """Take back what was done, and name what went wrong."""
        db = self._db
        if db is not None:
            if db.in_transaction:
                self._roll_back(db)
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & 0xFF not in _KEEPS_CONNECTION:
                # A file that could not be written, or was away, may need to be opened again.
                self._disconnect()
        failure = named(error, self._opening.path)
        if isinstance(failure, Corrupt):
            self._opening.suspect()
        return failure

    def _roll_back(self, db: sqlite3.Connection) -> None:
        try:
            db.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        self._companions = None
        if db is not None:
            db.close()

    def _close(self) -> None:
        self._disconnect()
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None


def _is_of_all(error: Exception) -> bool:
    """Whether it is no fault of the call that met it: others may not come upon a damaged part."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
        return code not in _OF_ONE
    return isinstance(error, OSError)
