"""Rules in Python."""

from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules import rule
from mailfilter.rules.python import MAX_OPTIONS, Answer, PythonRule
from mailfilter.scan.check import Hit, Symbol
from mailfilter.scan.task import Task
from mailfilter.testing.checks import make_task


def answering(answer: Answer) -> PythonRule:
    """A rule that always answers so."""

    @rule("A", score=1.5, group="test", description="a test")
    def ask(task: Task) -> Answer:
        return answer

    return ask


class RuleTests(SynchronousTestCase):
    """What the decorator makes."""

    def test_answers(self) -> None:
        """Yes, no, and texts."""
        task = make_task(b"Subject: x\n\n")
        for answer, expected in (
            (True, Hit("A")),
            (False, None),
            (None, None),
            ("", None),
            ("x", Hit("A", options=("x",))),
            ([], None),
            (("x", "y"), Hit("A", options=("x", "y"))),
            ((str(n) for n in range(2)), Hit("A", options=("0", "1"))),
        ):
            self.assertEqual(answering(answer).hit(task), expected, answer)

    def test_endless(self) -> None:
        """An answer without an end is cut."""
        hit = answering(map(str, count())).hit(make_task(b""))
        assert hit is not None
        self.assertEqual(len(hit.options), MAX_OPTIONS)

    def test_waiting(self) -> None:
        """A function that waits is no rule."""

        async def wait(task: Task) -> bool:
            return True

        make = rule("A", score=1, group="test", description="a test")
        error = self.assertRaises(ValueError, make, wait)
        self.assertIn("expected a plain def", str(error))

    def test_no_answers(self) -> None:
        """What is no answer is an error of the rule."""
        task = make_task(b"Subject: x\n\n")
        for answer in (5, [5], ["x", None], object(), {"x": 1}, b"x"):
            self.assertRaises(TypeError, answering(answer).hit, task)  # type: ignore[arg-type]

    def test_declared(self) -> None:
        """The symbol is declared as told; the function can still be called."""
        found = answering(True)
        self.assertEqual(found.name, "A")
        self.assertEqual(found.symbol, Symbol(1.5, "test", "a test"))
        self.assertIs(found(make_task(b"")), True)
        self.assertRegex(found.place, r"test_python\.py:[0-9]+$")

    def test_shadow(self) -> None:
        """A shadow has no score."""
        make = rule("A", score=9, group="test", description="a test", one_shot=False, shadow=True)
        self.assertEqual(make(lambda task: True).symbol, Symbol(0, "test", "a test", False))

    def test_refused(self) -> None:
        """Names and scores have a form."""
        for name, group, score in (("A B", "test", 1), ("A", "Te st", 1), ("A", "test", 1e9)):
            self.assertRaises(ValueError, rule, name, score=score, group=group, description="x")
