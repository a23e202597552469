"""What docs/rules.md and docs/writing-checks.md show works."""

import os
import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.rules import load_rule_set, read_rule_files
from mailfilter.client.adm import main
from mailfilter.config.load import load
from mailfilter.config.model import RuleSettings
from mailfilter.rules import load as loading
from mailfilter.rules.budget import MAX_OVERRUNS, SECONDS
from mailfilter.rules.ruleset import compiled, read_rules
from mailfilter.rules.target import MAX_OCTETS, MAX_VALUES, read_target

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, kind: str) -> list[str]:
    """The blocks of a page that are in some language."""
    return re.findall(rf"(?s)```{kind}\n(.*?)```", (DOCS / page).read_text("utf-8"))


class RulesPageTests(SynchronousTestCase):
    """docs/rules.md."""

    def setUp(self) -> None:
        """Read it."""
        self.text = (DOCS / "rules.md").read_text("utf-8")

    def test_rules(self) -> None:
        """Those that are shown do what their examples say."""
        found = [text for text in blocks("rules.md", "toml") if "[[rule]]" in text]
        for text in found:
            rules = compiled(read_rules((), [("page", text.encode())]))
            self.assertEqual((len(rules.rules), rules.troubles), (1, ()), text)
        self.assertEqual(len(found), 2)

    def test_configuration(self) -> None:
        """The directory is one that the configuration can name."""
        (text,) = (text for text in blocks("rules.md", "toml") if "[rules]" in text)
        path = Path(self.mktemp()).absolute()
        path.write_text(text)
        config = load(str(path)).config
        self.assertEqual(config.rules.dirs, ("/etc/mailfilter/rules.d",))

    def test_keys(self) -> None:
        """All keys of a rule are told, and no others."""
        table = self.text.partition("## A rule")[2].partition("## Targets")[0]
        self.assertEqual(set(re.findall(r"(?m)^\| `(\w+)` \|", table)), set(loading.RULE_KEYS))

    def test_targets(self) -> None:
        """All targets are told, and no others."""
        table = self.text.partition("## Targets")[2].partition("## Expressions")[0]
        cells = re.findall(r"(?m)^\| (`.*?) \|", table)
        names = {name for cell in cells for name in re.findall(r"`([\w:]+)`", cell)}
        for name in names:
            read_target(name.replace("NAME", "from"))
        kinds = {name.partition(":")[0] for name in names}
        message = str(self.assertRaises(ValueError, read_target, ""))
        known = message.partition("one of ")[2].partition(", got")[0].split(", ")
        self.assertEqual(kinds, {name.partition(":")[0] for name in known})

    def test_figures(self) -> None:
        """Bounds are those of the code."""
        self.assertEqual((MAX_OCTETS, MAX_VALUES), (2**20, 1000))
        self.assertEqual((SECONDS, MAX_OVERRUNS), (0.02, 10))
        for words in ("a MiB is searched", "1000 values", "within 20 ms", "for 10 messages"):
            self.assertIn(words, self.text)

    def test_command(self) -> None:
        """The command answers as shown."""
        (shown,) = blocks("rules.md", "console")
        command, expected = shown.removeprefix("$ mailfilteradm ").split("\n", 1)
        rule = next(text for text in blocks("rules.md", "toml") if "LOTTERY" in text)
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "lottery.toml").write_text(rule, "utf-8")
        *words, name = command.split()
        result = CliRunner().invoke(main, [*words, str(folder / name)])
        self.assertEqual((result.exit_code, result.stdout), (0, expected))


class WritingPageTests(SynchronousTestCase):
    """docs/writing-checks.md."""

    def setUp(self) -> None:
        """Write the files of the page."""
        self.folder = Path(self.mktemp()).absolute()
        (self.folder / "rules.d").mkdir(parents=True)
        for text in blocks("writing-checks.md", "python"):
            name = text.splitlines()[0].removeprefix("# ")
            (self.folder / name).write_text(text, "utf-8")

    def test_example(self) -> None:
        """The test that is shown passes, by the command that is shown."""
        (command,) = blocks("writing-checks.md", "sh")
        setting, _python, *words = command.split()
        name, value = setting.split("=")
        root = str(DOCS.parent)
        environ = os.environ | {name: os.pathsep.join([value, root])}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Ran 2 tests", done.stderr)

    def test_loads(self) -> None:
        """The filter takes the file of the page."""
        settings = RuleSettings(dirs=(str(self.folder / "rules.d"),), built_in=False)
        found = load_rule_set(settings, read_rule_files(settings)).rules
        self.assertEqual(found.troubles, ())
        names = [(rule.name, rule.symbol.score) for rule in found.python]
        self.assertEqual(names, [("HELO_NO_DOT", 0.0), ("MANY_LINK_DOMAINS", 1.5)])
