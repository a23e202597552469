"""What docs/authentication.md says of aggregate reports holds."""

import re
import shlex
from pathlib import Path
from typing import get_args

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.adm import main
from mailfilter.client.dmarc_marks import MAX_ATTEMPTS
from mailfilter.client.dmarc_run import MAX_FAILURES, State
from mailfilter.config.load import load
from mailfilter.config.model import DmarcReports
from mailfilter.report import dmarc_rows

PAGE = Path(__file__).parents[2] / "docs/authentication.md"


class DocsTests(SynchronousTestCase):
    def setUp(self) -> None:
        text = PAGE.read_text("utf-8").partition("\n## Aggregate reports\n")[2]
        self.text = re.split(r"\n## (?!#)", text)[0]

    def test_configuration(self) -> None:
        """It can be loaded, has every key, and but for the first three the values are usual."""
        (block,) = re.findall(r"(?s)```toml\n(.*?)```", self.text)
        path = Path(self.mktemp())
        path.write_text(block)
        told, usual = load(str(path.absolute())).config.dmarc_reports, DmarcReports()
        for name in DmarcReports.__slots__:
            self.assertIn(f"\n{name} = ", block)
            if name not in ("enabled", "organization", "address"):
                self.assertEqual(getattr(told, name), getattr(usual, name), name)

    def test_states(self) -> None:
        """All of them."""
        self.assertEqual(re.findall(r"(?m)^\| `([a-z ]+)` \|", self.text), [*get_args(State)])

    def test_numbers(self) -> None:
        self.assertEqual((MAX_ATTEMPTS, MAX_FAILURES), (50, 10))
        self.assertIn(f"up to {dmarc_rows.MAX_WAITING:,} messages", self.text)
        self.assertIn(f"and {dmarc_rows.MAX_ROWS:,} rows", self.text)

    def test_commands(self) -> None:
        """There are such commands, with such options."""
        found = re.findall(r"mailfilteradm (dmarc [^`\n]*)", self.text)
        self.assertGreater(len(found), 4)
        for line in found:
            group, name, *words = shlex.split(line)
            shown = CliRunner().invoke(main, [group, name, "--help"])
            self.assertEqual(shown.exit_code, 0, line)
            for word in words:
                if word.startswith("-"):
                    self.assertIn(word, shown.stdout, line)
