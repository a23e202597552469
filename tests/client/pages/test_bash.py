"""Completion in a real bash: by its function for many words, and by the key once."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.pages.programs import programs

FOLDER = Path(__file__).parents[3] / "share/bash-completion/completions"
SECONDS = 60.0
SCRIPT = """\
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"_$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""
_SAFE = re.compile(r"[A-Za-z0-9_:?|-]+")


class BashCase(SynchronousTestCase):
    """In a folder with a few files."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        (self.folder / "letters").mkdir(parents=True)
        (self.folder / "a file").touch()

    def words(self, *line: str) -> set[str]:
        """What may stand for the last word. There are no programs: the script needs none."""
        done = subprocess.run(
            ["/bin/bash", "--norc", "-c", SCRIPT, "bash", str(FOLDER / line[0]), *line],
            cwd=self.folder,
            env={"PATH": "/nonexistent", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        self.assertEqual(done.stderr, "")
        return set(filter(None, done.stdout.split("\n")))


class ClientTests(BashCase):
    """`mailfilterc`."""

    def test_commands(self) -> None:
        """The first word is a command or a file, all others are files."""
        found = {"learn_spam", "learn_ham", "learn_class:", "letters"}
        self.assertEqual(found, self.words("mailfilterc", "le"))
        self.assertEqual({"letters"}, self.words("mailfilterc", "learn_spam", "le"))
        self.assertIn("a file", self.words("mailfilterc", "learn_spam", ""))

    def test_behind_options(self) -> None:
        """Values of options are no commands."""
        for words in (["-h", "stat"], ["--timeout", "=", "3"], ["-v"], ["-jv", "-n", "4"]):
            found = self.words("mailfilterc", *words, "learn_h")
            self.assertEqual({"learn_ham"}, found, words)

    def test_options(self) -> None:
        """With a hyphen."""
        self.assertEqual(
            {"--keep-headers", "--key", "--keypair"}, self.words("mailfilterc", "--ke")
        )
        self.assertIn("-?", self.words("mailfilterc", "stat", "-"))

    def test_values(self) -> None:
        """Choices, files, or nothing that could be known; written in both ways."""
        for words in (["--on-error", ""], ["--on-error", "="], ["--on-error", "=", ""]):
            self.assertEqual({"pass", "tempfail"}, self.words("mailfilterc", *words))
        self.assertEqual({"letters"}, self.words("mailfilterc", "--ca", "l"))
        self.assertEqual({"letters"}, self.words("mailfilterc", "--ca", "=", "l"))
        self.assertEqual(set(), self.words("mailfilterc", "--ip", ""))


class AdminTests(BashCase):
    """`mailfilteradm`."""

    def test_commands(self) -> None:
        """At each level."""
        self.assertEqual({"status", "store"}, self.words("mailfilteradm", "st"))
        found = {"backup", "check", "migrate", "stats"}
        self.assertEqual(found, self.words("mailfilteradm", "store", ""))
        self.assertEqual(set(), self.words("mailfilteradm", "status", ""))

    def test_options(self) -> None:
        """Those of the command, also behind values that look like others."""
        found = {"--json", "--state-dir", "-h", "--help"}
        self.assertEqual(found, self.words("mailfilteradm", "status", "-"))
        self.assertEqual(found, self.words("mailfilteradm", "status", "--state-dir", "store", "-"))

    def test_arguments(self) -> None:
        """Choices and files."""
        self.assertEqual({"exim", "exim-sa"}, self.words("mailfilteradm", "mta", "ex"))
        self.assertEqual({"letters"}, self.words("mailfilteradm", "config", "check", "l"))
        self.assertEqual({"letters"}, self.words("mailfilteradm", "config", "show", "-c", "l"))
        self.assertEqual(set(), self.words("mailfilteradm", "config", "show", "l"))


class SafeTests(SynchronousTestCase):
    """What the script takes for granted."""

    def test_words(self) -> None:
        """No word has a meaning for a shell."""
        for program in programs():
            for command in program.command.all():
                words = [word.name for word in command.choices]
                for option in command.options:
                    words += [*option.names, *option.choices]
                for word in words:
                    self.assertTrue(_SAFE.fullmatch(word), word)

    def test_values(self) -> None:
        """What takes a value in one command takes one in all."""
        for program in programs():
            options = [one for it in program.command.all() for one in it.options]
            valued = {name for one in options if one.value for name in one.names}
            flags = {name for one in options if not one.value for name in one.names}
            self.assertEqual(set(), valued & flags)


class KeyTests(BashCase):
    """On a terminal."""

    def test_key(self) -> None:
        """The key completes, at both levels and a file."""
        process, terminal = pty.fork()
        if process == 0:  # pragma: no cover
            os.chdir(self.folder)
            environment = {"TERM": "dumb", "HOME": str(self.folder), "PS1": "ready> "}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        try:
            self.wait_for(terminal, "ready> ")
            os.write(terminal, f"source {FOLDER}/mailfilteradm; echo so''urced\n".encode())
            self.wait_for(terminal, "sourced\r\n")
            os.write(terminal, b"mailfilteradm conf\tch\tlet\t")
            self.wait_for(terminal, "mailfilteradm config check letters/")
        finally:
            os.kill(process, 9)
            os.waitpid(process, 0)
            os.close(terminal)

    def wait_for(self, terminal: int, text: str) -> None:
        seen = ""
        end = time.monotonic() + SECONDS
        while text not in seen:
            ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
            self.assertTrue(ready, seen)
            # What bash has corrected by going back is left out.
            seen += os.read(terminal, 2**16).decode("utf-8", "replace").replace("\a", "")
