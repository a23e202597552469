"""Learning is measured as it says: from one set, on another, sources apart, few, attacked."""

import argparse
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import accuracy_mail, learning
from mailfilter.testing.messages import make_message

NORMALISE = """
def run(raw, redate):
    raw = raw.replace(b"Date: spam", b"Date: now") if redate else raw
    return raw.replace(b"X-Label: spam", b"X-Label: ham")
"""
WORDS = {"spam": "cheap pills and winning prizes", "ham": "the kernel and its latest patches"}
SOURCES = {"spam": ("phishing_pot", "csdmc2010"), "ham": ("list:a.example", "csdmc2010")}


class LearningTests(SynchronousTestCase):
    """Over a corpus of some messages."""

    def setUp(self) -> None:
        """Messages that are easy to tell apart, of two sources for each label."""
        self.folder = Path(self.mktemp()).absolute()
        manifest = ["path\tsource"]
        for number in range(48):
            label = "spam" if number % 2 else "ham"
            name = f"{'dev' if number % 3 else 'train'}/{label}/{number}.eml"
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(make_message(text=f"{WORDS[label]} number {number}, {WORDS[label]}"))
            manifest.append(f"{name}\t{SOURCES[label][number % 4 < 2]}")
        (self.folder / "MANIFEST.tsv").write_text("\n".join(manifest) + "\n")
        script = self.folder / "normalise.py"
        script.write_text(NORMALISE)
        named = {"MAILFILTER_CORPUS": str(self.folder), "MAILFILTER_NORMALISE": str(script)}
        self.patch(os, "environ", {**os.environ, **named})
        accuracy_mail._normalise.cache_clear()
        self.addCleanup(accuracy_mail._normalise.cache_clear)
        self.patch(learning, "SIZES", (2, 4, 200))

    def given(self, *arguments: str) -> argparse.Namespace:
        """The command line, with one process."""
        fixed = ["--jobs", "1", "--orders", "2", "--draws", "2"]
        return learning.options().parse_args([*arguments, *fixed])

    def lines(self, *arguments: str) -> list[str]:
        """What is printed, columns joined by one space."""
        return [" ".join(line.split()) for line in learning.measure(self.given(*arguments))]

    def test_dev(self) -> None:
        """What was learned tells the other set apart, in each order."""
        first, _, title, logistic, osb2, osb5 = self.lines("--only", "dev")
        self.assertEqual(first, "train: 16 messages, dev: 32 messages, made normal by normalise.py")
        self.assertTrue(title.startswith("all learned, dev asked 1-AUC @0.1 @0.5 @1 log l. ECE"))
        self.assertTrue(logistic.startswith("logistic 0.000 100.0 100.0 100.0 "), logistic)
        self.assertTrue(logistic.endswith(" 1-AUC 0.000 to 0.000"), logistic)
        self.assertTrue(osb2.startswith("osb2 "), osb2)
        self.assertTrue(osb5.startswith("osb5 "), osb5)

    def test_sources(self) -> None:
        """A source of both labels alone, one of one label with such of the other."""
        lines = self.lines("--only", "sources", "--kinds", "logistic")[3:]
        self.assertEqual(
            [line.split(" logistic")[0] for line in lines],
            ["csdmc2010 24", "phishing and lists 24"],
        )

    def test_by_source(self) -> None:
        """Each source has its spam that is caught, and its ham that is not."""
        lines = self.lines("--only", "source", "--kinds", "logistic")[4:]
        self.assertEqual(
            lines,
            [
                "csdmc2010 logistic 8 100.0 % 8 0",
                "list:a.example logistic 0 - 8 0",
                "phishing_pot logistic 8 100.0 % 0 0",
            ],
        )

    def test_curve(self) -> None:
        """As many of one label as of the other, where there are enough; then all."""
        lines = self.lines("--only", "curve", "--kinds", "logistic")[3:]
        names = [line.split(" logistic")[0] for line in lines]
        self.assertEqual(names, ["2 + 2", "4 + 4", "all"])

    def test_attack(self) -> None:
        """The floor that is set lower is tried too, where there is one."""
        lines = self.lines("--only", "attack", "--kinds", "logistic,osb2")[3:]
        self.assertEqual(
            [line.split(" 1-AUC")[0].rsplit(" ", 6)[0] for line in lines],
            ["logistic floor -1.0", "logistic floor -0.5", "osb2"],
        )

    def test_cost(self) -> None:
        """Each step, and the goals."""
        lines = self.lines("--only", "cost")[3:]
        self.assertEqual(len(lines), 5)
        self.assertIn("goal 200", lines[3])

    def test_plots(self) -> None:
        """There is a plot for what was measured, and none for what was not."""
        folder = self.folder / "plots"
        lines = self.lines("--only", "dev", "--kinds", "logistic", "--plots", str(folder))
        written = [folder / "learning-roc.html", folder / "learning-calibration.html"]
        self.assertEqual(lines[-2:], list(map(str, written)))
        self.assertEqual(sorted(folder.iterdir()), sorted(written))

    def test_no_mail(self) -> None:
        """It is said what is missing, and what a name could be."""
        del os.environ["MAILFILTER_CORPUS"]
        self.assertRaises(accuracy_mail.CorpusError, self.lines)
        with self.assertRaises(SystemExit):
            self.given("--only", "dev,other")
