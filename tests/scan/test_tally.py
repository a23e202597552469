"""What a scan keeps of findings, and which of them decides."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Config
from mailfilter.scan.check import Force
from mailfilter.scan.plan import build_plan
from mailfilter.scan.tally import MAX_LAST_FIELDS, Tally
from mailfilter.scan.verdict import Action, LastFields

from .case import ENVELOPE


class TallyTests(SynchronousTestCase):
    def setUp(self) -> None:
        plan = build_plan(Config(), [])
        self.tally = Tally(plan, plan.profiles.settings(ENVELOPE), 10)

    def test_last_fields(self) -> None:
        """No more than so many."""
        wanted = LastFields(lambda _leaving: [])
        for _ in range(3):
            self.tally.take("sign", [wanted] * (MAX_LAST_FIELDS - 10))
        self.assertEqual(len(self.tally.last_fields), MAX_LAST_FIELDS)

    def test_least(self) -> None:
        """A force that is the least decides what the score would decide, and not what is more."""
        self.tally.take("first", [Force(Action.ADD_HEADER, is_least=True)])
        reached = self.tally.settings.action
        for score, is_decided in ((0.0, True), (7.0, True), (1000.0, False)):
            self.assertEqual(self.tally.deciding(score) is not None, is_decided, reached(score))
        self.assertIs(reached(7.0), Action.ADD_HEADER)
