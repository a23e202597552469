"""From messages to the log, and to the table."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from mailfilter.app.teacher import CORRECTION_SECONDS, LARGE, WAIT_SECONDS, Teacher
from mailfilter.classifier.event import Learn, Unlearn, decode
from mailfilter.classifier.features import features_of
from mailfilter.classifier.table import State
from mailfilter.mail import parse
from mailfilter.report.learning_log import LOG
from mailfilter.servers.teaching import Label, Taught
from mailfilter.store.base import LogRead
from mailfilter.store.errors import StoreError

from .test_learner import LearnerCase

MAIL = b"From: a@b.example\nSubject: hi\n\nSome words of text\n"
LEARNED = Taught("learned")


class TeacherTests(LearnerCase):
    def setUp(self) -> None:
        super().setUp()
        self.learner, self.shared = self.make_learner()
        self.teacher = Teacher(
            self.clock, self.store, self.shared, self.learner.nudge, wall_clock=lambda: 1234.5
        )

    def learn(self, raw: bytes, label: Label = "spam", *, is_human: bool = True) -> Taught:
        """Learn a message."""
        work = self.teacher.learn(raw, label, "bob", is_human=is_human)
        return self.done(Deferred.fromCoroutine(work))

    def forget(self, raw: bytes) -> Taught:
        """Forget a message."""
        return self.done(Deferred.fromCoroutine(self.teacher.forget(raw, "bob")))

    def done(self, work: "Deferred[Taught]") -> Taught:
        """The answer, for which one may have to wait."""
        for _ in range(3):
            if not work.called:
                self.clock.advance(0.02)
        return self.successResultOf(work)

    def test_learn(self) -> None:
        self.assertEqual(self.learn(MAIL), LEARNED)
        self.assertEqual(self.shared.state(), State(1, 1, 0))
        (entry,) = self.successResultOf(Deferred.fromCoroutine(self.store.do(LogRead(LOG, 0))))
        event = decode(entry.data)
        assert isinstance(event, Learn)
        self.assertEqual(
            (event.label, event.by, event.at, event.is_human), ("spam", "bob", 1234.5, True)
        )
        for found, expected in zip(event.features, features_of(parse(MAIL)), strict=True):
            self.assertEqual(list(found), list(expected))

    def test_twice(self) -> None:
        self.learn(MAIL)
        self.assertEqual(self.learn(MAIL), Taught("known", "spam"))
        self.assertEqual(
            self.learn(b"Received: x\r\n" + MAIL.replace(b"\n", b"\r\n")).kind, "known"
        )
        self.assertEqual(self.shared.state(), State(1, 1, 0))

    def test_other_class(self) -> None:
        self.learn(MAIL)
        self.assertEqual(self.learn(MAIL, "ham"), LEARNED)
        self.assertEqual(self.shared.state(), State(2, 0, 1))

    def test_forget(self) -> None:
        self.assertEqual(self.forget(MAIL), Taught("known"))
        self.learn(MAIL)
        self.assertEqual(self.forget(MAIL), Taught("forgotten"))
        self.assertEqual(self.shared.state(), State(2, 0, 0))
        self.assertEqual(self.learn(MAIL, "ham"), LEARNED)
        entries = self.successResultOf(Deferred.fromCoroutine(self.store.do(LogRead(LOG, 0))))
        self.assertIsInstance(decode(entries[1].data), Unlearn)

    def test_nobody_follows(self) -> None:
        """What is in the log is learned, even if no table has it yet."""
        self.end(self.learner)
        work = Deferred.fromCoroutine(self.teacher.learn(MAIL, "spam", "bob"))
        self.assertNoResult(work)
        self.clock.pump([0.1] * 12)
        self.assertEqual(self.successResultOf(work), LEARNED)
        self.assertGreater(self.clock.seconds(), WAIT_SECONDS)

    def test_corrections_wait_less(self) -> None:
        self.learn(MAIL)
        self.end(self.learner)
        for coroutine in (
            self.teacher.learn(MAIL, "ham", "bob"),
            self.teacher.forget(MAIL, "bob"),
        ):
            work = Deferred.fromCoroutine(coroutine)
            self.assertNoResult(work)
            began = self.clock.seconds()
            self.clock.pump([0.02] * 7)
            self.assertIn(self.successResultOf(work).kind, ("learned", "forgotten"))
            self.assertLess(self.clock.seconds() - began, 2 * CORRECTION_SECONDS)

    def test_store_away(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.store.close()))
        work = Deferred.fromCoroutine(self.teacher.learn(MAIL, "spam", "bob"))
        self.failureResultOf(work, StoreError)

    def test_long_names(self) -> None:
        work = self.teacher.learn(MAIL, "spam", "b" * 10_000)
        self.assertEqual(self.done(Deferred.fromCoroutine(work)), LEARNED)

    def test_rate(self) -> None:
        """Of one source, whatever it says of its users, and whatever it asks for."""
        teacher = Teacher(self.clock, self.store, self.shared, self.learner.nudge, 2)

        def teach(number: int, by: str, source: str = "") -> Taught:
            raw = MAIL + b"%d" % number
            work = teacher.learn(raw, "spam", by, source=source)
            return self.done(Deferred.fromCoroutine(work))

        self.assertEqual(teach(1, "a (User: b)", "a"), LEARNED)
        self.assertEqual(teach(2, "a (User: c)", "a"), LEARNED)
        refused = teach(3, "a (User: d)", "a")
        self.assertEqual(refused.kind, "refused")
        self.assertRegex(
            refused.text, r"^too much was taught from there, try again in 1[78]\d\d s$"
        )
        work = teacher.forget(MAIL + b"1", "a")
        self.assertEqual(self.done(Deferred.fromCoroutine(work)).kind, "refused")
        self.assertEqual(teach(4, "x"), LEARNED)
        self.assertEqual(self.shared.state(), State(3, 3, 0))
        self.clock.advance(1801)
        self.assertEqual(teach(3, "a"), LEARNED)
        self.assertEqual(teach(5, "a").kind, "refused")

    def test_large(self) -> None:
        """It is read in a thread, where it holds up nobody."""
        made: list[object] = []

        def aside(make: Callable[[], Any]) -> "Deferred[Any]":
            made.append(make)
            return maybeDeferred(make)

        self.teacher = Teacher(self.clock, self.store, self.shared, self.learner.nudge, aside=aside)
        self.learn(MAIL)
        self.assertEqual(made, [])
        large = MAIL + b"x" * LARGE
        self.assertEqual(self.learn(large), LEARNED)
        self.assertEqual(len(made), 2)
        self.assertEqual(self.learn(large), Taught("known", "spam"))
        self.assertEqual(self.forget(large), Taught("forgotten"))
        self.assertEqual(len(made), 4)

    def test_own_learner_at_once(self) -> None:
        """Notices of a store may come late."""
        self.learner._unsubscribe()
        work = Deferred.fromCoroutine(self.teacher.learn(MAIL, "spam", "bob"))
        self.assertEqual(self.successResultOf(work), LEARNED)
        self.assertEqual(self.shared.state(), State(1, 1, 0))
