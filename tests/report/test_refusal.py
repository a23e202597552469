"""What a refusal says, and how the trace id gets to its end."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.refusal import ReplyText, reply_text
from mailfilter.scan.verdict import Action, Verdict

VERDICT = Verdict(Action.REJECT, 15.0, 15.0, (), "0123456789ab")
ENDING = " (trace 0123456789ab)"

# action, text of the check, text without and with the trace id
CASES: list[tuple[Action, str | None, ReplyText, ReplyText]] = [
    (Action.REJECT, None, ReplyText(), ReplyText("", ("Spam message rejected" + ENDING,))),
    (Action.SOFT_REJECT, None, ReplyText(), ReplyText("", ("Try again later" + ENDING,))),
    (Action.REJECT, "no", ReplyText("", ("no",)), ReplyText("", ("no" + ENDING,))),
    (
        Action.REJECT,
        "550 5.7.0 one\r\ntwo",
        ReplyText("550 5.7.0", ("one", "two")),
        ReplyText("550 5.7.0", ("one", "two" + ENDING)),
    ),
    (
        Action.SOFT_REJECT,
        "450 4.7.1",
        ReplyText("450 4.7.1"),
        ReplyText("450 4.7.1", ("Try again later" + ENDING,)),
    ),
    (Action.GREYLIST, "wait", ReplyText("", ("wait",)), ReplyText("", ("wait" + ENDING,))),
    (Action.GREYLIST, None, ReplyText(), ReplyText()),
    (Action.NO_ACTION, "hi", ReplyText("", ("hi",)), ReplyText("", ("hi",))),
    (Action.DISCARD, "hi", ReplyText("", ("hi",)), ReplyText("", ("hi",))),
    (Action.QUARANTINE, "450 4.7.1 hi", ReplyText("", ("hi",)), ReplyText("", ("hi",))),
    (Action.NO_ACTION, "550 5.7.1", ReplyText(), ReplyText()),
]


class ReplyTextTests(SynchronousTestCase):
    """`reply_text`."""

    def test_table(self) -> None:
        """With and without the trace id."""
        for action, text, without, with_trace in CASES:
            verdict = replace(VERDICT, action=action, smtp_message=text)
            self.assertEqual(reply_text(verdict), without, (action, text))
            self.assertEqual(reply_text(replace(verdict, shows_trace=True)), with_trace)

    def test_long_line(self) -> None:
        """The trace id is there, however long the text is."""
        verdict = replace(VERDICT, smtp_message="x" * 5000, shows_trace=True)
        (line,) = reply_text(verdict).lines
        self.assertEqual(len(line), 980)
        self.assertTrue(line.endswith("x" + ENDING))

    def test_many_lines(self) -> None:
        """No line more than without."""
        verdict = replace(VERDICT, smtp_message="x\n" * 100, shows_trace=True)
        lines = reply_text(verdict).lines
        self.assertEqual((len(lines), lines[-1]), (32, "x" + ENDING))
