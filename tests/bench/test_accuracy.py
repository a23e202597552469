"""Accuracy is measured as it says: by label and source, at both limits, without DNS."""

import json
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import accuracy, accuracy_mail
from mailfilter.testing.messages import make_message

NORMALISE = 'def run(raw, redate):\n    return raw.replace(b"X-Label: spam\\n", b"")\n'

RULE = """
[[rule]]
symbol = "{symbol}"
score = {score}
group = "test"
description = "Says so"
target = "{target}"
match = '(?i){word}'
[rule.examples]
match = ["{example}"]
no_match = ["other"]
"""


class AccuracyTests(SynchronousTestCase):
    """Over a corpus of some messages."""

    def setUp(self) -> None:
        """Two messages of each label, one of them beyond a limit, and one with a wrong label."""
        self.folder = Path(self.mktemp()).absolute()
        texts = {
            "spam/1": "pills and more pills",
            "spam/2": "hello",
            "ham/3": "pills as news",
            "ham/4": "hello",
            "ham/bf803cfb07e2": "pills",
        }
        for name, text in texts.items():
            path = self.folder / "dev" / f"{name}.eml"
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = make_message(text=text, fields={"X-Label": path.parent.name})
            path.write_bytes(raw.replace(b"\r\n", b"\n"))
        manifest = ["path\tsource", "dev/spam/1.eml\tnewsletters", "dev/ham/3.eml\tlists"]
        (self.folder / "MANIFEST.tsv").write_text("\n".join(manifest) + "\n")
        self.rules = self.folder / "rules.toml"
        self.rules.write_text(
            RULE.format(symbol="PILLS", score=7, target="text", word="pills", example="pills")
            + RULE.format(
                symbol="MORE", score=9.0, target="text", word="more pills", example="more pills"
            )
            + RULE.format(
                symbol="LABEL", score=20, target="headers", word="X-Label: spam", example=""
            ).replace('match = [""]', 'match = ["X-Label: spam"]')
        )
        script = self.folder / "normalise.py"
        script.write_text(NORMALISE)
        self.patch(os, "environ", {**os.environ, "MAILFILTER_CORPUS": str(self.folder)})
        os.environ["MAILFILTER_NORMALISE"] = str(script)
        accuracy_mail._normalise.cache_clear()
        self.addCleanup(accuracy_mail._normalise.cache_clear)

    def lines(self, *arguments: str) -> list[str]:
        """What is printed, columns joined by one space."""
        given = accuracy.options().parse_args([*arguments, "--jobs", "1"])
        return [" ".join(line.split()) for line in accuracy.measure(given)]

    def test_table(self) -> None:
        """All, and each source; what receivers added is not looked at, wrong labels neither."""
        lines = self.lines("--rules", str(self.rules))
        self.assertEqual(lines[0], "dev: 4 messages, made normal by normalise.py")
        self.assertEqual(lines[2], "all 2 2 1 50.00 % 1 50.00 % 1 50.00 % 0 0.00 %")
        self.assertEqual(lines[3], "lists 0 1 - - 1 100.00 % 0 0.00 %")
        self.assertEqual(lines[4], "newsletters 1 0 1 100.00 % 1 100.00 % - -")
        self.assertEqual(lines[5], "unknown 1 1 0 0.00 % 0 0.00 % 0 0.00 % 0 0.00 %")

    def test_symbols(self) -> None:
        """Those that tell most apart are first; those asked for are told in their order."""
        lines = self.lines("--rules", str(self.rules))
        ranked = [line.split()[0] for line in lines[8:]]
        self.assertEqual(ranked, ["MORE", "PILLS"])
        self.assertEqual(lines[9], "PILLS 7.00 test 1 50.00 % 1 50.00 % 0.500")
        only = self.lines("--rules", str(self.rules), "--symbols", "LABEL,MORE")
        self.assertEqual(only[8], "LABEL 20.00 test 0 0.00 % 0 0.00 % -")
        self.assertEqual(only[9], "MORE 9.00 test 1 50.00 % 0 0.00 % 1.000")

    def test_lists(self) -> None:
        """Messages on the wrong side are listed with what was found of them."""
        lines = self.lines("--rules", str(self.rules), "--wrong", "--missed")
        wrong, missed = lines[-4], lines[-1]
        self.assertEqual(lines[-5], "ham taken for spam:")
        self.assertEqual(wrong, f"7.00 {self.folder}/dev/ham/3.eml lists PILLS(7)")
        self.assertEqual(missed, f"0.00 {self.folder}/dev/spam/2.eml unknown")

    def test_dump(self) -> None:
        """A line of JSON for each message."""
        path = self.folder / "dump"
        self.lines("--rules", str(self.rules), "--dump", str(path))
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual(len(rows), 4)
        self.assertEqual(rows[0]["symbols"], {"PILLS": 7.0, "MORE": 9.0})
        self.assertEqual([row["label"] for row in rows], ["spam", "spam", "ham", "ham"])

    def test_built_in(self) -> None:
        """The plan of the package runs, in processes of its own."""
        given = accuracy.options().parse_args(["--sample", "3", "--symbols", "FROM_HAS_DN"])
        first, *_, last = accuracy.measure(given)
        self.assertEqual(first, "dev: 3 messages, made normal by normalise.py")
        self.assertEqual(last.split()[0], "FROM_HAS_DN")
        self.assertEqual(last.count("100.00 %"), 2)

    def test_no_mail(self) -> None:
        """It is said what is missing."""
        self.assertRaises(accuracy_mail.CorpusError, self.lines, "--set", "train")
        del os.environ["MAILFILTER_CORPUS"]
        self.assertRaises(accuracy_mail.CorpusError, self.lines)
