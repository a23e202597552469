"""The journal of learning."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import journal
from mailfilter.client.rspamc.commands import COMMANDS
from mailfilter.client.rspamc.journal import Journal, digest_of, journal_path
from mailfilter.client.rspamc.options import Options

A, B, C = (digest_of(octets) for octets in (b"a", b"b", b"c"))
SPAM, HAM = (
    next(command for command in COMMANDS if command.name == name)
    for name in ("learn_spam", "learn_ham")
)

ADD = """
import sys
from pathlib import Path
from mailfilter.client.rspamc.journal import Journal, digest_of
journal = Journal(Path(sys.argv[1]), True)
sys.stdin.read(1)
for number in range(1000):
    journal.add(digest_of(b"%s %d" % (sys.argv[2].encode(), number)))
journal.close(is_complete=True)
"""


class JournalCase(SynchronousTestCase):
    """A place for a journal."""

    def setUp(self) -> None:
        """Name it."""
        self.path = Path(self.mktemp()).absolute() / "state" / "journal"

    def open(self, resumes: bool = False) -> Journal:
        """Open it, as a run does."""
        opened = Journal(self.path, resumes)
        self.addCleanup(opened.close, is_complete=False)
        return opened

    def known(self) -> list[bool]:
        """Which of A, B and C are in it for the next run."""
        opened = self.open(resumes=True)
        try:
            return [opened.skips(digest) for digest in (A, B, C)]
        finally:
            opened.close(is_complete=False)


class UseTests(JournalCase):
    """Runs one after the other."""

    def test_resume(self) -> None:
        """A run that goes on knows what is done, and adds to it."""
        first = self.open()
        first.add(A)
        self.assertFalse(first.skips(A))
        first.close(is_complete=False)
        second = self.open(resumes=True)
        self.assertTrue(second.skips(A))
        self.assertFalse(second.skips(B))
        second.add(B)
        second.close(is_complete=False)
        self.assertEqual(self.known(), [True, True, False])

    def test_copies(self) -> None:
        """Of a message that is there several times, as many are skipped as were done."""
        first = self.open()
        first.add(A)
        first.add(A)
        first.close(is_complete=False)
        second = self.open(resumes=True)
        self.assertEqual([second.skips(A) for _ in range(4)], [True, True, False, False])

    def test_written_at_once(self) -> None:
        """What is added is in the file, whatever becomes of us."""
        self.open().add(A)
        self.assertEqual(self.path.read_bytes(), A.hex().encode() + b"\n")

    def test_anew(self) -> None:
        """A run that does not go on forgets what was."""
        first = self.open()
        first.add(A)
        first.close(is_complete=False)
        self.open().close(is_complete=False)
        self.assertEqual(self.known(), [False, False, False])

    def test_complete(self) -> None:
        """Of a run that is complete nothing stays."""
        for resumes in (False, True):
            opened = self.open(resumes)
            opened.add(A)
            opened.close(is_complete=True)
            self.assertFalse(self.path.exists())

    def test_private(self) -> None:
        """Nobody else learns which messages somebody has."""
        self.open()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def test_late(self) -> None:
        """What is added after the end goes nowhere: the descriptor may be another's."""
        opened = self.open()
        opened.close(is_complete=False)
        with open(self.mktemp(), "wb") as other:
            opened.add(A)
            self.assertEqual(os.fstat(other.fileno()).st_size, 0)


class DamageTests(JournalCase):
    """Journals that are not whole."""

    def test_damaged(self) -> None:
        """Lines that are damaged are messages that are done again, and no more than that."""
        a, b = (digest.hex().encode() for digest in (A, B))
        for octets, known in (
            (b"", [False, False]),
            (b"\0" * 4096, [False, False]),
            (a + b"\n" + b[:7], [True, False]),
            (a[:7] + b"\n" + b + b"\n", [False, True]),
            (b"\xff\n" + a + b"\n\n\n" + b + b"\n", [True, True]),
            (b"x" * 100_000 + b"\n" + b + b"\n", [False, True]),
            (b"\0" + a + b"\n" + b + b"\n", [False, True]),
            (b"g" * len(a) + b"\n" + b, [False, True]),
        ):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(octets)
            opened = self.open(resumes=True)
            self.assertEqual([opened.skips(digest) for digest in (A, B)], known, octets[:80])
            opened.add(C)
            opened.close(is_complete=False)
            self.assertEqual(self.known(), [*known, True], octets[:80])

    def test_full_disk(self) -> None:
        """A journal that cannot be written does not stop the work; what is torn ends there."""
        opened = self.open()
        write = os.write
        self.patch(os, "write", lambda file, octets: write(file, octets[:7]))
        opened.add(A)
        self.patch(os, "write", _full)
        opened.add(B)
        self.assertIsInstance(opened.trouble, OSError)
        self.patch(os, "write", write)
        opened.add(C)
        opened.close(is_complete=False)
        self.assertEqual(self.known(), [False, False, True])

    def test_no_place(self) -> None:
        """Where nothing can be written, or something else lies, it says so."""
        self.path.parent.mkdir(parents=True)
        target = self.path.parent / "target"
        target.write_bytes(b"precious")
        for make in (os.mkdir, os.mkfifo, lambda path: os.symlink(target, path)):
            make(self.path)
            for resumes in (False, True):
                self.assertRaises(OSError, Journal, self.path, resumes)
            if self.path.is_dir() and not self.path.is_symlink():
                self.path.rmdir()
            else:
                self.path.unlink()
        self.assertEqual(target.read_bytes(), b"precious")
        self.assertRaises(OSError, Journal, target / "journal", False)


