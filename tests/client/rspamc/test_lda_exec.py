"""LDA mode with commands of all kinds, which take the place of mailfilterc."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .lda_case import MESSAGE, LdaCase
from .wire_case import closed_port

_LOT = 300_000
"""Octets that fill a pipe."""

_LOOK = """\
import os, sys
with open(sys.argv[1], "w") as log:
    for number in 1, 2:
        print(os.readlink(f"/proc/self/fd/{number}"), file=log)
        try:
            os.write(number, b"x")
        except OSError as error:
            print(error.strerror, file=log)
os.execv(sys.argv[2], sys.argv[2:])
"""


class MissingTests(LdaCase):
    """Commands that cannot be run."""

    def test_missing(self) -> None:
        """It is tried again, with a verdict and without."""
        empty = self.script("empty", "")
        closed = self.script("closed", "#!/bin/sh\ncat\n", 0o000)
        no_program = self.script("text", "cat\n")
        lost = self.script("lost", "#!/nonexistent\n")
        for command, reason in (
            ("/nonexistent", "No such file or directory"),
            ("no-such-command -d x", "No such file or directory"),
            ("''", "there is no command"),
            (" ", "there is no command"),
            ("cat 'x", "No closing quotation"),
            (str(self.folder), "Permission denied"),
            (f"{self.lda}/x", "Not a directory"),
            (closed, "Permission denied"),
            # A shell would take them, and the mail would be gone.
            (empty, "Exec format error"),
            (no_program, "Exec format error"),
            (lost, "No such file or directory"),
            (f"cat {'x' * 200_000}", ""),
        ):
            for server in (self.marking(), closed_port()):
                if len(command) > 100_000:
                    # No program can be started with such a word: nor can we.
                    self.assertRaises(OSError, self.run_lda, server, "--exec", command)
                    continue
                self.deferred(self.run_lda(server, "--exec", command), reason)

    def test_told_to_nobody(self) -> None:
        """Nor does it matter that nobody hears of it."""
        ours, its = os.pipe()
        os.close(ours)
        self.deferred(self.run_lda(self.marking(), "--exec", "/nonexistent", stderr=its))
        os.close(its)

    def test_path(self) -> None:
        """It is looked for where programs are."""
        environment = {"PATH": f"/nonexistent:{self.folder}:{os.environ['PATH']}"}
        ran = self.run_lda(self.marking(), "-e", f"lda {self.box}", environment=environment)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        self.assertEqual(len(self.delivered()), 1)
        self.deferred(self.run_lda(self.marking(), "-e", "lda x", environment={"PATH": ""}))

    def test_words(self) -> None:
        """It is taken apart as by a shell, and none is run."""
        lda = self.script("words", '#!/bin/sh\nfor word; do echo "<$word>"; done\n')
        ran = self.run_lda(
            self.marking(), "-e", lda + r""" a "b  c" 'd"$HOME"' e\ f $(g) `h` ;i |j >k '' '*' """
        )
        words = ["a", "b  c", 'd"$HOME"', "e f", "$(g)", "`h`", ";i", "|j", ">k", "", "*"]
        self.assertEqual(ran.stdout.decode().splitlines(), [f"<{word}>" for word in words])

    def test_octets(self) -> None:
        """Words that are no text."""
        ran = self.run_lda(self.marking(), "-e", os.fsdecode(b"printf %s \xff\xe4"))
        self.assertEqual(ran.stdout, b"\xff\xe4")


class StatusTests(LdaCase):
    """How a command ends is how mailfilterc ends."""

    def test_codes(self) -> None:
        """Its exit code."""
        for code in (0, 1, 3, 64, 67, 73, 75, 77, 99, 100, 111, 127, 255):
            ran = self.run_lda(self.marking(), "--exec", f"sh -c '{self.deliver}; exit {code}'")
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (code, b"", b""))
            (found,) = self.delivered()
            self.marked(found)

    def test_killed(self) -> None:
        """The signal that killed it."""
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP):
            ran = self.run_lda(self.marking(), "-e", f"sh -c 'kill -{int(number)} $$'")
            self.assertEqual((ran.returncode, ran.stderr), (-number, b""))
        self.assertEqual(self.delivered(), [])

    def test_no_reader(self) -> None:
        """One that reads nothing has delivered what it says that it has."""
        large = MESSAGE + b"x" * _LOT
        for command, code in (("true", 0), ("false", 1), ("sh -c 'exec <&-; exit 7'", 7)):
            ran = self.run_lda(self.marking(), "-e", command, message=large)
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (code, b"", b""))

    def test_part(self) -> None:
        """One that reads a part."""
        ran = self.run_lda(
            self.marking(), "-e", "sh -c 'head -c 5; exit 9'", message=MESSAGE + b"x" * _LOT
        )
        self.assertEqual((ran.returncode, ran.stdout), (9, b"From:"))

    def test_slow(self) -> None:
        """One that reads slowly, when nothing but it is left."""
        lda = f"sh -c 'for x in 1 2 3; do sleep 0.1; done; {self.deliver}'"
        message = MESSAGE + b"x" * _LOT
        self.assertEqual(self.run_lda(self.marking(), "-e", lda, message=message).returncode, 0)
        (found,) = self.delivered()
        self.marked(found, message)

    def test_output(self) -> None:
        """What it writes comes out, however much."""
        lda = f"""sh -c 'head -c {_LOT} /dev/zero; head -c {_LOT} /dev/zero >&2; {self.deliver}'"""
        ran = self.run_lda(self.marking(), "-e", lda)
        zeros = bytes(_LOT)
        self.assertTrue((ran.returncode, ran.stdout, ran.stderr) == (0, zeros, zeros))
        self.assertEqual(len(self.delivered()), 1)


class SurroundingsTests(LdaCase):
    """What a command finds."""

    def run_sh(self, text: str, **more: object) -> str:
        """What a shell prints in place of delivering."""
        path = self.script("sh", f"#!/bin/sh\n{text}\n")
        ran = self.run_lda(self.marking(), "--exec", path, **more)  # type: ignore[arg-type]
        self.assertEqual((ran.returncode, ran.stderr), (0, b""), ran)
        return ran.stdout.decode()

    def test_descriptors(self) -> None:
        """The standard ones, and what mailfilterc was started with itself."""
        text = "ls /proc/self/fd | tr '\\n' ' '"
        # One is that of the folder which is listed.
        self.assertEqual(self.run_sh(text), "0 1 2 3 ")
        inherited = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, inherited)
        found = self.run_sh(text, pass_fds=(inherited,))
        self.assertEqual(
            {*found.split()} - {"3", "4"}, {"0", "1", "2", str(inherited)} - {"3", "4"}
        )

    def test_closed_descriptors(self) -> None:
        """None of its own files gets to where one was closed; what it puts out is lost."""
        log = self.folder / "log"
        look = self.script("look", _LOOK)

        def close() -> None:
            os.closerange(0, 3)

        path = self.folder / "message"
        path.write_bytes(MESSAGE)
        ran = self.run_lda(
            self.marking(),
            *("--exec", f"{sys.executable} {look} {log} {self.deliver}", str(path)),
            message=None,
            stdout=None,
            stderr=None,
            prepare=close,
        )
        self.assertEqual(ran.returncode, 0)
        self.assertEqual(log.read_text(), "/dev/null\nBad file descriptor\n/dev/null\n")
        (found,) = self.delivered()
        self.marked(found)

    def test_input(self) -> None:
        """All of the message from its first octet: in a pipe, or in a file that has no name."""
        for size, kind in ((0, "fifo"), (900_000, "fifo"), (2**21, "regular file")):
            message = MESSAGE + b"x" * size
            found = self.run_sh("stat -L -c '%F, %h' /dev/stdin; wc -c", message=message)
            lines = found.splitlines()
            self.assertEqual(lines[0], f"{kind}, {int(kind == 'fifo')}")
            self.assertGreater(int(lines[1]), len(message))

    def test_signals(self) -> None:
        """Signals do what they do by themselves, but for those that were ignored before."""
        text = "grep -E '^Sig(Ign|Blk)' /proc/$$/status | cut -f2 | tr '\\n' ' '"

        def ignore() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        for prepare in (None, ignore):
            # Tests themselves may run where some are ignored.
            usual = subprocess.run(
                ("sh", "-c", text), capture_output=True, text=True, preexec_fn=prepare, check=True
            )
            found = self.run_sh(text, prepare=prepare)
            self.assertEqual(found.split(), usual.stdout.split())
        self.assertEqual(int(found.split()[1], 16) & 1, 1)

    def test_environment(self) -> None:
        """Folder, environment and mask are those of mailfilterc."""
        folder = str(Path(self.folder).resolve())
        prepare: Callable[[], object] = lambda: os.umask(0o027)  # noqa: E731
        found = self.run_sh(
            "pwd; umask; echo $LDA_TEST", cwd=folder, prepare=prepare, environment={"LDA_TEST": "x"}
        )
        self.assertEqual(found.split(), [folder, "0027", "x"])

    def test_nobody_between(self) -> None:
        """Its parent is that of mailfilterc."""
        self.assertEqual(self.run_sh("echo $PPID").strip(), str(os.getpid()))
