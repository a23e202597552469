"""Evaluations are run over whatever answers their questions."""

from collections.abc import Generator

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.drive import Answers, Asks, Evaluation, OutOfTime, paused, run
from mailfilter.codec.dns_answer import Answer, DnsTimeout, Kind, Question

ONE, TWO = Question("one.example", Kind.TXT), Question("two.example", Kind.TXT)
NOTHING = Answer(ONE, "nodata")


def work() -> Generator[None, None, str]:
    yield
    yield
    return "done"


def evaluation() -> Evaluation[list[object]]:
    seen: list[object] = [*(yield ONE, TWO)]
    seen.append((yield from paused(work())))
    seen.extend((yield (TWO,)))
    return seen


class DriveTests(SynchronousTestCase):
    def test_answers_and_turns(self) -> None:
        happened: list[object] = []

        async def ask(asks: Asks) -> Answers:
            happened.append(asks)
            return tuple(NOTHING if asked is ONE else DnsTimeout(asked) for asked in asks)

        async def pause() -> None:
            happened.append("pause")

        coroutine = run(evaluation(), ask, pause)
        with self.assertRaises(StopIteration) as stop:
            coroutine.send(None)
        first, second, text, third = stop.exception.value
        self.assertEqual((first, text), (NOTHING, "done"))
        self.assertIsInstance(second, DnsTimeout)
        self.assertIsInstance(third, DnsTimeout)
        self.assertEqual(happened, [(ONE, TWO), "pause", "pause", (TWO,)])

    def test_out_of_time(self) -> None:
        happened: list[object] = []

        def evaluation() -> Evaluation[str]:
            try:
                yield from paused(work())
            except OutOfTime:
                yield (ONE,)
            with self.assertRaises(OutOfTime):
                yield ()
            return "told"

        async def ask(asks: Asks) -> Answers:
            happened.append(asks)
            return (NOTHING,)

        async def pause() -> None:
            happened.append("pause")

        coroutine = run(evaluation(), ask, pause, lambda: happened.count("pause") == 2)
        with self.assertRaises(StopIteration) as stop:
            coroutine.send(None)
        self.assertEqual(stop.exception.value, "told")
        self.assertEqual(happened, ["pause", "pause", (ONE,)])

    def test_work_without_pauses(self) -> None:
        def at_once() -> Generator[None, None, int]:
            return 7
            yield

        def evaluation() -> Evaluation[int]:
            return (yield from paused(at_once()))

        with self.assertRaises(StopIteration) as stop:
            next(evaluation())
        self.assertEqual(stop.exception.value, 7)
