"""One rule and one message."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules import rule
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.task import Task
from mailfilter.testing.messages import make_message
from mailfilter.testing.rules import run_rule
from tests.rules.case import HEAD

TOML = f"{HEAD}symbol = 'A'\ntarget = 'subject'\nmatch = 'x'\n"


@rule("FROM_HELO", score=1, group="test", description="a test")
def helo(task: Task) -> str:
    """Tell the HELO."""
    return task.envelope.helo or ""


class RunTests(SynchronousTestCase):
    """What is told of a rule."""

    def test_python(self) -> None:
        """Options, or nothing."""
        raw = make_message()
        self.assertEqual(run_rule(helo, raw, Envelope(listener="test", helo="a")), ("a",))
        self.assertIsNone(run_rule(helo, raw))

    def test_toml(self) -> None:
        """Whether it fires."""
        self.assertEqual(run_rule(TOML, make_message(subject="x")), ())
        self.assertIsNone(run_rule(TOML, make_message(subject="y")))

    def test_wrong(self) -> None:
        """What is wrong with it is an error of the test."""
        for text, expected in (
            (TOML.replace("'x'", "'['"), "no expression"),
            (f"{TOML}examples.match = 'Subject: y'", "does not match its match example"),
            (f"{TOML}x = 1", "no key is named 'x'"),
            ("", "expected one rule"),
        ):
            error = self.assertRaises(AssertionError, run_rule, text, b"Subject: x\n\n")
            self.assertIn(expected, str(error))
