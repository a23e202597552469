"""Checks that wait: each goes on where it was, whatever it waits for, and may work meanwhile."""

from collections.abc import Iterator
from contextvars import ContextVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.check import Check, Findings, Hit
from mailfilter.scan.task import Task
from mailfilter.scan.together import with_work

from .case import ScanCase

PLACE: ContextVar[str] = ContextVar("place", default="outside")


class Patient(Check):
    """Waits twice, and finds what it was answered, errors too, and in which context it is."""

    name = "patient"
    waits: tuple[Deferred[str], ...]

    async def run(self, task: Task) -> Findings:
        PLACE.set("inside")
        found = []
        for wait in self.waits:
            try:
                found.append(await wait)
            except ValueError as error:
                found.append(f"error {error}")
        return [Hit("FOUND", options=(*found, PLACE.get()))]


class WaitTests(ScanCase):
    """The answers of a check, at once or later."""

    def found(self, *answers: str | Exception, at_once: int) -> tuple[str, ...]:
        """The options of a check that has so many of its answers at once, and the others later."""
        waits = tuple([Deferred[str]() for _ in answers])
        self.seen.clear()
        for number, (wait, answer) in enumerate(zip(waits, answers, strict=True)):
            if number == at_once:
                self.start([type("Asking", (Patient,), {"waits": waits})])
            self.assertEqual(self.seen, [])
            if isinstance(answer, Exception):
                wait.errback(answer)
            else:
                wait.callback(answer)
        if at_once == len(answers):
            self.start([type("Asking", (Patient,), {"waits": waits})])
        (verdict,) = self.seen
        return verdict.symbols[0].options

    def test_each_answer(self) -> None:
        for at_once in range(4):
            found = self.found("one", ValueError("two"), "three", at_once=at_once)
            self.assertEqual(found, ("one", "error two", "three", "inside"))
            self.assertEqual(PLACE.get(), "outside")

    def test_failure(self) -> None:
        for at_once in range(2):
            found = self.found(KeyError("one"), at_once=at_once)
            self.assertEqual(found, ("KeyError",))
            self.flushLoggedErrors(KeyError)


class WithWorkTests(SynchronousTestCase):
    """Work is done while an answer is awaited, and no longer."""

    def setUp(self) -> None:
        self.done = 0
        self.is_late = False
        self.answer: Deferred[str] = Deferred()
        self.turns: list[Deferred[None]] = []

    def work(self, pieces: int) -> Iterator[None]:
        for _ in range(pieces):
            self.done += 1
            yield

    def start(self, work: Iterator[None]) -> Deferred[str]:
        async def ask() -> str:
            return await self.answer

        async def pause() -> None:
            turn: Deferred[None] = Deferred()
            self.turns.append(turn)
            await turn

        return Deferred.fromCoroutine(with_work(ask(), work, pause, lambda: self.is_late))

    def turn(self) -> None:
        self.turns.pop().callback(None)

    def test_work_is_done_first(self) -> None:
        found = self.start(self.work(2))
        for _ in range(2):
            self.turn()
        self.assertEqual((self.done, self.turns), (2, []))
        self.assertNoResult(found)
        self.answer.callback("answer")
        self.assertEqual(self.successResultOf(found), "answer")

    def test_answer_is_first(self) -> None:
        """What is left of the work is not done."""
        found = self.start(self.work(9))
        self.answer.callback("answer")
        self.turn()
        self.assertEqual((self.successResultOf(found), self.done), ("answer", 1))

    def test_answer_at_hand(self) -> None:
        self.answer.callback("answer")
        found = self.start(self.work(9))
        self.assertEqual((self.successResultOf(found), self.done), ("answer", 0))

    def test_late(self) -> None:
        found = self.start(self.work(9))
        self.is_late = True
        self.turn()
        self.assertEqual((self.done, self.turns), (1, []))
        self.answer.callback("answer")
        self.assertEqual(self.successResultOf(found), "answer")

    def test_error(self) -> None:
        found = self.start(self.work(0))
        self.answer.errback(ValueError())
        self.failureResultOf(found, ValueError)

    def test_cancelled(self) -> None:
        """So is the question, at work and after it."""
        for pieces in (9, 0):
            self.setUp()
            found = self.start(self.work(pieces))
            found.cancel()
            self.failureResultOf(found, CancelledError)
            self.assertTrue(self.answer.called)

    def test_broken_work(self) -> None:
        def broken() -> Iterator[None]:
            raise ValueError
            yield

        self.failureResultOf(self.start(broken()), ValueError)
        self.assertTrue(self.answer.called)
