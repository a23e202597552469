"""The history: scans are remembered in the store, a while after their reply.

A scan costs its connection only a place in a queue. Its row is made in the reactor's next turn,
with those of the other scans of its turn: then rows never fall behind scans, and nobody waits for
many of them. Rows are stored together. While the store is away they wait in memory, up to the
bounds of `history_queue`; the oldest go first, and are counted.

Rows are neither lost nor doubled where the store says what it has done. After a time-out nobody
knows; then the last row of the call is looked for before the call is made again, since a call is
carried out as a whole or not at all. One that arrives later still doubles its rows, which those
who read the history see by their ids.
"""

from collections.abc import Callable
from secrets import token_bytes
from time import time

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config.model import HistorySettings
from ..scan.envelope import Envelope
from ..scan.verdict import Verdict
from ..store.base import HistoryAdd, HistoryGet, Limits, PutIfAbsent, Row, Store
from ..store.calls.bounds import parts
from ..store.errors import StoreError, TimedOut, TooLarge, Unavailable
from .history_queue import Queue, Waiting
from .history_row import HISTORY
from .history_trouble import Complaints
from .in_time import in_time
from .privacy import SECRET, SECRET_OCTETS, Hasher, Masks

FLUSH_SECONDS = 0.5
"""After the first scan that waits: what `mailfilteradm history` shows is as old as this."""

FLUSH_ROWS = 200
"""So many are stored at once, and as soon as they wait."""

