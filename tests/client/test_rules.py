"""`mailfilteradm rules`: which rules there are, and what they make of messages."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.rules import rule
from mailfilter.rules.ruleset import RuleSet, compiled, read_rules
from tests.rules.case import HEAD

RULES = rf"""{HEAD}symbol = "ASKS"
when = "ends & !thread"
[rule.patterns]
ends = {{match = '\?\s*$', target = "subject"}}
thread = {{match = '^', target = "header:references"}}
[rule.examples]
match = "Subject: what?"
no_match = ["Subject: what?\nReferences: <a@example.org>", "Subject: what"]
{HEAD}symbol = "WATCHED"
target = "body"
match = 'x'
flags = "i"
shadow = true
"""
BAD = f'{HEAD}symbol = "BAD"\ntarget = "body"\nmatch = "["\n'


@rule("OURS", score=3, group="mine", description="in Python")
def ours(task: object) -> bool:
    """Always."""
    return True


def rule_set(text: str) -> RuleSet:
    """Rules of a file, and one in Python."""
    return compiled(read_rules((), [("r.toml", text.encode())], [ours]))


class RulesTests(SynchronousTestCase):
    """What the commands print."""

    def run_rules(self, *words: str, text: str = RULES) -> Result:
        """Run a command with a configuration that has such rules."""

        def no_page(path: str | None) -> dict[str, object]:
            return {}

        def no_load(path: str | None) -> tuple[object, object]:
            raise AssertionError

        knowledge = Knowledge(no_load, no_page, lambda path: rule_set(text))  # type: ignore[arg-type]
        return CliRunner().invoke(main, ["rules", *words], obj=knowledge)

    def write(self, name: str, text: str) -> str:
        """A file; returns its path."""
        folder = Path(self.mktemp())
        folder.mkdir()
        path = folder / name
        path.write_text(text, "utf-8")
        return str(path)

    def test_list(self) -> None:
        """Each rule on a line, by symbol."""
        lines = self.run_rules("list").stdout.splitlines()
        self.assertEqual(
            [line.split()[:3] for line in lines],
            [
                ["ASKS", "1", "test"],
                ["OURS", "3", "mine"],
                ["WATCHED", "0", "test"],
            ],
        )
        self.assertTrue(lines[2].endswith("a test (shadow)"), lines)

    def test_list_json(self) -> None:
        """The same for programs, with places."""
        first, second, _ = json.loads(self.run_rules("list", "--json").stdout)
        self.assertEqual(
            first,
            {
                "symbol": "ASKS",
                "score": 1,
                "group": "test",
                "description": "a test",
                "shadow": False,
                "place": "r.toml:5",
            },
        )
        self.assertIn("test_rules.py:", second["place"])

    def test_test(self) -> None:
        """What is right is counted, what is wrong is told with its place."""
        result = self.run_rules("test")
        self.assertEqual((result.exit_code, result.stdout), (0, "ok: 3 rules, 3 examples\n"))
        result = self.run_rules("test", text=RULES + BAD)
        self.assertEqual(result.exit_code, 1)
        self.assertTrue(result.stdout.startswith("r.toml:28: BAD: no expression: "), result.stdout)

    def test_test_files(self) -> None:
        """Files that no configuration has yet."""
        path = self.write("a.toml", RULES)
        result = self.run_rules("test", path)
        self.assertEqual((result.exit_code, result.stdout), (0, "ok: 2 rules, 3 examples\n"))
        wrong = self.write("b.toml", RULES.replace('"Subject: what"]', '"Subject: why?"]'))
        result = self.run_rules("test", wrong)
        expected = f"{wrong}:5: ASKS: matches its no_match example 'Subject: why?'\n"
        self.assertEqual((result.exit_code, result.stdout), (1, expected))
        result = self.run_rules("test", f"{path}.none")
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("No such file", result.stderr)
        result = self.run_rules("test", path, "--config", path)
        self.assertEqual((result.exit_code, result.stdout), (2, ""))

    def test_explain(self) -> None:
        """Patterns, and what they find in a message."""
        message = self.write("m.eml", "Subject: wh\u0007y?\n\nx")
        self.assertEqual(
            self.run_rules("explain", "ASKS", message).stdout,
            r"""ASKS: a test
  place    r.toml:5
  score    1
  fires    ends & !thread
  ends     \?\s*$ in header:subject
           matches: wh\x07y?
  thread   ^ in header:references
           does not match: nothing is there
  fires
""",
        )
        message = self.write("m.eml", f"Subject: y\n\n{'y' * 500}")
        result = self.run_rules("explain", "WATCHED", message)
        self.assertIn(f"does not match: {'y' * 300}...\n  does not fire\n", result.stdout)

    def test_explain_alone(self) -> None:
        """Without a message the rule is shown."""
        expected = "WATCHED: a test\n  place    r.toml:17\n  score    1 (shadow)\n"
        result = self.run_rules("explain", "WATCHED")
        self.assertEqual(result.stdout, f"{expected}  match    x (i) in body\n")
        self.assertIn("OURS: in Python (", self.run_rules("explain", "OURS").stdout)
        result = self.run_rules("explain", "NONE")
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("no rule has the symbol NONE", result.stderr)
