"""Follows the log of what is to be learned, in every process that scans.

One process of a machine writes the table that all of its processes read: the one that has a lock,
which ends with that process. A table that was not closed in order, is damaged, or is gone, is made
anew from the log; scans go on without it.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..classifier.home import Damaged, Home, Written
from ..classifier.rebuild import Rebuild, read_snapshot, snapshot_of
from ..classifier.shared import Shared
from ..classifier.table import BadTable, Table
from ..report.learning_log import LOG, TOPIC
from ..store.base import (
    LogAcknowledge,
    LogRead,
    LogTrim,
    Snapshot,
    SnapshotGet,
    SnapshotPut,
    Store,
)
from ..store.errors import StoreError

SECONDS = 1.0
"""Between two looks at what there is to learn, if nobody says that there is something."""

BATCH = 200
"""Entries that are learned at a time, some 20 ms in a thread."""

log = Logger()

Aside = Callable[[Callable[[], Any]], "Deferred[Any]"]
"""Does work in a thread."""


class Learner:
    """One for each process."""

    def __init__(
        self,
        clock: IReactorTime,
        store: Store,
        directory: str,
        name: str,
        shared: Shared,
        alarm: Callable[[str], None],
        aside: Aside,
    ) -> None:
        """`name` is that of the machine, among all that use the same store."""
        self._clock = clock
        self._store = store
        self._home = Home(Path(directory))
        self._name = name.encode()
        self._shared = shared
        self._alarm = alarm
        self._aside = aside
        self._lock: int | None = None
        self._written: Written | None = None
        self._told = ""
        self._running: Deferred[None] | None = None
        self._pause: Deferred[None] | None = None
        self._is_nudged = self._is_ending = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Begin to follow the log."""
        self._unsubscribe = self._store.subscribe(TOPIC, lambda _value: self.nudge())
        self._running = Deferred.fromCoroutine(self._run())

    def nudge(self) -> None:
        """There is something to learn."""
        self._is_nudged = True
        if self._pause is not None:
            pause, self._pause = self._pause, None
            pause.callback(None)

    async def close(self) -> None:
        """Leave the table as the next process wants to find it."""
        if self._running is None or self._is_ending:
            return
        self._is_ending = True
        self._unsubscribe()
        self.nudge()
        await self._running
        if self._written is not None:
            await self._aside(partial(self._home.finish, self._written))
        if self._lock is not None:
            os.close(self._lock)

    async def _run(self) -> None:
        while not self._is_ending:
            self._is_nudged = False
            try:
                await self._turn()
            except StoreError:
                # The store has said so; the log can wait.
                pass
            except OSError as error:
                self._tell(f"the classifier's table cannot be used: {error}")
            except Exception:
                log.failure("the classifier cannot follow its log")
            if not self._is_nudged:
                await self._wait()

    async def _wait(self) -> None:
        self._pause = Deferred()
        timer = self._clock.callLater(SECONDS, self.nudge)
        await self._pause
        if timer.active():
            timer.cancel()

    async def _turn(self) -> None:
        """Write, if that is ours to do, else read what another has written."""
        if self._lock is None:
            self._lock = self._home.lock()
        if self._lock is None:
            self._look()
            return
        if self._written is None:
            await self._take_over()
        while self._written is not None and not self._is_ending and await self._follow():
            pass

    def _look(self) -> None:
        """Read the table that there is now."""
        table = self._shared.table
        identity = self._home.identity()
        if identity is None or (table is not None and table.identity == identity):
            return
        try:
            self._shared.table = Table.to_read(self._home.table)
        except (BadTable, OSError) as error:
            self._tell(str(error))

    async def _take_over(self) -> None:
        """Go on with the table that there is, or make one."""
        try:
            self._written = await self._aside(self._home.take_over)
        except BadTable as error:
            if self._home.identity() is not None:
                self._tell(f"{error}; it is made anew from the log")
            await self._make_anew()
        else:
            self._look()

    async def _follow(self) -> bool:
        """Learn some entries of the log; whether there were any."""
        written = self._written
        assert written is not None
        if written.is_snapshot_due:
            await self._keep_snapshot(written)
        after = written.ledger.position
        entries = await self._read(after)
        if not entries:
            return False
        if entries[0][0] != after + 1:
            # The log was trimmed there: others have gone on without us.
            await self._make_anew()
            return True
        self._tell_damaged(await self._aside(partial(written.follow, entries)))
        await self._store.do(LogAcknowledge(LOG, self._name, written.ledger.position))
        if written.is_outdated:
            await self._make_anew()
        return True

    async def _make_anew(self) -> None:
        """A new table takes the place of that which there is."""
        snapshot = await self._store.do(SnapshotGet(LOG))
        base = None
        if snapshot is not None:
            base = await self._aside(partial(read_snapshot, snapshot.data))
        rebuild = Rebuild(base)
        async for entries in self._all(rebuild.start):
            await self._aside(partial(rebuild.look, entries))
        table = await self._aside(self._home.anew)
        written = await self._aside(partial(rebuild.begin, table))
        async for entries in self._all(rebuild.start):
            self._tell_damaged(await self._aside(partial(rebuild.teach, entries)))
            if written.is_outdated or written.is_snapshot_due:
                break
        self._home.show(table)
        self._written = written
        self._look()

    async def _all(self, after: int) -> AsyncIterator[list[tuple[int, bytes]]]:
        while entries := await self._read(after):
            yield entries
            after = entries[-1][0]

    async def _read(self, after: int) -> list[tuple[int, bytes]]:
        found = await self._store.do(LogRead(LOG, after, BATCH))
        return [(entry.position, entry.data) for entry in found]

    async def _keep_snapshot(self, written: Written) -> None:
        data = await self._aside(partial(snapshot_of, written))
        await self._store.do(SnapshotPut(LOG, Snapshot(written.ledger.position, data)))
        await self._store.do(LogTrim(LOG))

    def _tell_damaged(self, damaged: Sequence[Damaged]) -> None:
        for entry in damaged:
            self._tell(f"entry {entry.position} of what is to be learned: {entry.text}")

    def _tell(self, text: str) -> None:
        """Raise an alarm, but not the same one each second."""
        if text != self._told:
            self._told = text
            self._alarm(text)