class TogetherTests(JournalCase):
    """Runs at the same time."""

    def test_anew_beside_another(self) -> None:
        """A second run neither empties nor removes what the first is writing."""
        first = self.open()
        first.add(A)
        second = self.open()
        second.add(B)
        second.close(is_complete=True)
        first.add(C)
        first.close(is_complete=False)
        self.assertEqual(self.known(), [True, True, True])

    def test_first_is_complete(self) -> None:
        """What the second is at stays when the first is complete."""
        first, second = self.open(), self.open()
        second.add(B)
        first.close(is_complete=True)
        second.close(is_complete=False)
        self.assertEqual(self.known(), [False, True, False])

    def test_second_is_complete(self) -> None:
        """What the first did before it was ended stays when the second is complete."""
        first, second = self.open(), self.open()
        first.add(A)
        first.close(is_complete=False)
        second.add(B)
        second.close(is_complete=True)
        self.assertEqual(self.known(), [True, True, False])

    def test_removed_meanwhile(self) -> None:
        """Nobody goes on with a file that was removed between opening and locking it."""
        locked, first = journal._locked, self.open()

        def slowly(file: int) -> bool:
            first.close(is_complete=True)
            self.patch(journal, "_locked", locked)
            return locked(file)

        self.patch(journal, "_locked", slowly)
        second = self.open()
        second.add(A)
        second.close(is_complete=False)
        self.assertEqual(self.known(), [True, False, False])

    def test_processes(self) -> None:
        """Lines of several processes do not mix."""
        first = self.open()
        with subprocess.Popen(
            [sys.executable, "-c", ADD, str(self.path), "x"], stdin=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            for number in range(1000):
                first.add(digest_of(b"y %d" % number))
            process.stdin.close()
            self.assertEqual(process.wait(60), 0)
        first.close(is_complete=False)
        again = self.open(resumes=True)
        for who in (b"x", b"y"):
            for number in range(1000):
                self.assertTrue(again.skips(digest_of(b"%s %d" % (who, number))))


class PathTests(SynchronousTestCase):
    """Where it is."""

    def test_same_work(self) -> None:
        """How it is done, and with which files, makes no other work of it."""
        options = Options(connect="a.example")
        path = journal_path(SPAM, (), options)
        for other in (
            replace(options, timeout=1.0, parallel=1, password="secret", resumes=True),
            replace(options, output="json", exclude=("x",), files_list="y"),
        ):
            self.assertEqual(journal_path(SPAM, (), other), path)

    def test_other_work(self) -> None:
        """What is learned, where and for whom does."""
        options = Options()
        paths = {
            journal_path(SPAM, (), options),
            journal_path(HAM, (), options),
            journal_path(SPAM, ("a",), options),
            journal_path(SPAM, (), replace(options, connect="b.example")),
            journal_path(SPAM, (), replace(options, classifier="bayes")),
            journal_path(SPAM, (), replace(options, deliver="me\udcff")),
            journal_path(SPAM, (), replace(options, flag=2)),
        }
        self.assertEqual(len(paths), 7)

    def test_folder(self) -> None:
        """It lies where the state of programs does."""
        self.patch(os, "environ", {**os.environ, "HOME": "/home/x", "XDG_STATE_HOME": "/s"})
        self.assertEqual(journal_path(SPAM, (), Options()).parent, Path("/s/mailfilterc"))
        os.environ["XDG_STATE_HOME"] = "relative"
        folder = Path("/home/x/.local/state/mailfilterc")
        self.assertEqual(journal_path(SPAM, (), Options()).parent, folder)


def _full(file: int, octets: bytes) -> int:
    raise OSError(28, "No space left on device")
