"""Every mistake at once, each with its place."""

import os

from mailfilter.config import ConfigError, Problem, load
from mailfilter.config.files import MAX_FILES
from mailfilter.config.load import read
from mailfilter.config.model import Composite
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

    def test_follow_ups(self) -> None:
        """What was told of a key is not told again in other words."""
        for text, keys in (
            ("[composites.A]\nexpresion = 'B'", ["composites.A.expresion"]),
            ("[listener.a]\n[profiles.p]\nlisteners = ['a']", ["listener"]),
            ("[listeners]\na = 1\n[profiles.p]\nlisteners = ['a']", ["listeners.a"]),
            (
                "[listeners.scan]\nendpoint = 5\n"
                "[listeners.a]\nprotocol = 'http'\nendpoint = 'tcp:11333'",
                ["listeners.scan.endpoint"],
            ),
            ("[actions]\nadd_header = 16\nreject = '20'", ["actions.reject"]),
            ("[actions]\nadd_header = 16\nrejct = 20", ["actions.rejct"]),
            (
                "[profiles.p.actions]\nadd_header = 16\nreject = '20'",
                ["profiles.p.actions.reject"],
            ),
            (
                "[profiles.p.actions]\nadd_header = 16\noff = ['rejct']",
                ["profiles.p.actions.off[0]"],
            ),
            ("[actions]\nreject = 3\n[profiles.p.actions]\ngreylist = 5", ["actions.reject"]),
        ):
            with self.assertRaises(ConfigError) as caught:
                self.load(text)
            self.assertEqual([item.key for item in caught.exception.problems], keys)

    def test_profile_thresholds(self) -> None:
        """Thresholds of a profile fit those that it leaves as they are, and each other."""
        for text, found in (
            (
                "add_header = 16",
                "m.toml:2: profiles.p.actions.add_header = 16.0: expected at most"
                ' actions.reject = 15.0; profiles.p.actions.off = ["reject"] leaves reject out',
            ),
            (
                "reject = 5",
                "m.toml:2: profiles.p.actions.reject = 5.0: expected at least"
                ' actions.add_header = 6.0; profiles.p.actions.off = ["add_header"] leaves'
                " add_header out",
            ),
            (
                "reject = 5\ngreylist = 5.5\noff = ['add_header']",
                "m.toml:3: profiles.p.actions.greylist = 5.5: expected at most"
                " profiles.p.actions.reject = 5.0",
            ),
            (
                "off = [\n'greylist',\n'reject'\n]\nreject = 20",
                'm.toml:4: profiles.p.actions.off[1] = "reject": profiles.p.actions.reject = 20.0'
                " sets it; leave one of the two out",
            ),
        ):
            self.assertEqual(self.problems(f"[profiles.p.actions]\n{text}"), [found])
        self.load("[profiles.p.actions]\noff = ['reject']\nadd_header = 16")
        self.load("[profiles.p.actions]\nreject = 30\nadd_header = 16")
        self.load("[profiles.p.actions]\nrewrite_subject = 7")

    def test_reading_goes_on(self) -> None:
        """Those who check more get what could be read, with defaults for what could not."""
        text = """
            [scan]
            timeout = 5
            max_options = 7
            [checks.x]
            [composites.A]
            expression = 1
            group = "mine"
            [composites.B]
            expression = "A"
            """
        reading = read(self.write("m.toml", text))
        self.assertEqual(
            [item.key for item in reading.problems], ["scan.timeout", "composites.A.expression"]
        )
        loaded = reading.loaded
        if loaded is None:
            raise AssertionError("nothing was read")
        self.assertEqual((loaded.config.scan.timeout, loaded.config.scan.max_options), (8.0, 7))
        lost = Composite(group="mine", enabled=False)
        self.assertEqual(loaded.config.composites, {"B": Composite(expression="A"), "A": lost})
        self.assertIn(("composites", "A", "expression"), reading.doubtful)
        self.assertEqual(loaded.origin("checks.x").line, 5)

    def test_reading_ends(self) -> None:
        """Of files that cannot be read there may be too much that is missing."""
        for text in ("a = \n", "\n".join(f"key_{number} = 1" for number in range(300))):
            reading = read(self.write("m.toml", text))
            self.assertIs(reading.loaded, None)
            self.assertTrue(reading.problems)

    def test_terminal(self) -> None:
        """Nothing in a file gets to a terminal as it is."""
        (found,) = self.problems('"a\\u001b[2J" = "\\u202e"')
        self.assertTrue(found.isprintable())
        (found,) = self.problems("a = \x1b[2J")
        self.assertTrue(found.isprintable())
