"""What holds for the whole tree: names it must not hold, sizes, packages of tests, change log."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter import __version__

ROOT = Path(__file__).parents[1]

LONG_FILE = 400
"""Lines; a longer file says in its docstring why it is one file."""

REASON = re.compile(r"\b(long|length|lines|one file|one place|together)\b", re.IGNORECASE)
"""What counts as such a reason: the docstring speaks of the file's size or of keeping it whole."""

NOT_OURS = frozenset(
    {".git", ".venv", ".peers", ".mypy_cache", ".ruff_cache", ".hypothesis", "build", "dist"}
)
"""Folders with files that are not part of the tree."""

CI_SCRIPT = Path(".ci/run")
"""The one file that knows where the mail archives lie."""

# In pieces, so that this file does not hold what it looks for.
ARCHIVES = b"../" + b"shared"
REGISTRIES = tuple(
    b".".join(parts)
    for parts in (
        (b"pypi", b"org"),
        (b"pythonhosted", b"org"),
        (b"crates", b"io"),
        (b"npmjs", b"org"),
        (b"npmjs", b"com"),
        (b"golang", b"org"),
        (b"maven", b"org"),
        (b"deb", b"debian", b"org"),
        (b"security", b"debian", b"org"),
    )
)


def listed_by_git() -> list[Path] | None:
    """The files of the checkout that git knows or would add; `None` if this is no checkout."""
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return [Path(os.fsdecode(name)) for name in done.stdout.split(b"\0") if name]


def found_in_folders() -> Iterator[Path]:
    """The files of an unpacked source distribution."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name not in NOT_OURS and not name.startswith("_trial_temp")
        ]
        for name in files:
            yield (Path(folder) / name).relative_to(ROOT)


def tree() -> list[Path]:
    """All files of the tree, relative to its root."""
    listed = listed_by_git()
    found = found_in_folders() if listed is None else listed
    return sorted(path for path in set(found) if (ROOT / path).is_file())


def has_reason(source: str) -> bool:
    """Tell whether a module's docstring says why the module is long."""
    return bool(REASON.search(ast.get_docstring(ast.parse(source)) or ""))


class TreeTests(SynchronousTestCase):
    """Every file of the tree."""

    def test_no_foreign_places(self) -> None:
        """The tree names neither the place of the mail archives nor a package registry."""
        bad = []
        for path in tree():
            content = (ROOT / path).read_bytes()
            names = REGISTRIES if path == CI_SCRIPT else (ARCHIVES, *REGISTRIES)
            bad += [(str(path), name) for name in names if name in content]
        self.assertEqual(bad, [])

    def test_long_files_say_why(self) -> None:
        """A file over the limit has the reason in its docstring."""
        bad = []
        for path in tree():
            if path.suffix != ".py" or path.parts[0] not in ("mailfilter", "tests", "bench"):
                continue
            source = (ROOT / path).read_text("utf-8")
            if source.count("\n") > LONG_FILE and not has_reason(source):
                bad.append(str(path))
        self.assertEqual(bad, [])

    def test_reason(self) -> None:
        """Only the docstring counts as the reason."""
        self.assertTrue(has_reason('"""One file, since the tables belong together."""\n'))
        self.assertFalse(has_reason('"""The parser."""\n# long\n'))

    def test_packages_of_tests(self) -> None:
        """A folder with tests is a package: without `__init__.py` trial would pass it over."""
        folders = {path.parent for path in tree() if path.parts[0] == "tests"}
        bad = [
            str(folder)
            for folder in folders
            if any((ROOT / folder).glob("test_*.py"))
            and not (ROOT / folder / "__init__.py").exists()
        ]
        self.assertEqual(bad, [])

    def test_packages_of_source(self) -> None:
        """A folder with modules is a package: without `__init__.py` the wheel would lack it."""
        folders = {path.parent for path in tree() if path.parts[0] == "mailfilter"}
        bad = [
            str(folder)
            for folder in folders
            if any((ROOT / folder).glob("*.py")) and not (ROOT / folder / "__init__.py").exists()
        ]
        self.assertEqual(bad, [])


class ChangeLogTests(SynchronousTestCase):
    """`changes.d` and CHANGES.md."""

    def fragments(self) -> list[Path]:
        """The fragments for the next release."""
        folder = ROOT / "changes.d"
        if not folder.is_dir():
            raise SkipTest("a source distribution has no changes.d")
        return [path for path in folder.iterdir() if not path.name.startswith((".", "README"))]

    def test_fragment_names(self) -> None:
        """Every fragment has a name that towncrier takes, and says something."""
        name = re.compile(r"(\+[a-z0-9-]+|[0-9]+)\.(feature|bugfix|doc|removal|misc)\.md")
        for path in self.fragments():
            self.assertTrue(name.fullmatch(path.name), path.name)
            self.assertTrue(path.read_text("utf-8").strip(), path.name)

    def test_next_release_says_something(self) -> None:
        """There is a fragment, unless the version was just released."""
        released = f"## mailfilter {__version__} " in (ROOT / "CHANGES.md").read_text("utf-8")
        self.assertTrue(released or self.fragments(), "add a file to changes.d")
