"""Where checks come from: the package, entry points, the operator's directory."""

import os
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import checks
from mailfilter.app.checks import CheckLoadError, load_checks, read_check_files
from mailfilter.checks import BUILT_IN, skeleton
from mailfilter.config import Config
from mailfilter.scan.check import Check
from mailfilter.scan.plan import build_plan

SOURCE = """
from mailfilter.scan.check import Check, Hit, Symbol

class Mine(Check):
    name = "mine"
    symbols = {"MINE": Symbol(1.0, "local", "always")}

    def run(self, task):
        return [Hit("MINE")]
"""


def load_from(directory: str) -> list[type[Check]]:
    """The checks of a directory, as the filter loads them."""
    return load_checks(*read_check_files(directory))


class DirectoryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir(mode=0o755)

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def error(self) -> str:
        return str(self.assertRaises(CheckLoadError, load_from, str(self.directory)))

    def test_none(self) -> None:
        self.assertEqual(tuple(load_checks())[: len(BUILT_IN)], BUILT_IN)

    def test_loaded(self) -> None:
        self.write("mine.py", SOURCE)
        self.write("notes.txt", "not Python")
        found = load_from(str(self.directory))
        self.assertEqual([check.name for check in found[len(BUILT_IN) :]], ["mine"])

    def test_missing_directory(self) -> None:
        self.directory.rmdir()
        self.assertEqual(self.error(), f"{self.directory}: No such file or directory")

    def test_broken_files(self) -> None:
        for text, expected in {
            "def": "SyntaxError",
            "import no_such_module": "ModuleNotFoundError",
            "raise KeyError('x')": "KeyError: 'x'",
            "x = 1": "holds no subclass of mailfilter.scan.check.Check",
            "import sys; sys.exit(3)": "SystemExit: 3",
            SOURCE.replace("    name =", "    title ="): "Mine.name: expected lower case letters",
            SOURCE.replace('"mine"', '"Mine!"'): "Mine.name: expected lower case letters",
            SOURCE.replace('"mine"', '"mine"; stage = "never"'): "Mine.stage: expected one of pre,",
            SOURCE.replace('"mine"', '"mine"; after = "gtube"'): "Mine.after: expected a tuple",
            SOURCE.replace("Symbol(1.0", "(1.0"): "Mine.symbols: expected names and Symbol(...)",
        }.items():
            path = self.write("mine.py", text)
            error = self.error()
            self.assertIn(str(path), error)
            self.assertIn(expected, error)

    def test_all_at_once(self) -> None:
        """Every file that is wrong is named, and the others are still at hand."""
        self.write("a.py", "def")
        self.write("b.py", SOURCE)
        self.write("c.py", "x = 1")
        error = self.assertRaises(CheckLoadError, load_from, str(self.directory))
        self.assertEqual(len(error.problems), 2)
        self.assertEqual(error.checks[-1].name, "mine")

    def test_skeleton(self) -> None:
        """The file to copy works where it is copied to."""
        assert skeleton.__file__ is not None
        self.write("mine.py", Path(skeleton.__file__).read_text())
        found = load_from(str(self.directory))
        self.assertEqual(found[-1].name, "skeleton")
        build_plan(Config(), found)

    def test_writable_by_others(self) -> None:
        """Row 45 of bad-input.md: code that someone else could have written does not run."""
        path = self.write("mine.py", SOURCE, 0o666)
        self.assertEqual(self.error(), f"{path}: is writable by others; expected chmod go-w")
        path.chmod(0o644)
        self.directory.chmod(0o777)
        self.assertIn("is writable by others", self.error())

    def test_owned_by_another(self) -> None:
        path = self.write("mine.py", SOURCE)
        self.patch(os, "geteuid", lambda: path.stat().st_uid + 1)
        if path.stat().st_uid != 0:
            self.assertIn("expected root or our own", self.error())
            return
        os.chown(path, 1234, -1)
        self.assertIn("belongs to user 1234", self.error())


class EntryPointTests(SynchronousTestCase):
    def offer(self, value: str) -> None:
        point = EntryPoint("theirs", value, checks.ENTRY_POINT_GROUP)
        self.patch(checks, "entry_points", lambda group: EntryPoints([point]))

    def test_loaded(self) -> None:
        self.offer("mailfilter.checks.skeleton:Skeleton")
        self.assertEqual(load_checks()[-1].name, "skeleton")

    def test_broken(self) -> None:
        for value, expected in {
            "no.such:Thing": "ModuleNotFoundError",
            "mailfilter.checks.skeleton:Hit": "expected a subclass of Check",
        }.items():
            self.offer(value)
            error = self.assertRaises(CheckLoadError, load_checks)
            self.assertIn(f"entry point theirs ({value})", str(error))
            self.assertIn(expected, str(error))
