"""The page of symbols, and the names and scores that dashboards and sieve scripts rely on."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.reference import PAGE, render_symbols

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "tests" / "data" / "symbols.tsv"


class ReferenceTests(SynchronousTestCase):
    def test_page(self) -> None:
        """The page in the repository is what the code gives; `make docs` writes it anew."""
        self.assertEqual((ROOT / PAGE).read_text("utf-8"), render_symbols())

    def test_names_scores_and_groups(self) -> None:
        """Every symbol of ours that Rspamd has too has its group and default score."""
        theirs = {}
        for line in TABLE.read_text("utf-8").splitlines()[1:]:
            name, group, score = line.split("\t")[:3]
            theirs[name] = (group, float(score or 0))
        ours = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in render_symbols().splitlines()
            if line.startswith("| `")
        ]
        known = 0
        for name, score, group, _check, _meaning in ours:
            expected = theirs.get(name.strip("`"))
            if expected is not None:
                known += 1
                self.assertEqual((group, float(score)), expected, name)
        self.assertGreater(known, 25)
