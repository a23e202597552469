"""Sets of actions."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.verdict import BY_SCORE, MARKED_AS_SPAM, TOLD_AS_SPAM, Action


class ActionTests(SynchronousTestCase):
    def test_spam(self) -> None:
        """A message that is to come again is marked, but not told to be spam."""
        good = {Action.NO_ACTION, Action.GREYLIST}
        self.assertEqual(set(Action) - MARKED_AS_SPAM, good)
        self.assertEqual(set(Action) - TOLD_AS_SPAM, good | {Action.SOFT_REJECT})

    def test_by_score(self) -> None:
        names = ["reject", "rewrite subject", "add header", "greylist"]
        self.assertEqual([action.value for action in BY_SCORE], names)
