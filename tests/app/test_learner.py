"""Following the log of what is to be learned."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.learner import SECONDS, Learner
from mailfilter.classifier import home, ledger
from mailfilter.classifier.event import Event, encode
from mailfilter.classifier.shared import Shared
from mailfilter.classifier.table import State
from mailfilter.report.learning_log import LOG
from mailfilter.store.base import LogAppend, LogLook
from mailfilter.store.memory import MemoryStore

from ..classifier.log_case import chance_log, followed, learn, unlearn


def at_once(make: Callable[[], Any]) -> "Deferred[Any]":
    """Work of a thread, in no thread."""
    return maybeDeferred(make)


class LearnerCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock)
        self.store.open()
        self.alarms: list[str] = []
        self.directory = self.mktemp()
        Path(self.directory).mkdir()

    def make_learner(self, directory: str = "", name: str = "one") -> tuple[Learner, Shared]:
        """One that follows the log."""
        shared = Shared()
        where = directory or self.directory
        found = Learner(
            self.clock, self.store, where, name, shared, self.alarms.append, aside=at_once
        )
        found.open()
        self.addCleanup(lambda: self.end(found))
        return found, shared

    def end(self, learner: Learner) -> None:
        """End it in order."""
        self.successResultOf(Deferred.fromCoroutine(learner.close()))

    def kill(self, learner: Learner) -> None:
        """End it as kill -9 does: whatever it has is gone, and so is its lock."""
        assert learner._lock is not None
        os.close(learner._lock)
        learner._lock = learner._written = None
        learner._is_ending = True
        learner._unsubscribe()

    def append(self, *events: Event) -> None:
        """More to learn."""
        call = LogAppend(LOG, [encode(event) for event in events])
        self.successResultOf(Deferred.fromCoroutine(self.store.do(call)))

    def same_as(self, shared: Shared, log: list[tuple[int, Event]]) -> None:
        """A table has the bits of one that followed a log."""
        pupil = followed(log)
        model = shared.model()
        assert model is not None
        counts = pupil.ledger.counts
        self.assertEqual(shared.state(), State(len(log), *counts))
        self.assertEqual(model.combiner.tobytes(), pupil.model.combiner.tobytes())
        self.assertEqual(model.columns.tobytes(), pupil.model.columns.tobytes())


class LearnerTests(LearnerCase):
    def test_nothing_to_learn(self) -> None:
        _, shared = self.make_learner()
        self.assertEqual(shared.state(), State(0, 0, 0))
        self.assertEqual(self.alarms, [])

    def test_follows(self) -> None:
        _, shared = self.make_learner()
        self.append(learn("a"), learn("b", "ham"))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(2, 1, 1))
        self.append(learn("c"))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(3, 2, 1))

    def test_same_table_with_corrections(self) -> None:
        log = list(chance_log(2, 120))
        _, shared = self.make_learner()
        for start in range(0, 120, 7):
            self.append(*(event for _, event in log[start : start + 7]))
            self.clock.advance(SECONDS)
        self.same_as(shared, log)

    def test_goes_on_after_an_end(self) -> None:
        log = list(chance_log(4, 60))
        first, _ = self.make_learner()
        self.append(*(event for _, event in log[:33]))
        self.clock.advance(SECONDS)
        self.end(first)
        self.append(*(event for _, event in log[33:]))
        _, shared = self.make_learner()
        self.same_as(shared, log)
        self.assertEqual(self.alarms, [])

    def test_killed(self) -> None:
        log = list(chance_log(5, 60))
        first, _ = self.make_learner()
        self.append(*(event for _, event in log[:33]))
        self.clock.advance(SECONDS)
        self.kill(first)
        self.append(*(event for _, event in log[33:]))
        _, shared = self.make_learner()
        self.same_as(shared, log)
        self.assertEqual(len(self.alarms), 1)
        self.assertIn("not closed by who wrote it; it is made anew", self.alarms[0])

    def test_another_process_reads(self) -> None:
        self.make_learner()
        self.append(learn("a"))
        self.clock.advance(SECONDS)
        _, shared = self.make_learner()
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(1, 1, 0))
        self.append(learn("b"))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(2, 2, 0))

    def test_another_process_goes_on(self) -> None:
        first, _ = self.make_learner()
        _, shared = self.make_learner()
        self.append(learn("a"))
        self.clock.advance(SECONDS)
        self.end(first)
        self.append(learn("b"), unlearn("a"))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(3, 1, 0))
        self.assertEqual(self.alarms, [])

    def test_deleted_while_running(self) -> None:
        first, shared = self.make_learner()
        self.append(learn("a"))
        self.clock.advance(SECONDS)
        self.end(first)
        (Path(self.directory) / "classifier.table").unlink()
        _, shared = self.make_learner()
        self.assertEqual(shared.state(), State(1, 1, 0))

    def test_damaged_entry(self) -> None:
        _, shared = self.make_learner()
        call = LogAppend(LOG, [b"\xc1", encode(learn("a"))])
        self.successResultOf(Deferred.fromCoroutine(self.store.do(call)))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(2, 1, 0))
        self.assertIn("entry 1 of what is to be learned", self.alarms[0])

    def test_store_away(self) -> None:
        _, shared = self.make_learner()
        self.successResultOf(Deferred.fromCoroutine(self.store.close()))
        self.clock.advance(SECONDS)
        self.store.open()
        self.append(learn("a"))
        self.clock.advance(SECONDS)
        self.assertEqual(shared.state(), State(1, 1, 0))

    def test_two_machines(self) -> None:
        log = list(chance_log(6, 90))
        elsewhere = self.mktemp()
        Path(elsewhere).mkdir()
        _, shared = self.make_learner()
        self.append(*(event for _, event in log[:50]))
        self.clock.advance(SECONDS)
        _, other = self.make_learner(elsewhere, "two")
        self.append(*(event for _, event in log[50:]))
        self.clock.advance(SECONDS)
        self.same_as(shared, log)
        self.same_as(other, log)


class SnapshotTests(LearnerCase):
    def setUp(self) -> None:
        super().setUp()
        for module in (home, ledger):
            self.patch(module, "EPOCH", 40)

    def test_trimmed_log(self) -> None:
        log = list(chance_log(7, 100))
        _, shared = self.make_learner()
        self.append(*(event for _, event in log[:90]))
        self.clock.advance(SECONDS)
        state = self.successResultOf(Deferred.fromCoroutine(self.store.do(LogLook(LOG))))
        self.assertEqual((state.first, state.snapshot), (81, 80))
        elsewhere = self.mktemp()
        Path(elsewhere).mkdir()
        _, other = self.make_learner(elsewhere, "two")
        self.append(*(event for _, event in log[90:]))
        self.clock.advance(SECONDS)
        one, two = shared.model(), other.model()
        assert one is not None and two is not None
        self.assertEqual(shared.state(), other.state())
        self.assertEqual(shared.state().position, 100)
        self.assertEqual(one.columns.tobytes(), two.columns.tobytes())
        self.assertEqual(one.combiner.tobytes(), two.combiner.tobytes())
