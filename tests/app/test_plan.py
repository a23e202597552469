"""The configuration with its checks: every mistake at once, each once."""

from mailfilter.app.plan import load_all
from mailfilter.config import Config, ConfigError, Origin
from mailfilter.config.problem import MAX_PROBLEMS
from tests.config.case import ConfigCase

CHECK = """
from mailfilter.scan.check import Check, Symbol

class Ours(Check):
    name = "ours"
    symbols = {"OURS": Symbol(1.0, "our_group", "ours")}

    def run(self, task):
        return ()
"""
BROKEN = "import nothing_of_this_name"

THEIR_NAMES = """
[profiles.p]
disable = ["ours", "theirs"]
disable_groups = ["our_group"]
symbols.THEIRS = 1
[checks.theirs]
enabled = false
[symbols.THEIRS]
score = 1
[groups.their_group]
[composites.A]
expression = "OURS & (THEIRS | g:their_group)"
"""


class LoadAllTests(ConfigCase):
    """From files to the plan."""

    def found(self, text: str, **fragments: str) -> list[str]:
        """What is wrong with such files, with the folder taken out."""
        for name, fragment in fragments.items():
            self.write(f"conf.d/{name}.toml", fragment)
        path = self.write("m.toml", text)
        with self.assertRaises(ConfigError) as caught:
            load_all(path)
        return str(caught.exception).replace(f"{self.folder}/", "").splitlines()

    def test_right(self) -> None:
        """Checks of one's own, and names that only they know."""
        loaded, plan = load_all(None)
        self.assertEqual(loaded.config, Config())
        self.write("checks/ours.py", CHECK)
        names = THEIR_NAMES.replace("theirs", "ours").replace("THEIRS", "OURS")
        names = names.replace("their_group", "our_group")
        _loaded, plan = load_all(self.write("m.toml", f"scan.check_dir = 'checks'\n{names}"))
        self.assertIn("OURS", plan.symbols)

    def test_layers(self) -> None:
        """What is wrong in single values, between them, and with the plan: by file and line."""
        text = """
[profiles.p]
disable = ["gtub"]
[scan]
timeout = 8
[checks.y]
[composites.A]
expression = "B & ("
[actions]
reject = 3
"""
        places = [
            line.partition(": ")[0] for line in self.found(text, x="[symbols.Z]\nscore = 'x'")
        ]
        lines = [f"m.toml:{line}" for line in (3, 5, 6, 8, 10)]
        self.assertEqual(places, [*lines, "conf.d/x.toml:2", "conf.d/x.toml:2"])

    def test_lost_names(self) -> None:
        """A name is known where what was to give it is wrong itself."""
        for text, place in (
            (
                "composites.A = { expression = 1, group = 'x', enabled = true }\n"
                "composites.B.expression = 'A & g:x'\nsymbols.A.score = 2\ngroups.x = {}\n",
                "m.toml:1",
            ),
            (
                "symbols.DATE_MISSING = 1\nprofiles.p.disable_groups = ['x']\ngroups.x = {}",
                "m.toml:1",
            ),
            ("composites.A.expression = 'g:x'\ncomposites.A.group = 1", "m.toml:2"),
            ("composites = 1\nprofiles.p.symbols.A = 1\ngroups.x = {}", "m.toml:1"),
            ("composites.A.expression = 'B'\n[composite.B]\nexpression = 'A'", "m.toml:2"),
            (f"scan.check_dir = 5{THEIR_NAMES}", "m.toml:1"),
            (f"{THEIR_NAMES}[scann]\ncheck_dir = 'checks'", "m.toml:13"),
        ):
            found = self.found(text)
            self.assertEqual([line.partition(": ")[0] for line in found], [place], found)

    def test_unloaded_checks(self) -> None:
        """Names that may be those of checks that were not loaded are not complained about."""
        self.write("checks/a.py", BROKEN)
        self.write("checks/b.py", "")
        self.write("checks/ours.py", CHECK)
        text = f"[scan]\ncheck_dir = 'checks'\n{THEIR_NAMES}[checks.ours.options]\nx = 1\n"
        first, second, third = self.found(text + "[composites.B]\nexpression = ''")[:3]
        self.assertTrue(first.startswith("m.toml:2: scan.check_dir: checks/a.py: "), first)
        self.assertTrue(second.startswith("m.toml:2: scan.check_dir: checks/b.py: "), second)
        self.assertEqual(third, "m.toml:16: checks.ours.options.x: no option is named x")
        self.assertEqual(len(self.found(text + "[composites.B]\nexpression = ''")), 4)

    def test_unreadable(self) -> None:
        """With a file that cannot be read names may be missing: only the files are told of."""
        found = self.found(THEIR_NAMES, x="a = ")
        self.assertEqual([line.partition(": ")[0] for line in found], ["conf.d/x.toml:1"])

    def test_many(self) -> None:
        """There is an end to what is told."""
        text = "".join(f"[checks.x{number}]\n" for number in range(MAX_PROBLEMS + 50))
        found = self.found(text)
        self.assertEqual(len(found), MAX_PROBLEMS + 1)
        self.assertEqual(found[-1], "more problems are not shown")

    def test_place(self) -> None:
        """A table in which nothing is set has a place too."""
        loaded, _plan = load_all(self.write("m.toml", "\n[checks.gtube]"))
        self.assertEqual(loaded.origin("checks.gtube"), Origin(str(self.folder / "m.toml"), 2))
