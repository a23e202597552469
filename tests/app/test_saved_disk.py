"""What is saved on disks that are full, broken or slow, and by a process that is killed."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from mailfilter.app import saved_file
from mailfilter.config.saved import FILE
from mailfilter.servers.services import Refused
from tests.app.saved_case import BIG, SavedCase

WAKE = b"x"
"""What threads write to wake the reactor."""


class DiskTests(SavedCase):
    """Disks that are full, broken, slow or somebody else's."""

    async def test_damaged(self) -> None:
        """An alarm, and the file is there for those who want to look."""
        await self.state.save({"symbols.X.score": 3.0}, "me")
        path = self.folder / FILE
        for damage in (b"", b"{", path.read_bytes()[:-20], b"\x00" * 4096):
            path.write_bytes(damage)
            self.alarms.raised.clear()
            self.state = self.make()
            self.assertEqual(self.values(), {})
            (alarm,) = self.alarms.raised
            self.assertIn(f"{path}: not what was written", alarm.text)
            self.assertIn("moved to saved.json.damaged-1800000000", alarm.text)
            aside = self.folder / "saved.json.damaged-1800000000"
            self.assertEqual(aside.read_bytes(), damage)
            self.assertEqual(self.files(), [aside.name])
        self.flushLoggedErrors()
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    def test_odd(self) -> None:
        """What is no file at all is no reason not to start either."""
        path = self.folder / FILE
        path.mkdir()
        self.assertEqual(self.make().history, {})
        self.assertIn("Is a directory; moved to", self.alarms.raised[-1].text)
        for aside in self.folder.iterdir():
            aside.rmdir()
        os.mkfifo(path)
        self.assertEqual(self.make().history, {})
        self.assertIn("no regular file; moved to", self.alarms.raised[-1].text)
        for target in ("/nowhere/at/all", "/dev/zero"):
            self.alarms.raised.clear()
            for aside in self.folder.iterdir():
                aside.unlink()
            path.symlink_to(target)
            self.assertEqual(self.make().history, {})
            self.assertIn("symbolic links; moved to", self.alarms.raised[-1].text)

    async def test_pipe(self) -> None:
        """Where the new file is to be written, too, nobody waits for one who reads."""
        fresh = self.folder / f"{FILE}.new"
        os.mkfifo(fresh)
        answer = await self.refused_unread({"symbols.X.score": 3.0})
        self.assertIn("nothing was changed", answer)
        self.assertEqual(self.files(), [])
        await self.state.save({"symbols.X.score": 3.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 3.0})

    async def test_full(self) -> None:
        """Nothing is changed, neither there nor here, and it goes on when there is room."""
        await self.state.save({"symbols.X.score": 3.0}, "me")
        write = os.write
        for name in ("write", "fsync", "open", "replace"):

            def fail(*given: Any, **_: object) -> int:
                if given[1:] == (WAKE,):
                    return write(*given)
                raise OSError(errno.ENOSPC, "No space left on device")

            patched = self.patch(os, name, fail)
            try:
                answer = await self.refused_unread({"symbols.X.score": 4.0})
            finally:
                patched.restore()
            self.assertIn("No space left on device; nothing was changed", answer)
            self.assertEqual(self.files(), [FILE])
            self.assertEqual(self.make().message.symbols, {"X": 3.0})
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    async def refused_unread(self, changes: Mapping[str, Any]) -> str:
        """As `refused`, while files cannot be looked at."""
        with self.assertRaises(Refused) as caught:
            await self.state.save(changes, "me")
        return str(caught.exception)

    async def test_short_writes(self) -> None:
        """All of it is written, however little at a time."""
        write = os.write
        self.patch(os, "write", lambda opened, data: write(opened, data[:7]))
        await self.state.save({"maps.m": BIG[:999]}, "me")
        self.assertEqual(self.make().maps(), {"m": BIG[:999]})

    async def test_folder_gone(self) -> None:
        self.folder.rmdir()
        answer = await self.refused_unread({"symbols.X.score": 4.0})
        self.assertIn("No such file or directory; nothing was changed", answer)

    async def test_link(self) -> None:
        """A link that somebody has put there is not written through."""
        os.symlink(self.folder.absolute() / "theirs", self.folder / (FILE + ".new"))
        answer = await self.refused_unread({"symbols.X.score": 4.0})
        self.assertIn("nothing was changed", answer)
        self.assertEqual(self.files(), [])
        await self.state.save({"symbols.X.score": 4.0}, "me")

    async def test_unsettled(self) -> None:
        """The file is in its place, only that is not on disk: it holds, and a line says so."""
        fsync, calls = os.fsync, []

        def fail_second(opened: int) -> None:
            calls.append(opened)
            if len(calls) == 2:
                raise OSError(errno.EIO, "Input/output error")
            fsync(opened)

        self.patch(os, "fsync", fail_second)
        await self.state.save({"symbols.X.score": 4.0}, "me")
        self.assertEqual(self.make().message.symbols, {"X": 4.0})

    async def test_too_large(self) -> None:
        self.patch(saved_file, "MAX_FILE", 200)
        answer = await self.refused({"maps.m": BIG})
        self.assertIn("octets would be saved, expected at most 200", answer)


KILLED = """
import os, sys
from mailfilter.app.saved_file import write_saved
from mailfilter.config.saved import Version
directory, at = sys.argv[1], int(sys.argv[2])
count = 0
def counted(name):
    call = getattr(os, name)
    def step(*given, **named):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), 9)
        return call(*given, **named)
    setattr(os, name, step)
write_saved(directory, {"maps.m": (Version(b"old", "a", 1.0),)})
for name in ("open", "write", "fsync", "close", "replace"):
    counted(name)
write_saved(directory, {"maps.m": (Version(b"new" * 99999, "a", 2.0),)})
print("done")
"""
"""Writes twice, and is killed at one step of the second time."""


LIMITED = """
import resource, sys
from mailfilter.app.saved_file import write_saved
from mailfilter.config.saved import Version
write_saved(sys.argv[1], {"maps.m": (Version(b"old", "a", 1.0),)})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_saved(sys.argv[1], {"maps.m": (Version(b"new" * 99999, "a", 2.0),)})
except OSError as error:
    print(error.strerror)
"""
"""The kernel takes a part of what is written, and then no more."""


class LimitedTests(SavedCase):
    def test_no_room(self) -> None:
        """As on a disk that is full: what was there before is whole, and nothing else is left."""
        command = [sys.executable, "-c", LIMITED, str(self.folder)]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        self.assertEqual(done.stdout, b"File too large\n", done.stderr)
        self.assertEqual(self.files(), [FILE])
        self.assertEqual(self.make().maps(), {"m": b"old"})


class KilledTests(SavedCase):
    def test_each_step(self) -> None:
        """Killed at any moment, one of the two is there, and never a part."""
        found = []
        for at in range(1, 20):
            command = [sys.executable, "-c", KILLED, str(self.folder), str(at)]
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
            made = self.make()
            found.append(made.maps()["m"])
            if done.returncode == 0:
                break
            self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
            self.assertEqual(self.files(), [FILE])
        self.assertEqual(done.stdout, b"done\n")
        self.assertEqual([*self.alarms.raised], [])
        self.assertEqual({*found}, {b"old", b"new" * 99999})
        self.assertEqual(found, sorted(found, key=len))
