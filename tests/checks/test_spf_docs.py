"""What docs/authentication.md says of SPF holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.spf import Spf
from mailfilter.config.load import load
from mailfilter.config.model import Config
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan

from .settings_case import settings_of

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8").partition("\n## SPF\n")[2].partition("\n## ")[0]

    def test_symbols(self) -> None:
        """Each with its score."""
        rows = re.findall(r"(?m)^\| `(R_SPF_\w+)` \| (\S+) \|", self.text)
        self.assertEqual(
            {name: float(score) for name, score in rows},
            {name: symbol.score for name, symbol in Spf.symbols.items()},
        )

    def test_configurations(self) -> None:
        """They can be loaded, and give the options that hold without them."""
        config = Config()
        for block in re.findall(r"(?s)```toml\n(.*?)```", self.text):
            path = Path(self.mktemp())
            path.write_text(block)
            config = load(str(path.absolute())).config
            build_plan(config, [Spf])
            if "spf" in config.checks:
                self.assert_defaults(config)
        self.assertIn("received-spf", config.headers.use)

    def assert_defaults(self, config: Config) -> None:
        settings = config.checks["spf"]
        self.assertEqual(settings.timeout, config.scan.check_timeout)
        self.assertEqual(tuple(settings.options), Spf.options)
        told = settings_of(Spf(Given(config.scan, settings.options)))
        usual = settings_of(Spf(Given(config.scan)))
        for name in ("_skip_local", "_skip_authenticated", "_limits", "_max_queries"):
            self.assertEqual(told[name], usual[name], name)
