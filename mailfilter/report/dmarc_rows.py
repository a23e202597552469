"""Collects rows of DMARC aggregate reports: an observer of scans, which stores what is told.

A scan costs its connection only a place in a queue. A while later rows are made, a few in a turn
of the reactor; those that are alike are counted together, and added to the store. While the store
is away they wait in memory, up to a bound; beyond it messages are not told, and counted.

Rows are neither lost nor doubled where the store says what it has done. After a time-out their
numbers are read before they are added again.
"""

from collections import deque
from collections.abc import Callable
from time import time
from typing import NamedTuple

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..config.model import DmarcReports
from ..scan.envelope import Envelope, IPAddress
from ..scan.networks import Networks
from ..scan.verdict import Action, AuthResult, Verdict
from ..store.base import Store
from ..store.errors import StoreError, TooLarge
from .dmarc_day import Batch, Counted, DayBook, day_of
from .dmarc_row import Told, told, wanted
from .in_time import in_time

FLUSH_SECONDS = 10.0
"""After the first message that waits."""

MESSAGES_A_TURN = 25
"""Of which rows are made in one turn of the reactor: about one millisecond."""

MAX_WAITING = 2000
"""Messages of which no row is made yet."""

MAX_ROWS = 5000
"""Different rows that wait for the store."""

RETRY_SECONDS = 10.0
"""After the store has failed."""

QUIET_SECONDS = 600.0
"""Between two lines of the log on such messages."""

DROPPED = "dmarc/dropped"
"""What counts messages that no report will tell."""

log = Logger()


class _Waiting(NamedTuple):
    """What is needed of a message."""

    results: tuple[AuthResult, ...]
    client_ip: IPAddress | None
    sender: str | None
    action: Action
    at: float