ROWS_A_TURN = 25
"""Rows made in one turn of the reactor where many wait to be made, since the secret was not there:
about one millisecond."""

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""After failures in a row; the last goes on."""

log = Logger()


class Recorder:
    """An observer of scans (see `scan.run.Scanner`) that stores them.

    `count` counts one, by name: `history/dropped` for each scan that could not be remembered.
    """

    def __init__(
        self,
        store: Store,
        settings: HistorySettings,
        clock: IReactorTime,
        count: Callable[[str], None] = lambda _name: None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._count = count
        self._wall_clock = wall_clock
        self._limits = Limits(settings.rows, settings.age, settings.size)
        self._secret = b""
        self._masks: Masks | None = None
        self._queue = Queue()
        self._fresh: list[Waiting] = []
        """Whose rows are to be made in the next turn."""
        self._making: IDelayedCall | None = None
        self._timer: IDelayedCall | None = None
        self._flushing: Deferred[None] | None = None
        self._doubtful: list[Waiting] = []
        """The rows of a call of which nobody knows whether it was carried out."""
        self._failures = 0
        self._bad_rows = Complaints(clock, "a scan cannot be told")
        self._bad_batches = Complaints(clock, "scans cannot be stored")
        self._untold = 0
        """Scans that were dropped since the log told of any."""
        self._is_stopping = False

    def __call__(self, envelope: Envelope, verdict: Verdict) -> None:
        """Remember a scan, unless there was none, or its client wants no trace of it."""
        if verdict.is_skipped or "no_log" in envelope.flags or self._is_stopping:
            return
        item = Waiting(envelope, verdict, self._wall_clock())
        self._drop(self._queue.add(item))
        if self._masks is not None:
            self._fresh.append(item)
            if self._making is None:
                self._making = self._clock.callLater(0.0, self._make_fresh)
        if self._flushing is None and not self._failures and len(self._queue) == FLUSH_ROWS:
            self._schedule(0.0)
        elif self._timer is None and self._flushing is None:
            self._schedule(FLUSH_SECONDS)

    @property
    def waiting(self) -> int:
        """Scans that are not stored yet."""
        return len(self._queue)

    async def stop(self, seconds: float) -> None:
        """Store what waits, within so many seconds; what is left then is dropped and counted."""
        self._is_stopping = True
        for timer in (self._timer, self._making):
            if timer is not None:
                timer.cancel()
        self._timer = self._making = None
        await in_time(self._clock, self._store_rest(), seconds)
        self._drop(self._queue.clear())
        self._tell_dropped()

    async def _store_rest(self) -> None:
        if self._flushing is not None:
            await self._flushing
        while self._queue:
            if not await self._flush():
                await deferLater(self._clock, RETRY_SECONDS[0])

    def _schedule(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.callLater(seconds, self._start)

    def _start(self) -> None:
        self._timer = None
        flushing = Deferred.fromCoroutine(self._run())
        if not flushing.called:
            self._flushing = flushing

    async def _run(self) -> None:
        """Store what waits, until little does or the store fails; then see when to go on."""
        try:
            while await self._flush() and len(self._queue) >= FLUSH_ROWS:
                pass
        finally:
            self._flushing = None
        if self._queue and not self._is_stopping:
            retry = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1]
            self._schedule(retry if self._failures else FLUSH_SECONDS)

    async def _flush(self) -> bool:
        """Store the oldest of what waits; false if the store fails, which it tells itself."""
        batch: list[Waiting] = []
        try:
            masks = await self._get_masks()
            await self._settle_doubt()
            batch = self._queue.first(FLUSH_ROWS)
            for part in parts(await self._rows(batch, masks), lambda pair: pair[1].octets()):
                await self._add([item for item, _row in part], [row for _item, row in part])
        except CancelledError:
            raise
        except Exception as error:
            is_trouble = isinstance(error, StoreError) and not isinstance(error, TooLarge)
            if not is_trouble:
                self._bad_batches.add(Failure())
            if is_trouble or not batch:
                self._failures += 1
                return False
            self._give_up(batch)
        self._failures = 0
        self._tell_dropped()
        return True

    def _give_up(self, batch: list[Waiting]) -> None:
        """Never again with these: whatever is wrong with them would stop all others."""
        self._drop(sum(item.is_queued for item in batch))
        self._queue.remove(batch)

    async def _rows(self, batch: list[Waiting], masks: Masks) -> list[tuple[Waiting, Row]]:
        """What waits with its rows; most of them have been made before."""
        rows = []
        made = 0
        for item in batch:
            if item.row is None:
                made += 1
                self._make(item, masks)
                if made % ROWS_A_TURN == 0:
                    await deferLater(self._clock, 0.0)
            if item.row is not None:
                rows.append((item, item.row))
        return rows

    def _make_fresh(self) -> None:
        self._making = None
        fresh, self._fresh = self._fresh, []
        for item in fresh:
            if self._masks is not None and item.is_queued:
                self._make(item, self._masks)

    def _make(self, item: Waiting, masks: Masks) -> None:
        """Make a row; of a scan that has none nothing waits any longer."""
        try:
            self._queue.make_row(item, masks)
        except Exception:
            self._queue.discard(item)
            self._drop(1)
            self._bad_rows.add(Failure())

    async def _add(self, items: list[Waiting], rows: list[Row]) -> None:
        """Add the rows of one call."""
        try:
            await self._store.do(HistoryAdd(HISTORY, rows, self._limits))
        except (TimedOut, Unavailable):
            self._doubtful = items
            raise
        self._queue.remove(items)

    async def _settle_doubt(self) -> None:
        """Look whether a call was carried out that nobody has answered."""
        if not self._doubtful:
            return
        last = self._doubtful[-1].row
        if last is not None and await self._store.do(HistoryGet(HISTORY, last.row_id)) is not None:
            self._queue.remove(self._doubtful)
        self._doubtful = []

    async def _get_masks(self) -> Masks:
        # Each time: a store that has lost all it had would leave rows that nobody can find.
        secret = self._secret or token_bytes(SECRET_OCTETS)
        known = await self._store.do(PutIfAbsent(SECRET, secret))
        secret = secret if known is None else known
        if self._masks is None or secret != self._secret:
            self._secret = secret
            self._masks = Masks(self._settings, Hasher(secret))
        return self._masks

    def _drop(self, dropped: int) -> None:
        self._untold += dropped
        for _ in range(dropped):
            self._count("history/dropped")

    def _tell_dropped(self) -> None:
        """Once trouble is over, or we are; while it lasts the store tells of it."""
        if self._untold:
            log.warn("history: {count} scans are not remembered", count=self._untold)
            self._untold = 0
