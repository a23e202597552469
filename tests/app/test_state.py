"""The state directory: one filter at a time, and words about why it cannot be had."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.state import LOCK, StateDirectory, StateError

HOLDER = """
import sys
from mailfilter.app.state import StateDirectory
StateDirectory(sys.argv[1]).take()
print("taken", flush=True)
sys.stdin.read()
"""
ADVICE = "; choose another by --state-dir"


class StateTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.path = self.folder / "state"

    def take(self, path: Path | None = None) -> StateDirectory:
        directory = StateDirectory(str(path or self.path))
        directory.take()
        self.addCleanup(directory.release)
        return directory

    def refused(self, path: Path | None = None) -> str:
        with self.assertRaises(StateError) as caught:
            self.take(path)
        return str(caught.exception)

    def hold(self) -> subprocess.Popen[str]:
        """Another process that has it."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdin is not None and holder.stdout is not None
        self.addCleanup(holder.wait, 10)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.stdout.close)
        self.assertEqual(holder.stdout.readline(), "taken\n")
        return holder

    def test_made(self) -> None:
        """For its user alone, whatever the umask, with what is missing above it."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        path = self.folder / "a" / "b"
        self.take(path)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((path / LOCK).stat().st_mode), 0o600)
        self.assertEqual((path / LOCK).read_text(), f"{os.getpid()}\n")

    def test_second(self) -> None:
        """In the same process, too."""
        self.take()
        self.assertEqual(
            self.refused(),
            f"state directory {self.path} is in use by the mailfilter with pid {os.getpid()};"
            f" stop that one, or choose another by --state-dir",
        )

    def test_another_process(self) -> None:
        holder = self.hold()
        self.assertIn(f"in use by the mailfilter with pid {holder.pid};", self.refused())
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
        self.take()
        self.assertEqual((self.path / LOCK).read_text(), f"{os.getpid()}\n")

    def test_released(self) -> None:
        first = self.take()
        self.refused()
        first.release()
        first.release()
        self.take()

    def test_refusal_leaves_no_trace(self) -> None:
        """The number of the one that has it stays, and no descriptor of ours."""
        self.take()
        before = len(os.listdir("/proc/self/fd"))
        self.refused()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)
        self.assertEqual((self.path / LOCK).read_text(), f"{os.getpid()}\n")

    def test_nonsense_in_the_file(self) -> None:
        """It is said as it is: nobody knows who."""
        self.take()
        for text in ("", "x\x1b[2J", "9" * 3, "12\n34"):
            (self.path / LOCK).write_text(text)
            who = "the mailfilter with pid 999" if text == "999" else "another mailfilter"
            self.assertIn(f"is in use by {who};", self.refused())

    def test_shorter_number(self) -> None:
        """Nothing stays of what was there."""
        self.path.mkdir()
        (self.path / LOCK).write_text("123456789012\n")
        self.take()
        self.assertEqual((self.path / LOCK).read_text(), f"{os.getpid()}\n")

    def test_disk_full(self) -> None:
        """The lock is what counts, not what it says."""

        def full(*_arguments: object) -> int:
            raise OSError(28, "No space left on device")

        self.patch(os, "pwrite", full)
        self.take()
        self.assertIn("is in use by another mailfilter;", self.refused())

    def test_link(self) -> None:
        """A lock file that leads somewhere else is not followed."""
        self.path.mkdir()
        target = self.folder / "precious"
        target.write_text("text")
        (self.path / LOCK).symlink_to(target)
        self.assertIn("Too many levels of symbolic links", self.refused())
        self.assertEqual(target.read_text(), "text")
        target.unlink()
        self.refused()
        self.assertFalse(target.exists())

    def test_no_directory(self) -> None:
        for path in (self.path, self.path / "below"):
            self.path.write_text("")
            words = "File exists" if path == self.path else "Not a directory"
            self.assertEqual(self.refused(path), f"state directory {path}: {words}{ADVICE}")

    def test_not_writable(self) -> None:
        path = Path("/proc/mailfilter-state")
        self.assertEqual(
            self.refused(path), f"state directory {path}: No such file or directory{ADVICE}"
        )
        denied = PermissionError(13, "Permission denied")

        def refuse(*_arguments: object) -> int:
            raise denied

        self.path.mkdir()
        self.patch(os, "open", refuse)
        self.assertEqual(self.refused(), f"state directory {self.path}: Permission denied{ADVICE}")

    def test_give(self) -> None:
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.take().give(12, 34)
        for path in (self.path, self.path / LOCK):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (12, 34))

    def test_lock_file_is_removed(self) -> None:
        """By somebody who cleans up: the directory is locked all the same."""
        self.take()
        (self.path / LOCK).unlink()
        self.assertIn("is in use by another mailfilter;", self.refused())

    def test_not_ours_to_give(self) -> None:
        """A directory that was there may hold anything."""
        self.path.mkdir(mode=0o700)
        given: list[object] = []
        self.patch(os, "chown", lambda *args: given.append(args))
        owner = self.path.stat().st_uid
        directory = self.take()
        with self.assertRaises(StateError) as caught:
            directory.give(owner + 1, 0)
        self.assertIn(
            f"belongs to user {owner}, expected {owner + 1}; chown", str(caught.exception)
        )
        self.assertEqual(given, [])

    def test_writable_by_others(self) -> None:
        """They could put a lock or a socket of theirs there."""
        for mode in (0o777, 0o770, 0o1777):
            self.path.mkdir(exist_ok=True)
            self.path.chmod(mode)
            expected = f"state directory {self.path} is writable by others; chmod go-w it, or"
            self.assertIn(expected, self.refused())
        self.path.chmod(0o755)
        self.take()
