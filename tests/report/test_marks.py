"""The fields by which a message bears its action."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.marks import action_marks, marks, marks_of_stronger
from mailfilter.scan.verdict import Action, AddHeader, ChangeHeader, RemoveHeader
from mailfilter.testing.fake_scanner import NO_ACTION

YES = (RemoveHeader("X-Junk"), AddHeader("X-Junk", "Yes"))
SUBJECT = (ChangeHeader("Subject", "*** hello"),)


class MarksTests(SynchronousTestCase):
    def test_of_every_action(self) -> None:
        for action in Action:
            verdict = replace(NO_ACTION, action=action, subject="*** hello")
            own = {Action.ADD_HEADER: YES, Action.REWRITE_SUBJECT: SUBJECT}.get(action, ())
            self.assertEqual(marks(verdict, action, "X-Junk"), own)
            is_stronger = action in (Action.REJECT, Action.QUARANTINE, Action.DISCARD)
            self.assertEqual(
                marks_of_stronger(verdict, "X-Junk"), YES if is_stronger else own, action
            )

    def test_no_subject(self) -> None:
        verdict = replace(NO_ACTION, action=Action.REWRITE_SUBJECT)
        self.assertEqual(marks(verdict, verdict.action, "X-Junk"), ())

    def test_the_action_is_told_once(self) -> None:
        edits = (RemoveHeader("X-Rspamd-Action"), AddHeader("X-Rspamd-Action", "no action"))
        self.assertEqual(action_marks(NO_ACTION), edits)
        told = replace(NO_ACTION, edits=(AddHeader("x-rspamd-action", "no action"),))
        self.assertEqual(action_marks(told), ())
