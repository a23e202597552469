"""Completion in zsh and fish, and manual pages in mandoc: programs of Debian that read them."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import peers

SHARE = peers.CHECKOUT / "share"
SECONDS = 120.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\a\b\r]")


class ShellCase(SynchronousTestCase):
    """In a folder with a file and a folder."""

    program: str

    def setUp(self) -> None:
        if why := peers.why_missing(self.program):
            raise SkipTest(why)
        self.path = str(peers.find(self.program))
        self.folder = Path(self.mktemp()).absolute()
        (self.folder / "letters").mkdir(parents=True)
        self.environment = {**peers.environment(), "HOME": str(self.folder), "TERM": "dumb"}

    def run_it(self, *words: str) -> str:
        """What it prints."""
        done = subprocess.run(
            [self.path, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.stdout + done.stderr


class FishTests(ShellCase):
    program = "fish"

    def words(self, line: str) -> list[str]:
        """What may stand for the last word."""
        name = line.partition(" ")[0]
        script = SHARE / f"fish/vendor_completions.d/{name}.fish"
        text = self.run_it("--no-config", "-c", f"source {script}; complete -C '{line}'")
        return [word.partition("\t")[0] for word in text.splitlines()]

    def test_client(self) -> None:
        self.assertIn("learn_ham", self.words("mailfilterc learn_h"))
        self.assertIn("learn_ham", self.words("mailfilterc --timeout 3 learn_h"))
        self.assertNotIn("learn_ham", self.words("mailfilterc symbols learn_h"))
        self.assertEqual(["letters/"], self.words("mailfilterc symbols let"))
        self.assertEqual(["letters/"], self.words("mailfilterc --ca let"))
        self.assertEqual(["pass", "tempfail"], self.words("mailfilterc --on-error "))

    def test_admin(self) -> None:
        self.assertEqual(["status", "store"], self.words("mailfilteradm st"))
        found = ["backup", "check", "migrate", "stats"]
        self.assertEqual(found, self.words("mailfilteradm store "))
        self.assertEqual(["--json"], self.words("mailfilteradm store stats --js"))
        self.assertEqual(["exim", "exim-sa"], self.words("mailfilteradm mta ex"))
        self.assertEqual(["letters/"], self.words("mailfilteradm config check let"))


class ZshTests(ShellCase):
    program = "zsh"

    def typed(self, line: str, expected: str) -> None:
        """Type that, and wait for what it becomes."""
        process, terminal = pty.fork()
        if process == 0:  # pragma: no cover
            os.chdir(self.folder)
            os.execve(self.path, ["zsh", "-f", "-i"], {**self.environment, "LANG": "C"})
        try:
            os.write(terminal, f"{self.setup()}; PS1='> '; echo re''ady\n".encode())
            self.wait_for(terminal, "ready\n")
            os.write(terminal, line.encode())
            self.wait_for(terminal, expected)
        finally:
            os.kill(process, 9)
            os.waitpid(process, 0)
            os.close(terminal)

    def setup(self) -> str:
        """Its own modules and functions are where they were unpacked, or in their places."""
        ours = f"fpath=({SHARE}/zsh/site-functions $fpath)"
        root = Path(self.path).parents[1]
        if root.name != "usr":
            root = root / "usr"
        if root == Path("/usr"):
            return f"{ours}; autoload -Uz compinit; compinit -D -u"
        (modules,) = root.glob("lib/*/zsh/*")
        return (
            f"module_path=({modules}); fpath=({root}/share/zsh/functions/**/*(/N)); {ours};"
            " autoload -Uz compinit; compinit -D -u"
        )

    def wait_for(self, terminal: int, text: str) -> None:
        seen = ""
        end = time.monotonic() + SECONDS
        while text not in re.sub(" +", " ", _CODES.sub("", seen)):
            ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
            self.assertTrue(ready, seen)
            seen += os.read(terminal, 2**16).decode("utf-8", "replace")

    def test_client(self) -> None:
        self.typed("mailfilterc learn_h\t--on-error tem\t--ca let\t", "--ca letters/")

    def test_words(self) -> None:
        self.typed("mailfilterc --timeout 3 learn_h\t", "learn_ham ")

    def test_admin(self) -> None:
        self.typed("mailfilteradm sto\tmig\temb\t", "store migrate embedded ")

    def test_summaries(self) -> None:
        self.typed("mailfilteradm store \t", "Look whether the store is in order.")


class ManualTests(ShellCase):
    program = "mandoc"

    def test_warnings(self) -> None:
        """There are none, but that a page has no date."""
        for path in sorted((SHARE / "man").rglob("*.[18]")):
            said = self.run_it("-T", "lint", "-W", "style", str(path)).splitlines()
            self.assertEqual([], [line for line in said if "missing date" not in line])

    def test_text(self) -> None:
        """As it is read."""
        path = SHARE / "man/man1/mailfilterc.1"
        text = re.sub(".\b", "", self.run_it("-T", "ascii", str(path)))
        self.assertIn("--on-error pass|tempfail\n", text)
