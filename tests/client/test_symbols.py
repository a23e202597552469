"""`mailfilteradm symbols`: what it lists, and what it leaves out."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.plan import load_all, plan_of
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge

CONFIG = """\
[symbols.MISSING_MID]
score = 1.5

[symbols.MISSING_TO]
group = "mine"

[composites.NOTHING_AT_ALL]
expression = "MISSING_MID & MISSING_TO"
score = 3

[checks.missing_headers]
enabled = false
"""


class SymbolsTests(SynchronousTestCase):
    """What the command prints."""

    def run_symbols(self, *words: str, config: str = "") -> Result:
        """Run it with a configuration."""
        path = Path(self.mktemp())
        path.write_text(config)
        knowledge = Knowledge(load_all, page_of_files, plan=plan_of)
        return CliRunner().invoke(main, ["symbols", *words, "--config", str(path)], obj=knowledge)

    def names(self, *words: str, config: str = "") -> list[str]:
        """The symbols that are listed."""
        result = self.run_symbols(*words, config=config)
        self.assertEqual((result.exit_code, result.stderr), (0, ""))
        return [line.split()[0] for line in result.stdout.splitlines()]

    def rows(self, *words: str, config: str = "") -> dict[str, dict[str, object]]:
        """The same as values."""
        result = self.run_symbols("--json", *words, config=config)
        self.assertEqual((result.exit_code, result.stderr), (0, ""))
        return {row["symbol"]: row for row in json.loads(result.stdout)}

    def test_line(self) -> None:
        result = self.run_symbols("MISSING_MID")
        self.assertEqual(
            result.stdout.split(maxsplit=5),
            ["MISSING_MID", "2.5", "headers", "missing_headers", "compatible", "no Message-ID\n"],
        )
        result = self.run_symbols("NEURAL_HAM")
        self.assertEqual(
            result.stdout.split()[:5], ["NEURAL_HAM", "-3", "neural", "-", "not-built"]
        )

    def test_all(self) -> None:
        """Those of checks, of rules and of Rspamd; not those that tell of a failed check."""
        names = self.names()
        self.assertEqual(names, sorted(set(names)))
        wanted = {"MISSING_MID", "SUBJECT_ENDS_QUESTION", "BARE_DOT_LINE", "BAYES_SPAM"}
        self.assertEqual(wanted & set(names), wanted)
        self.assertEqual([name for name in names if name == "MISSING_HEADERS_FAIL"], [])

    def test_filters(self) -> None:
        """Each of them alone, and two together."""
        ours = self.names("--standing", "ours")
        self.assertIn("BARE_DOT_LINE", ours)
        self.assertNotIn("MISSING_MID", ours)
        self.assertEqual(
            self.names("--standing", "not-built", "neural_*"), ["NEURAL_HAM", "NEURAL_SPAM"]
        )
        self.assertIn("MISSING_TO", self.names("--found-by", "missing_headers"))
        self.assertEqual(self.names("--group", "statistics", "*ham"), ["BAYES_HAM"])
        self.assertNotIn("NEURAL_HAM", self.names("--standing", "compatible"))

    def test_none(self) -> None:
        """Not one is an exit status, in both forms."""
        result = self.run_symbols("NO_SUCH_*")
        self.assertEqual((result.exit_code, result.output), (1, ""))
        result = self.run_symbols("NO_SUCH_*", "--json")
        self.assertEqual((result.exit_code, json.loads(result.stdout)), (1, []))

    def test_configuration(self) -> None:
        """Scores, groups, composites and checks are those of the configuration."""
        rows = self.rows(config=CONFIG)
        self.assertEqual(
            rows["MISSING_MID"],
            {
                "symbol": "MISSING_MID",
                "score": 1.5,
                "group": "headers",
                "description": "no Message-ID",
                "check": "missing_headers",
                "enabled": False,
                "standing": "compatible",
                "default_of_rspamd": 2.5,
            },
        )
        self.assertEqual(rows["MISSING_TO"]["group"], "mine")
        composite = rows["NOTHING_AT_ALL"]
        self.assertEqual((composite["check"], composite["enabled"]), ("composites", True))
        self.assertEqual((composite["standing"], composite["default_of_rspamd"]), ("ours", None))
        line = self.run_symbols("MISSING_MID", config=CONFIG).stdout
        self.assertIn("missing_headers (off)", line)
        self.assertEqual(self.names("--group", "mine", config=CONFIG), ["MISSING_TO"])

    def test_not_built(self) -> None:
        """Nothing finds it."""
        row = self.rows("NEURAL_SPAM")["NEURAL_SPAM"]
        self.assertEqual((row["check"], row["enabled"]), (None, False))
        self.assertEqual(row["default_of_rspamd"], 3.0)

    def test_wrong_configuration(self) -> None:
        result = self.run_symbols(config="[symbols.NO_SUCH]\nscore = 1\n")
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("no symbol is named NO_SUCH", result.stderr)

    def test_wrong_standing(self) -> None:
        result = self.run_symbols("--standing", "theirs")
        self.assertEqual((result.exit_code, result.stdout), (2, ""))
        self.assertIn("compatible", result.stderr)
