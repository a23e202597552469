"""Checks that wait: each goes on where it was, whatever it waits for."""

from contextvars import ContextVar

from twisted.internet.defer import Deferred

from mailfilter.scan.check import Check, Findings, Hit
from mailfilter.scan.task import Task

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
