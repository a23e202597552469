"""What `make` does on a machine that lacks something, played with stand-ins for the commands."""

import os
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

ROOT = Path(__file__).parents[1]

OLD_PYTHON = """\
case "$*" in
*version_info*) exit 1;;
--version) echo Python 3.9.2;;
esac
"""
NO_VENV = """\
case "$*" in
*ensurepip*) test -e installed;;
"-m venv .venv") mkdir -p .venv/bin;;
esac
"""
APT = 'echo "$@" >>apt.log; if [ "$2" = -qy ]; then touch installed; fi\n'


class MakefileTests(SynchronousTestCase):
    """The rule that makes `.venv`."""

    def setUp(self) -> None:
        """A folder with the Makefile, and stand-ins at the head of the path."""
        if shutil.which("make") is None:
            raise SkipTest("there is no make")
        self.folder = Path(self.mktemp())
        (self.folder / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", self.folder)

    def stand_in(self, name: str, script: str) -> None:
        """Put a shell script in place of a command."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o755)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Have `.venv` made."""
        path = f"{self.folder.absolute()}/bin:{os.environ['PATH']}"
        return subprocess.run(
            ["make", ".venv/.made", *arguments],
            cwd=self.folder,
            env={"PATH": path, "LANG": "C"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_no_python(self) -> None:
        """Without Python the message says what to install."""
        done = self.make("PYTHON=python-that-is-not-there")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("install Python 3.11 or newer", done.stderr)

    def test_old_python(self) -> None:
        """A Python that is too old is named with its version."""
        self.stand_in("python3", OLD_PYTHON)
        done = self.make()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Python 3.9.2 is too old", done.stderr)
        self.assertFalse((self.folder / ".venv").exists())

    def test_no_venv_as_user(self) -> None:
        """An ordinary user is told the package that is missing."""
        self.stand_in("python3", NO_VENV)
        self.stand_in("id", "echo 1000\n")
        self.stand_in("apt-get", APT)
        done = self.make()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("install the package python3-venv", done.stderr)
        self.assertFalse((self.folder / "apt.log").exists())

    def test_no_venv_as_root(self) -> None:
        """For root the package is installed, and the work goes on."""
        self.stand_in("python3", NO_VENV)
        self.stand_in("id", "echo 0\n")
        self.stand_in("apt-get", APT)
        done = self.make()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("python3-venv", (self.folder / "apt.log").read_text())
        self.assertTrue((self.folder / ".venv/.made").exists())

    def test_other_python(self) -> None:
        """The package of another Python has its version in the name."""
        self.stand_in("python3.13", NO_VENV)
        self.stand_in("id", "echo 1000\n")
        done = self.make("PYTHON=python3.13")
        self.assertIn("install the package python3.13-venv", done.stderr)
