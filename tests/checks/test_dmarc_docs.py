"""What docs/authentication.md says of DMARC holds."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.author_named import MAX_NAMED
from mailfilter.auth.dmarc_tree import MAX_LABELS
from mailfilter.checks import BUILT_IN
from mailfilter.checks.dmarc import OUTCOMES, Dmarc
from mailfilter.config.load import load
from mailfilter.config.model import Config
from mailfilter.scan.auth_results import field_value
from mailfilter.scan.check import Given
from mailfilter.scan.plan import build_plan
from mailfilter.scan.verdict import Action, AuthResult
from mailfilter.testing.checks import run_check
from mailfilter.testing.fake_dns import FakeDns

from .dmarc_case import ENVELOPE, NO_SPF
from .settings_case import settings_of

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8").partition("\n## DMARC\n")[2].partition("\n## ")[0]

    def test_symbols(self) -> None:
        """Each with its score."""
        rows = re.findall(r"(?m)^\| `(DMARC_\w+)` \| (\S+) \|", self.text)
        self.assertEqual(
            {name: float(score) for name, score in rows},
            {name: symbol.score for name, symbol in Dmarc.symbols.items()},
        )

    def test_configurations(self) -> None:
        """They can be loaded; two give actions, one the options that hold without them."""
        actions, doubt, usual = (self.check(config) for config in self.configs())
        self.assertEqual(
            actions._actions, {"reject": Action.REJECT, "quarantine": Action.ADD_HEADER}
        )
        self.assertEqual(doubt._actions, {"no_author": Action.REJECT})
        default = settings_of(Dmarc(Given(Config().scan)))
        told = settings_of(usual)
        for name in default.keys() - {"given", "_local"}:
            self.assertEqual(told[name], default[name], name)
        settings = usual.given.options
        self.assertEqual(tuple(settings), Dmarc.options)

    def configs(self) -> list[Config]:
        """What the blocks come to."""
        found = []
        for block in re.findall(r"(?s)```toml\n(.*?)```", self.text):
            path = Path(self.mktemp())
            path.write_text(block)
            found.append(load(str(path.absolute())).config)
            build_plan(found[-1], BUILT_IN)
            timeout = found[-1].checks["dmarc"].timeout
            self.assertIn(timeout, (None, found[-1].scan.check_timeout))
        return found

    def check(self, config: Config) -> Dmarc:
        """The check of a configuration."""
        return Dmarc(Given(config.scan, config.checks["dmarc"].options))

    def test_words(self) -> None:
        """The other outcomes, and numbers that are no options."""
        others = [outcome for outcome in OUTCOMES if outcome not in ("reject", "quarantine")]
        named = ", ".join(f"`{outcome}`" for outcome in others[:-1]) + f" and `{others[-1]}`"
        self.assertIn(f"The others are {named}.", self.text)
        self.assertEqual((MAX_NAMED, MAX_LABELS), (5, 7))
        self.assertIn("(up to five)", self.text)
        self.assertIn("up to eight records", self.text)

    def test_field(self) -> None:
        """The one that is shown is what a failure looks like."""
        dns = FakeDns('_dmarc.example.net TXT "v=DMARC1; p=reject"')
        raw = b"From: bob@example.net\r\n\r\n"
        found = run_check(Dmarc, raw, ENVELOPE, auth_results=[NO_SPF], resolver=dns)
        results = [item for item in found if isinstance(item, AuthResult)]
        self.assertIn(
            f"Authentication-Results: {field_value('mx.example.org', results)}\n", self.text
        )
