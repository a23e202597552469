"""What was scanned when: counts by step of time, which each process adds to the store.

There are several ranges (`RANGES`), each with steps of its own length. The steps of a block are
one hash in the store, in which each process has a field for all that it knows of the block, and
which expires when the range has moved past it. Whoever reads adds up the fields. Nobody but its
process writes a field, and always as a whole: so none is lost where many write at once, and a
write of which nobody knows whether it was carried out is simply made again. (Adding to common
fields, `HashAdd`, would count such a write twice, and costs three to five times as much.)

While the store is away the blocks wait in memory, no more of them than the range covers.
"""

from collections.abc import Callable, Mapping
from secrets import token_bytes
from time import time

import msgspec
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ..store.base import HashPut, Store
from ..store.errors import StoreError, TooLarge
from .counters import Counters
from .series_steps import RANGES, Range, Step, Steps

TICK_SECONDS = 10.0
"""Between two looks at the counters; what is read of the last hour is as old as that."""

SLOW_SECONDS = 60.0
"""Between two writes of blocks with long steps: so much of them is lost if a process is killed."""

ID_OCTETS = 8

log = Logger()


class _Counted:
    """What the counters said last, to tell what is new."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._last = self._now()

    def _now(self) -> Step:
        counters, prefix = self._counters, "action/"
        sizes = counters.scan_seconds()
        actions = {
            name.removeprefix(prefix): count
            for name, count in counters.values.items()
            if name.startswith(prefix)
        }
        return Step(actions, list(sizes.counts), sizes.total, dict(counters.symbols()))

    def take(self) -> Step:
        """What was counted since this was last called."""
        last, self._last = self._last, self._now()
        now = self._last
        return Step(
            _more(now.actions, last.actions),
            [new - old for new, old in zip(now.times, last.times, strict=True)],
            now.seconds - last.seconds,
            _more(now.symbols, last.symbols),
        )


def _more(new: Mapping[str, int], old: Mapping[str, int]) -> dict[str, int]:
    differences = ((name, count - old.get(name, 0)) for name, count in new.items())
    return {name: count for name, count in differences if count}


class _Block:
    """A block of a range, as this process knows it."""

    def __init__(self, span: Range, start: int) -> None:
        self.span = span
        self.start = start
        # Not of the process: when its clock is set back it begins the same block once more.
        self.field = token_bytes(ID_OCTETS)
        self.steps: Steps = {}
        self.is_dirty = False
        self.written: float | None = None
        """When, by the reactor's clock."""

    @property
    def end(self) -> int:
        return self.start + self.span.block_seconds

    def add(self, at: float, step: Step) -> None:
        index = int(at - self.start) // self.span.step
        if index not in self.steps:
            # Those before are over.
            self.steps = {number: known.cut() for number, known in self.steps.items()}
            self.steps[index] = Step({}, [], 0.0, {})
        self.steps[index].add(step)
        self.is_dirty = True

    def call(self) -> HashPut:
        cut = {number: step.cut() for number, step in self.steps.items()}
        expiry = float(self.span.span + self.span.block_seconds + self.span.step)
        value = {self.field: msgspec.msgpack.encode(cut)}
        return HashPut(self.span.key(self.start), value, expiry)


class SeriesRecorder:
    """Stores what a process counts, as long as it runs.

    `count` counts one, by name: `series/dropped` for each block that could not be stored.
    """

    def __init__(
        self,
        store: Store,
        counters: Counters,
        clock: IReactorTime,
        count: Callable[[str], None] = lambda _name: None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        self._store = store
        self._counted = _Counted(counters)
        self._clock = clock
        self._count = count
        self._wall_clock = wall_clock
        self._blocks: dict[tuple[str, int], _Block] = {}
        self._timer: IDelayedCall | None = None
        self._writing: Deferred[None] | None = None
        self._since = 0.0

    @property
    def waiting(self) -> int:
        """Blocks that are not stored as they are."""
        return sum(block.is_dirty for block in self._blocks.values())

    def start(self) -> None:
        """Begin to look at the counters, at full tens of seconds."""
        self._since = self._wall_clock()
        self._schedule()

    async def stop(self, seconds: float) -> None:
        """Store what is left, within so many seconds."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        rest = Deferred.fromCoroutine(self._store_rest())
        rest.addTimeout(seconds, self._clock)
        try:
            await rest
        except (TimeoutError, CancelledError):
            return

    async def _store_rest(self) -> None:
        if self._writing is not None:
            await self._writing
        self._take()
        await self._write(is_last=True)

    def _schedule(self) -> None:
        wait = TICK_SECONDS - self._wall_clock() % TICK_SECONDS
        self._timer = self._clock.callLater(wait, self._tick)

    def _tick(self) -> None:
        self._schedule()
        self._take()
        if self._writing is None:
            writing = Deferred.fromCoroutine(self._write(is_last=False))
            writing.addErrback(lambda failure: log.failure("series failed", failure))
            writing.addBoth(self._is_written)
            self._writing = None if writing.called else writing

    def _is_written(self, _result: object) -> None:
        self._writing = None

    def _take(self) -> None:
        """Add what is new to the step in which it began."""
        now = self._wall_clock()
        at, self._since = min(self._since, now), now
        step = self._counted.take()
        for span in RANGES.values():
            # A quiet step is known, too: it is written with nothing in it.
            where = span.name, span.block(at)
            block = self._blocks.get(where)
            if block is None:
                block = self._blocks[where] = _Block(span, where[1])
            block.add(at, step)

    async def _write(self, *, is_last: bool) -> None:
        """Store the blocks that it is time for, until the store fails: then they wait."""
        now = self._wall_clock()
        for where, block in list(self._blocks.items()):
            is_over = block.end <= now
            is_due = block.is_dirty and (is_last or is_over or self._is_due(block))
            if is_due and not await self._store_block(block):
                break
            if is_over and not block.is_dirty:
                self._blocks.pop(where, None)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Let go of what nobody will read any more."""
        for where, block in list(self._blocks.items()):
            if block.end < now - block.span.span:
                self._blocks.pop(where, None)
                self._count("series/dropped")

    def _is_due(self, block: _Block) -> bool:
        if block.span.step <= SLOW_SECONDS or block.written is None:
            return True
        return self._clock.seconds() - block.written >= SLOW_SECONDS - TICK_SECONDS / 2

    async def _store_block(self, block: _Block) -> bool:
        """Store one; false if the store fails, which it tells itself."""
        block.is_dirty = False
        try:
            await self._store.do(block.call())
        except TooLarge:
            # More processes in a block than a hash has fields: the next block has room.
            self._count("series/dropped")
        except StoreError:
            block.is_dirty = True
            return False
        except BaseException:
            block.is_dirty = True
            raise
        block.written = self._clock.seconds()
        return True
