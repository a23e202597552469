"""What docs/authentication.md says of signing holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.sign_names import DEFAULT_NAMES
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.config.load import load
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan

PAGE = Path(__file__).parents[2] / "docs/authentication.md"
NOT_IN_BLOCK = ("sign_networks_map",)


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8").partition("\n## Signing\n")[2].partition("\n## ")[0]

    def test_options(self) -> None:
        """All are there, and say what holds without them."""
        (block,) = re.findall(r"(?s)```toml\n(.*?)```", self.text)
        path = Path(self.mktemp())
        path.write_text(block)
        config = load(str(path.absolute())).config
        build_plan(config, [DkimSigning])
        options = config.checks["dkim_signing"].options
        self.assertEqual({*options, *NOT_IN_BLOCK}, set(DkimSigning.options))
        self.assertEqual(options["sign_headers"], DEFAULT_NAMES)
        told = DkimSigning(Given(config.scan, options))
        usual = DkimSigning(Given(config.scan))
        self.assertEqual(vars(told._form), vars(usual._form))
        for name in ("_flags", "_use"):
            self.assertEqual(vars(told._rules)[name], vars(usual._rules)[name], name)
        self.assertEqual(told._expire, usual._expire)

    def test_named(self) -> None:
        """Every option is explained, or explains itself in the block."""
        for name in DkimSigning.options:
            self.assertIn(name, self.text)
        self.assertIn("`DKIM_SIGNED` (score 0)", self.text)