class DmarcRows:
    """An observer of scans (see `scan.run.Scanner`).

    `relays` are hosts of ours that pass on mail of others. `count` counts one, by name.
    """

    def __init__(
        self,
        store: Store,
        settings: DmarcReports,
        relays: Networks,
        clock: IReactorTime,
        count: Callable[[str], None] = lambda _name: None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._book = DayBook(store, settings)
        self._skipped = skipped_domains(settings)
        self._address = settings.address.lower()
        self._relays = relays
        self._clock = clock
        self._count = count
        self._wall_clock = wall_clock
        self._messages: deque[_Waiting] = deque()
        self._fresh: dict[tuple[str, str], Batch] = {}
        """By day and domain; what is counted is added to these."""
        self._batches: deque[Batch] = deque()
        """On their way into the store."""
        self._rows = 0
        """Of all that wait for the store."""
        self._timer: IDelayedCall | None = None
        self._flushing: Deferred[None] | None = None
        self._untold = 0
        self._told: float | None = None
        self._is_stopping = False

    def __call__(self, envelope: Envelope, verdict: Verdict) -> None:
        """Count a message, if its domain wants to know."""
        if verdict.is_skipped or self._is_stopping or wanted(verdict.auth_results) is None:
            return
        if self._is_report(envelope):
            return
        if len(self._messages) >= MAX_WAITING:
            self._drop(1)
            return
        ip = None if envelope.client_ip in self._relays else envelope.client_ip
        item = _Waiting(
            verdict.auth_results, ip, envelope.sender, verdict.action, self._wall_clock()
        )
        self._messages.append(item)
        if self._timer is None and self._flushing is None:
            self._schedule(FLUSH_SECONDS)

    def _is_report(self, envelope: Envelope) -> bool:
        """Whether it is for the mailbox of reports alone: two sites that tell each other of their
        reports would never end."""
        found = envelope.recipients
        return len(found) == 1 and found[0].address.lower() == self._address

    @property
    def waiting(self) -> int:
        """Messages, and rows of them, that are not stored yet."""
        return len(self._messages) + self._rows

    async def stop(self, seconds: float) -> None:
        """Store what waits, within so many seconds; what is left then is lost, and counted."""
        self._is_stopping = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await in_time(self._clock, self._store_rest(), seconds)
        left = (*self._batches, *self._fresh.values())
        self._drop(len(self._messages))
        self._drop(sum(_messages(batch) for batch in left))
        self._tell_dropped()

    async def _store_rest(self) -> None:
        if self._flushing is not None:
            await self._flushing
        while self.waiting and not await self._flush():
            await deferLater(self._clock, 1.0)

    def _schedule(self, seconds: float) -> None:
        self._timer = self._clock.callLater(seconds, self._start)

    def _start(self) -> None:
        self._timer = None
        flushing = Deferred.fromCoroutine(self._run())
        if not flushing.called:
            self._flushing = flushing

    async def _run(self) -> None:
        is_well = False
        try:
            is_well = await self._flush()
        finally:
            self._flushing = None
        if self.waiting and not self._is_stopping:
            self._schedule(FLUSH_SECONDS if is_well else RETRY_SECONDS)

    async def _flush(self) -> bool:
        """Store all that waits; false if the store fails, which it tells itself."""
        await self._make_rows()
        self._batches += self._fresh.values()
        self._fresh = {}
        while self._batches:
            batch = self._batches[0]
            before = len(batch.rows)
            try:
                self._drop(await self._book.add(batch, self._wall_clock()))
            except StoreError as error:
                if not isinstance(error, TooLarge):
                    return False
                self._give_up(batch)
            except CancelledError:
                raise
            except Exception:
                log.failure("rows of DMARC reports cannot be stored", Failure())
                self._give_up(batch)
            finally:
                self._rows -= before - len(batch.rows)
            self._batches.popleft()
        self._tell_dropped()
        return True

    def _give_up(self, batch: Batch) -> None:
        """Never again with these: whatever is wrong with them would stop all others."""
        self._drop(_messages(batch))
        batch.rows.clear()

    async def _make_rows(self) -> None:
        made = 0
        broken: Failure | None = None
        while self._messages:
            item = self._messages.popleft()
            try:
                found = told(item.results, item.client_ip, item.sender, item.action)
            except Exception:
                broken = broken or Failure()
                self._drop(1)
                continue
            if found is not None and not is_below(found.policy.domain, self._skipped):
                self._add(found, day_of(item.at))
            made += 1
            if made % MESSAGES_A_TURN == 0:
                await deferLater(self._clock, 0.0)
        if broken is not None:
            log.failure("rows of DMARC reports cannot be made", broken)

    def _add(self, found: Told, day: str) -> None:
        where = day, found.policy.domain
        batch = self._fresh.get(where)
        if (batch is None or found.row not in batch.rows) and self._rows >= MAX_ROWS:
            self._drop(1)
            return
        if batch is None:
            batch = self._fresh[where] = Batch(day, found.policy)
        batch.policy = found.policy
        if found.row not in batch.rows:
            batch.rows[found.row] = Counted()
            self._rows += 1
        counted = batch.rows[found.row]
        counted.messages += 1
        counted.accepted += found.is_accepted

    def _drop(self, dropped: int) -> None:
        self._untold += dropped
        for _ in range(dropped):
            self._count(DROPPED)

    def _tell_dropped(self) -> None:
        """Seldom: on a day that has no room left there is more to tell all the time."""
        now = self._clock.seconds()
        is_soon = self._told is not None and now - self._told < QUIET_SECONDS
        if self._untold and (self._is_stopping or not is_soon):
            log.warn("DMARC reports will not tell of {count} messages", count=self._untold)
            self._untold, self._told = 0, now


def _messages(batch: Batch) -> int:
    """Those of which no report will tell if the batch is given up."""
    return batch.lost + sum(item.messages for item in batch.rows.values())


def skipped_domains(settings: DmarcReports) -> frozenset[str]:
    """Domains that get no report: those of the configuration, and our own."""
    own = settings.address.rpartition("@")[2]
    names = (*settings.skip_domains, own)
    return frozenset(name.strip(".").lower() for name in names if name)


def is_below(domain: str, names: frozenset[str]) -> bool:
    """Whether a domain is one of these, or below one."""
    while domain:
        if domain in names:
            return True
        domain = domain.partition(".")[2]
    return False
