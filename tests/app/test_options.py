"""The command line of `twistd mailfilter` and `twist mailfilter`."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from mailfilter import __version__
from mailfilter.app.options import Options
from mailfilter.config import Config, paths

ROOT = Path(__file__).parents[2]
RUN = "import sys; from {module} import {name}; sys.exit({name}())"
COMMANDS = (
    ("twistd", RUN.format(module="twisted.scripts.twistd", name="run"), "-n", "--pidfile="),
    ("twist", "from twisted.application.twist._twist import Twist; Twist.main()"),
)
"""What the console scripts do, and their options before the name of the service."""

SECONDS = 60
"""For a command that takes one second."""


class OptionsTests(SynchronousTestCase):
    """Parsing."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.patch(paths, "DEFAULT_PATH", str(self.folder / "default.toml"))
        self.patch(os, "environ", {})

    def parse(self, *arguments: str) -> Options:
        """Parse a command line."""
        options = Options()
        options.parseOptions(list(arguments))
        return options

    def test_defaults(self) -> None:
        """Nothing given."""
        options = self.parse()
        self.assertEqual(options.loaded.config, Config())
        self.assertIs(options.loaded.path, None)
        self.assertEqual(options.state_dir, os.path.abspath("mailfilter-state"))

    def test_default_file(self) -> None:
        """The system's file."""
        path = self.folder / "default.toml"
        path.write_text("[scan]\nmax_options = 7")
        self.assertEqual(self.parse().loaded.config.scan.max_options, 7)
        self.assertEqual(self.parse().loaded.path, str(path))

    def test_relative(self) -> None:
        """Paths are absolute from the start."""
        path = self.folder / "m.toml"
        path.write_text("")
        relative = os.path.relpath(path)
        for arguments in (("-c", relative), (f"--config={relative}",)):
            options = self.parse(*arguments, "--state-dir", "x/../y")
            self.assertEqual(options.loaded.path, str(path))
            self.assertEqual(options.state_dir, os.path.abspath("y"))

    def test_environment(self) -> None:
        """The state directory of systemd."""
        os.environ["STATE_DIRECTORY"] = "/var/lib/mailfilter"
        self.assertEqual(self.parse().state_dir, "/var/lib/mailfilter")

    def test_problems(self) -> None:
        """What is wrong ends the process with all of it."""
        path = self.folder / "m.toml"
        path.write_text("x = 1\ny = 2")
        with self.assertRaises(SystemExit) as caught:
            self.parse("-c", str(path))
        first, second, third = str(caught.exception.code).splitlines()
        self.assertEqual(first, "mailfilter: the configuration cannot be used:")
        self.assertTrue(second.startswith(f"{path}:1: x = 1: unknown key"))
        self.assertTrue(third.startswith(f"{path}:2: y = 2: unknown key"))

    def test_warnings(self) -> None:
        """Warnings are told, and the start goes on."""
        path = self.folder / "m.toml"
        path.write_text("[scan]\ntimeout = '1s'")
        output = StringIO()
        self.patch(sys, "stderr", output)
        self.parse("-c", str(path))
        self.assertTrue(output.getvalue().startswith("mailfilter: warning: scan.check_timeout"))

    def test_usage(self) -> None:
        """Unknown options and arguments are usage errors; the help knows ours."""
        self.assertRaises(UsageError, self.parse, "--nothing")
        self.assertRaises(UsageError, self.parse, "argument")
        text = str(Options())
        self.assertIn("--config=", text)
        self.assertIn("--state-dir=", text)

    def test_version(self) -> None:
        """Ours, not Twisted's."""
        output = StringIO()
        self.patch(sys, "stdout", output)
        with self.assertRaises(SystemExit) as caught:
            self.parse("--version")
        self.assertEqual(output.getvalue(), f"mailfilter {__version__}\n")
        self.assertFalse(caught.exception.code)


class CommandTests(SynchronousTestCase):
    """Both commands, as operators run them."""

    def run_command(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def test_help(self) -> None:
        """One line of usage, with the options of each command before and ours behind."""
        for name, code, *options in COMMANDS:
            done = self.run_command(code, *options, "mailfilter", "--help")
            usage = done.stdout.splitlines()[0]
            self.assertRegex(usage, r"^Usage: \S+ \[options\] mailfilter \[options\]$", name)

    def test_problems(self) -> None:
        """A clean list on standard error and a non-zero exit, without a traceback."""
        path = Path(Path(self.mktemp()).name).absolute()
        path.write_text("x = 1\n[scan]\ntimeout = 8")
        for name, code, *options in COMMANDS:
            done = self.run_command(code, *options, "mailfilter", "--config", path.name)
            lines = done.stderr.splitlines()
            self.assertEqual(len(lines), 3, f"{name}: {done.stderr}")
            self.assertEqual(lines[0], "mailfilter: the configuration cannot be used:")
            self.assertTrue(lines[1].startswith(f"{path}:1: x = 1: unknown key"))
            self.assertTrue(lines[2].startswith(f"{path}:3: scan.timeout = 8: expected a "))
            self.assertEqual((done.stdout, done.returncode), ("", 1), name)
