"""The operator's rules, in all workers of the running filter."""

import functools
import shutil
from pathlib import Path

from tests.live.controller_case import make_controlled, meet_workers
from tests.live.harness import Filter
from tests.live.workers_case import WorkersCase

RULE = """[[rule]]
symbol = "{symbol}"
score = 0.5
group = "mine"
description = "a rule of our own"
target = "subject"
match = '{match}'
"""


@functools.cache
def own_filter() -> Filter:
    """Two workers that tell who they are, and a directory of rules."""
    own = make_controlled()
    folder = own.home / "rules.d"
    folder.mkdir(mode=0o755)
    own.configure(f"rules.dirs = ['{folder}']")
    return own


class RulesTests(WorkersCase):
    """Rules that change while it serves."""

    def make_filter(self) -> Filter:
        """One that has no rules yet but those that come with it."""
        own = own_filter()
        shutil.rmtree(Path(own.state, "rules"), ignore_errors=True)
        own.start()
        self.addCleanup(self.end, own)
        return own

    def write(self, symbol: str, match: str = ".", name: str = "a.toml") -> Path:
        """Write a file with one rule."""
        path = self.filter.home / "rules.d" / name
        path.write_text(RULE.format(symbol=symbol, match=match))
        path.chmod(0o644)
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def expect(self, *symbols: str) -> None:
        """Of ours, just these fire in each worker."""
        for worker in meet_workers(self.filter):
            found = {name for name in worker.symbols() if name.startswith("MINE_")}
            self.assertEqual(found, set(symbols))
            worker.close()

    def test_reload(self) -> None:
        """New, changed and removed rules are those of all workers after a reload, and kept."""
        self.expect()
        path = self.write("MINE_A")
        self.expect()
        self.assertEqual(self.reload().warnings, ())
        self.expect("MINE_A")
        self.write("MINE_B")
        self.assertEqual(self.reload().warnings, ())
        self.expect("MINE_B")
        path.unlink()
        self.reload()
        self.expect()
        kept = list(Path(self.filter.state, "rules").glob("*.rules"))
        self.assertEqual(len(kept), 3)

    def test_broken(self) -> None:
        """A broken rule is told once by the reload, and the others work."""
        self.write("MINE_A")
        self.write("MINE_BAD", "[", "b.toml")
        (warning,) = self.reload().warnings
        self.assertIn("rules.d/b.toml:7: MINE_BAD: no expression: ", warning)
        self.expect("MINE_A")
