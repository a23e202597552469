"""Every mistake at once, each with its place."""

import os

from mailfilter.config import ConfigError, Problem, load
from mailfilter.config.files import MAX_FILES
from mailfilter.config.problem import MAX_PROBLEMS

from .bad_files import EVERYTHING, FOUND, FRAGMENT, ONE_BY_ONE
from .case import ConfigCase


class ProblemTests(ConfigCase):
    """What is wrong, and where."""

    def test_everything_at_once(self) -> None:
        """One load tells of every mistake in all files, in order."""
        self.maxDiff = None
        found = "\n".join(self.problems(EVERYTHING, x=FRAGMENT)) + "\n"
        self.assertEqual(found, FOUND)

    def test_one_by_one(self) -> None:
        """Mistakes that keep others from being seen, and rare ones."""
        for text, problem in ONE_BY_ONE:
            self.assertEqual(self.problems(text), [problem])

    def test_fields(self) -> None:
        """A problem has all its parts by name."""
        with self.assertRaises(ConfigError) as caught:
            self.load('[scan]\ntimout = "8s"')
        (problem,) = caught.exception.problems
        path = str(self.folder / "m.toml")
        expected = Problem(
            path, 2, "scan.timout", '"8s"', "unknown key", "did you mean scan.timeout?"
        )
        self.assertEqual(problem, expected)

    def test_other_files_go_on(self) -> None:
        """A file with a syntax error keeps no other from being checked."""
        found = self.problems(
            "a = \n", a="b = \n", b="[scan]\nx = 1\n[listeners.y]\nenabled = true"
        )
        self.assertEqual(
            [item.partition(": ")[0] for item in found],
            ["m.toml:1", "conf.d/a.toml:1", "conf.d/b.toml:2"],
        )

    def test_duplicates_go_on(self) -> None:
        """The rest of a file with keys set twice is checked."""
        text = "[scan]\ntimeout = '1s'\ntimeout = '2s'\ntimeout = '''\n3s'''\nx = 1"
        found = self.problems(text)
        self.assertEqual(
            [item.partition(": ")[0] for item in found], ["m.toml:3", "m.toml:4", "m.toml:6"]
        )

    def test_unreadable(self) -> None:
        """Files that are none, are folders, pipes, or not for us."""
        os.mkfifo(self.folder / "pipe")
        (self.folder / "folder").mkdir()
        for name, problem in (
            ("none", "cannot be read: No such file or directory"),
            ("folder", "expected a regular file"),
            ("pipe", "expected a regular file"),
            ("a\0b", "cannot be read: embedded null byte"),
        ):
            with self.assertRaises(ConfigError) as caught:
                load(str(self.folder / name))
            (found,) = caught.exception.problems
            self.assertEqual(found.expected, problem)

    def test_no_permission(self) -> None:
        """A file that we may not read."""
        path = self.write("m.toml", "")
        denied = PermissionError(13, "Permission denied")

        def refuse(*_arguments: object) -> int:
            raise denied

        self.patch(os, "open", refuse)
        with self.assertRaises(ConfigError) as caught:
            load(path)
        self.assertEqual(str(caught.exception), f"{path}: cannot be read: Permission denied")

    def test_fragments_folder(self) -> None:
        """conf.d that is no folder, or has too many files."""
        path = self.write("conf.d", "")
        self.assertEqual(self.problems(""), ["conf.d: expected a directory"])
        os.unlink(path)
        for number in range(MAX_FILES + 1):
            self.write(f"conf.d/{number}.toml", "")
        self.assertEqual(self.problems(""), [f"conf.d: expected at most {MAX_FILES} files"])

    def test_many(self) -> None:
        """Problems without end are cut off, and take no time."""
        text = "\n".join(f"key_{number} = 1" for number in range(20000))
        found = self.problems(text)
        self.assertEqual(len(found), MAX_PROBLEMS + 1)
        self.assertEqual(found[-1], "more problems are not shown")

    def test_terminal(self) -> None:
        """Nothing in a file gets to a terminal as it is."""
        (found,) = self.problems('"a\\u001b[2J" = "\\u202e"')
        self.assertTrue(found.isprintable())
        (found,) = self.problems("a = \x1b[2J")
        self.assertTrue(found.isprintable())
