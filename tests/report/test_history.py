"""The recorder: when scans are stored, and what becomes of them while the store is in trouble."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar
from unittest.mock import patch

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import HistorySettings
from mailfilter.report.history import (
    FLUSH_ROWS,
    FLUSH_SECONDS,
    RETRY_SECONDS,
    ROWS_A_TURN,
    Recorder,
)
from mailfilter.report.history_queue import MAX_ROWS
from mailfilter.report.history_row import HISTORY, row_of
from mailfilter.report.privacy import SECRET, Hasher
from mailfilter.store.base import Call, Delete, Get, HistoryAdd, HistoryFind, HistoryGet, Put, Row
from mailfilter.store.errors import Denied, StoreError, TimedOut, TooLarge
from mailfilter.store.memory import MemoryStore

from .history_case import ENVELOPE, NOW, VERDICT

R = TypeVar("R")

ROW_OF = "mailfilter.report.history_queue.row_of"


class FlakyStore(MemoryStore):
    """Fails, waits, or does and does not say so, as it is told."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.error: Exception | None = None
        self.error_of_add: Exception | None = None
        self.error_after: Exception | None = None
        self.wait: Deferred[None] | None = None
        self.calls: list[Call[Any]] = []

    async def do(self, call: Call[R]) -> R:
        self.calls.append(call)
        if self.wait is not None:
            await self.wait
        if self.error is not None:
            raise self.error
        if self.error_of_add is not None and isinstance(call, HistoryAdd):
            raise self.error_of_add
        answer = await super().do(call)
        if self.error_after is not None and isinstance(call, HistoryAdd):
            raise self.error_after
        return answer

    def adds(self) -> int:
        return sum(isinstance(call, HistoryAdd) for call in self.calls)


class RecorderCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = FlakyStore(self.clock)
        self.store.open()
        self.counted: Counter[str] = Counter()
        self.recorder = self.make()

    def make(self, **settings: Any) -> Recorder:
        return Recorder(
            self.store,
            HistorySettings(**settings),
            self.clock,
            lambda name: self.counted.update([name]),
            lambda: NOW,
        )

    def record(self, count: int, start: int = 0, **changes: Any) -> None:
        for number in range(start, start + count):
            verdict = replace(VERDICT, trace_id=f"{number:012x}", **changes)
            self.recorder(ENVELOPE, verdict)

    def stored(self, *terms: bytes) -> Sequence[Row]:
        find = HistoryFind(HISTORY, terms, limit=1000)
        done = Deferred.fromCoroutine(MemoryStore.do(self.store, find))
        return self.successResultOf(done).rows

    def ids(self) -> list[int]:
        return [int(row.row_id, 16) for row in reversed(self.stored())]

    def turn(self, seconds: float = 0.0) -> None:
        """Let so much time pass, with all turns of the reactor that want to be had."""
        self.clock.advance(seconds)
        for _ in range(20):
            self.clock.advance(0)


