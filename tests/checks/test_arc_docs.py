"""What docs/authentication.md says of ARC holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks.arc import Arc
from mailfilter.checks.arc_sealing import ArcSealing
from mailfilter.checks.dkim_signing import DkimSigning
from mailfilter.config.load import load
from mailfilter.config.model import Config
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan

from .settings_case import settings_of

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8").partition("\n## ARC\n")[2].partition("\n## ")[0]

    def test_symbols(self) -> None:
        """Each with its score."""
        rows = re.findall(r"(?m)^\| `(ARC_\w+)` \| (\S+) \|", self.text)
        symbols = {**Arc.symbols, **ArcSealing.symbols}
        self.assertEqual(
            {name: float(score) for name, score in rows},
            {name: symbol.score for name, symbol in symbols.items()},
        )

    def test_configurations(self) -> None:
        """They can be loaded, and give the options that hold without them."""
        blocks = re.findall(r"(?s)```toml\n(.*?)```", self.text)
        self.assertEqual(len(blocks), 4)
        config = Config()
        for block in blocks:
            path = Path(self.mktemp())
            path.write_text(block)
            config = load(str(path.absolute())).config
            build_plan(config, [Arc, DkimSigning, ArcSealing])
        settings = config.checks["arc"]
        self.assertEqual(settings.timeout, config.scan.check_timeout)
        self.assertEqual({*settings.options, "trusted_sealers_map"}, set(Arc.options))
        told = settings_of(Arc(Given(config.scan, settings.options)))
        usual = settings_of(Arc(Given(config.scan)))
        for name in ("_skip_local", "_skip_authenticated", "_max_queries", "_jitter", "_trusted"):
            self.assertEqual(told[name], usual[name], name)

    def test_sealing_options(self) -> None:
        """The defaults of the table."""
        rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (true|false|`\"\w+\"`|) \|", self.text))
        self.assertLessEqual(set(rows), set(ArcSealing.options))
        usual = ArcSealing(Given(Config().scan))
        for name, default in rows.items():
            if default in ("true", "false"):
                options = {name: default == "true"}
                told = ArcSealing(Given(Config().scan, options))
                self.assertEqual(flags(told), flags(usual), name)
        self.assertEqual(rows["use_domain"], '`"recipient"`')


def flags(check: ArcSealing) -> tuple[object, ...]:
    """What options have come to."""
    return vars(check)["_reuses"], vars(vars(check)["_rules"])["_flags"]
