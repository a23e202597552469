"""What docs/learning.md says of the check holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.classifier import HALF, HAM_CAP, SPAM_CAP, STRANGER_CAP, Classifier
from mailfilter.config.load import load
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan

PAGE = Path(__file__).parents[2] / "docs/learning.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8")

    def test_figures(self) -> None:
        self.assertIn(f"(up to {SPAM_CAP} points)", self.text)
        self.assertIn(f"(up to -{HAM_CAP:.0f})", self.text)
        self.assertIn(f"half of them at {HALF} messages", self.text)
        self.assertEqual(STRANGER_CAP, 1.0)

    def test_configurations(self) -> None:
        """They can be loaded; options are those that hold without them."""
        first, *more, last = re.findall(r"(?s)```toml\n(.*?)```", self.text)
        path = Path(self.mktemp())
        path.write_text(first)
        self.assertTrue(load(str(path.absolute())).config.learning.enabled)
        path.write_text("\n".join((first, *more)))
        loaded = load(str(path.absolute()))
        self.assertEqual(loaded.warnings, ())
        self.assertTrue(loaded.config.listeners["spamd"].learns)
        path.write_text(last)
        config = load(str(path.absolute())).config
        (step,) = build_plan(config, [Classifier]).steps
        made, default = vars(step.check), vars(Classifier(Given(config.scan)))
        for name in ("_least", "_floor", "_tells_why"):
            self.assertEqual(made[name], default[name])