class FlushTests(RecorderCase):
    """A store in good health."""

    def test_flush(self) -> None:
        """Scans are stored together, a while after the first."""
        self.record(1)
        self.turn(FLUSH_SECONDS - 0.1)
        self.record(2, 1)
        self.assertEqual((self.ids(), self.recorder.waiting), ([], 3))
        self.turn(0.1)
        self.assertEqual((self.ids(), self.recorder.waiting), ([0, 1, 2], 0))
        self.assertEqual((self.store.adds(), len(self.clock.getDelayedCalls())), (1, 0))
        self.assertEqual(self.stored()[0].time, NOW)

    def test_nothing_in_the_scan(self) -> None:
        """No row is made and no store asked while the scan's connection waits."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.store.calls.clear()
        with patch(ROW_OF, side_effect=AssertionError):
            self.record(FLUSH_ROWS - 1)
        self.assertEqual(self.store.calls, [])

    def test_made_in_the_next_turn(self) -> None:
        """The rows of the scans of one turn are made together, before they are stored."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.record(3, 1)
        with patch(ROW_OF, wraps=row_of) as made:
            self.clock.advance(0)
            self.assertEqual((made.call_count, self.store.adds()), (3, 1))
            self.turn(FLUSH_SECONDS)
            self.assertEqual((made.call_count, self.store.adds()), (3, 2))
        self.assertEqual(self.ids(), [0, 1, 2, 3])

    def test_many(self) -> None:
        """Many whose rows could not be made before: in turns of the reactor that are short."""
        self.record(FLUSH_ROWS)
        with patch.object(self.clock, "callLater", wraps=self.clock.callLater) as later:
            self.turn()
        self.assertEqual(later.call_count, FLUSH_ROWS // ROWS_A_TURN)
        self.assertEqual((len(self.stored()), self.recorder.waiting), (FLUSH_ROWS, 0))

    def test_more_meanwhile(self) -> None:
        """Those that come while others are stored are stored next; one call at a time."""
        self.store.wait = Deferred()
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.record(2 * FLUSH_ROWS, 1)
        self.turn(10)
        self.assertEqual(len(self.store.calls), 1)
        waiting, self.store.wait = self.store.wait, None
        waiting.callback(None)
        self.turn()
        self.assertEqual(self.recorder.waiting, 1)
        self.turn(FLUSH_SECONDS)
        self.assertEqual(self.ids(), list(range(2 * FLUSH_ROWS + 1)))

    def test_limits(self) -> None:
        """The bounds are those of the configuration."""
        self.recorder = self.make(rows=5)
        self.record(9)
        self.turn(FLUSH_SECONDS)
        self.assertEqual(self.ids(), [4, 5, 6, 7, 8])

    def test_not_remembered(self) -> None:
        """What was not scanned, and what its client does not want to be logged."""
        self.recorder(ENVELOPE, replace(VERDICT, is_skipped=True))
        self.recorder(replace(ENVELOPE, flags=frozenset({"no_log"})), VERDICT)
        self.turn(FLUSH_SECONDS)
        self.assertEqual((self.store.calls, self.recorder.waiting), ([], 0))

    def test_one_secret(self) -> None:
        """All filters of a store hash with one secret, which the first has put there."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.recorder = self.make()
        self.record(1, 1)
        self.turn(FLUSH_SECONDS)
        (secret,) = self.successResultOf(Deferred.fromCoroutine(self.store.do(Get([SECRET]))))
        assert secret is not None
        term = Hasher(secret).term("from", "alice@example.net")
        self.assertEqual(len(self.stored(term)), 2)

    def test_secret_lost(self) -> None:
        """A store that has lost all it had gets the secret again: rows can be found by it."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        (before,) = self.successResultOf(Deferred.fromCoroutine(self.store.do(Get([SECRET]))))
        self.successResultOf(Deferred.fromCoroutine(self.store.do(Delete([SECRET]))))
        self.record(1)
        self.turn(FLUSH_SECONDS)
        (after,) = self.successResultOf(Deferred.fromCoroutine(self.store.do(Get([SECRET]))))
        self.assertEqual(after, before)

    def test_secret_of_another(self) -> None:
        """Whoever comes first after such a loss has said which it is."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        other = b"x" * 32
        self.successResultOf(Deferred.fromCoroutine(self.store.do(Put({SECRET: other}))))
        self.record(1, 1)
        self.turn(FLUSH_SECONDS)
        self.record(1, 2)
        self.turn(FLUSH_SECONDS)
        term = Hasher(other).term("action", VERDICT.action.value)
        self.assertIn(f"{2:012x}".encode(), [row.row_id for row in self.stored(term)])


class TroubleTests(RecorderCase):
    """A store that is in trouble: scans wait, and nobody else notices."""

    def test_away(self) -> None:
        """While the store is away scans wait; then all are there, in order."""
        self.store.error = Denied("no")
        self.record(3)
        self.turn(FLUSH_SECONDS)
        self.record(FLUSH_ROWS, 3)
        self.turn(RETRY_SECONDS[0])
        self.assertEqual((self.recorder.waiting, self.ids()), (FLUSH_ROWS + 3, []))
        self.store.error = None
        self.turn(RETRY_SECONDS[1])
        self.turn(FLUSH_SECONDS)
        self.assertEqual(self.ids(), list(range(FLUSH_ROWS + 3)))
        self.assertEqual(self.counted, {})

    def test_retries(self) -> None:
        """The longer it lasts the less the store is asked, however many scans there are."""
        self.store.error = Denied("no")
        self.record(1)
        self.turn(FLUSH_SECONDS)
        for number, seconds in enumerate((*RETRY_SECONDS, RETRY_SECONDS[-1]), 1):
            self.record(FLUSH_ROWS, number * 1000)
            self.turn(seconds - 0.1)
            self.assertEqual(len(self.store.calls), number)
            self.turn(0.1)
            self.assertEqual(len(self.store.calls), number + 1)

    def test_too_many(self) -> None:
        """Beyond the bound the oldest go, and are counted."""
        self.store.error = Denied("no")
        self.record(MAX_ROWS + 5)
        self.turn(FLUSH_SECONDS)
        self.assertEqual(self.recorder.waiting, MAX_ROWS)
        self.assertEqual(self.counted["history/dropped"], 5)
        self.store.error = None
        self.turn(60)
        self.assertEqual((self.ids()[0], self.ids()[-1]), (MAX_ROWS + 5 - 1000, MAX_ROWS + 4))

    def test_dropped_while_stored(self) -> None:
        """Scans that go while their rows are on the way do no harm."""
        self.record(10)
        self.store.wait = Deferred()
        self.turn(FLUSH_SECONDS)
        self.record(MAX_ROWS, 10)
        waiting, self.store.wait = self.store.wait, None
        waiting.callback(None)
        self.turn(60)
        self.assertEqual((self.recorder.waiting, self.counted["history/dropped"]), (0, 10))

    def test_done_in_doubt(self) -> None:
        """What a call has stored that was not answered is not stored again."""
        self.record(3)
        self.store.error_after = TimedOut("late")
        self.turn(FLUSH_SECONDS)
        self.record(2, 3)
        self.store.error_after = None
        self.turn(RETRY_SECONDS[0])
        self.turn(FLUSH_SECONDS)
        self.assertEqual((self.ids(), self.recorder.waiting), ([0, 1, 2, 3, 4], 0))
        self.assertEqual(sum(isinstance(call, HistoryGet) for call in self.store.calls), 1)

    def test_not_done_in_doubt(self) -> None:
        """What such a call has not stored is."""
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.store.error = TimedOut("late")
        self.record(3, 1)
        self.turn(FLUSH_SECONDS)
        self.turn(RETRY_SECONDS[0])
        self.store.error = None
        self.turn(RETRY_SECONDS[1])
        self.assertEqual(self.ids(), [0, 1, 2, 3])

    def test_poison(self) -> None:
        """Rows that can never be stored do not stop all others."""
        self.record(1, 9)
        self.turn(FLUSH_SECONDS)
        errors: list[Exception] = [TooLarge("no"), ZeroDivisionError()]
        for error in errors:
            self.store.error_of_add = error
            self.record(2)
            self.turn(FLUSH_SECONDS)
            self.assertEqual(self.recorder.waiting, 0)
        self.assertEqual(self.counted["history/dropped"], 4)
        self.assertEqual(len(self.flushLoggedErrors(TooLarge, ZeroDivisionError)), 1)
        self.store.error_of_add = None
        self.record(1)
        self.turn(FLUSH_SECONDS)
        self.assertEqual(self.ids(), [9, 0])

    def test_before_the_first_row(self) -> None:
        """What goes wrong before there are rows is tried again, whatever it is."""
        self.store.error = ZeroDivisionError()
        self.record(2)
        self.turn(FLUSH_SECONDS)
        self.store.error = None
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.turn(RETRY_SECONDS[0])
        self.assertEqual(self.ids(), [0, 1])

    def test_row_that_cannot_be_made(self) -> None:
        """A verdict that no row can be made of costs just its own row."""
        self.record(1)
        self.recorder(ENVELOPE, replace(VERDICT, thresholds=None))  # type: ignore[arg-type]
        self.record(1, 1)
        self.turn(FLUSH_SECONDS)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)
        self.assertEqual((self.ids(), self.recorder.waiting), ([0, 1], 0))
        self.assertEqual(self.counted["history/dropped"], 1)
        self.recorder(ENVELOPE, replace(VERDICT, thresholds=None))  # type: ignore[arg-type]
        self.clock.advance(0)
        self.assertEqual(self.recorder.waiting, 0)
        self.assertEqual(self.flushLoggedErrors(TypeError), [])


class StopTests(RecorderCase):
    """The end of the process."""

    def stop(self, seconds: float = 5.0) -> Deferred[None]:
        return Deferred.fromCoroutine(self.recorder.stop(seconds))

    def test_rest(self) -> None:
        """What waits is stored, however much it is."""
        self.record(3 * FLUSH_ROWS)
        stopped = self.stop()
        self.turn()
        self.turn()
        self.successResultOf(stopped)
        self.assertEqual(len(self.stored()), 3 * FLUSH_ROWS)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nothing(self) -> None:
        """Without anything to store there is nothing to wait for."""
        self.successResultOf(self.stop())
        self.assertEqual((self.store.calls, self.clock.getDelayedCalls()), ([], []))

    def test_under_way(self) -> None:
        """What is under way is awaited."""
        self.record(1)
        self.store.wait = Deferred()
        self.turn(FLUSH_SECONDS)
        self.record(1, 1)
        stopped = self.stop()
        self.assertNoResult(stopped)
        waiting, self.store.wait = self.store.wait, None
        waiting.callback(None)
        self.successResultOf(stopped)
        self.assertEqual(self.ids(), [0, 1])

    def test_away(self) -> None:
        """A store that is away is tried again until the time is over."""
        self.store.error = Denied("no")
        self.record(2)
        stopped = self.stop()
        self.turn(3)
        self.assertNoResult(stopped)
        self.turn(2)
        self.successResultOf(stopped)
        self.assertEqual((self.counted["history/dropped"], self.recorder.waiting), (2, 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stuck(self) -> None:
        """A store that never answers holds nobody up for longer."""
        cancelled: list[object] = []
        self.store.wait = Deferred(cancelled.append)
        self.record(2)
        self.turn(FLUSH_SECONDS)
        stopped = self.stop()
        self.turn(5)
        self.successResultOf(stopped)
        self.assertEqual((len(cancelled), self.counted["history/dropped"]), (1, 2))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.flushLoggedErrors(CancelledError, StoreError), [])

    def test_afterwards(self) -> None:
        """Whoever scans afterwards does so in vain."""
        self.successResultOf(self.stop())
        self.record(1)
        self.assertEqual((self.recorder.waiting, self.clock.getDelayedCalls()), (0, []))
