"""What docs/authentication.md says of DKIM holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim import MAX_READ
from mailfilter.auth.dkim_key import (
    MAX_EXPONENT_BITS,
    MAX_RECORDS,
    MAX_RSA_BITS,
    MIN_RSA_BITS,
)
from mailfilter.checks.dkim import Dkim
from mailfilter.config.load import load
from mailfilter.config.model import Config
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan

from .settings_case import settings_of

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8").partition("\n## DKIM\n")[2].partition("\n## ")[0]

    def test_symbols(self) -> None:
        """Each with its score."""
        rows = re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", self.text)
        self.assertEqual(
            {name: float(score) for name, score in rows if not score.startswith("`")},
            {name: symbol.score for name, symbol in Dkim.symbols.items()},
        )

    def test_configurations(self) -> None:
        """They can be loaded, and give the options that hold without them."""
        told = []
        for block in re.findall(r"(?s)```toml\n(.*?)```", self.text):
            path = Path(self.mktemp())
            path.write_text(block)
            config = load(str(path.absolute())).config
            build_plan(config, [Dkim])
            told += [config] if "dkim" in config.checks else []
        self.assertEqual(len(told), 1)
        self.assert_defaults(told[0])

    def assert_defaults(self, config: Config) -> None:
        settings = config.checks["dkim"]
        self.assertEqual(settings.timeout, config.scan.check_timeout)
        self.assertEqual(tuple(settings.options), Dkim.options)
        told = settings_of(Dkim(Given(config.scan, settings.options)))
        usual = settings_of(Dkim(Given(config.scan)))
        for name in ("_skip_local", "_skip_authenticated", "_limits"):
            self.assertEqual(told[name], usual[name], name)

    def test_numbers(self) -> None:
        """Those that are no options."""
        self.assertIn(f"RSA ({MIN_RSA_BITS} to {MAX_RSA_BITS} bits)", self.text)
        self.assertIn(f"above {MAX_EXPONENT_BITS} bits", self.text)
        self.assertEqual((MAX_RECORDS, MAX_READ), (4, 50))
        self.assertIn("Up to four keys", self.text)
        self.assertIn("beyond the fiftieth", self.text)
