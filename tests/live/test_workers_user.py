"""Started as root: sockets are bound, then everybody becomes the configured user."""

import functools
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

from mailfilter.client.control import ask
from mailfilter.codec.control import Answer
from tests.live.harness import Filter, LiveCase
from tests.live.processes import wait_until
from tests.live.workers_case import scan

USER = "daemon"


@functools.cache
def own_filter() -> Filter:
    """Its folder stays root's; the state directory is made by the filter."""
    key = "user" if may_run() else "group"
    return Filter(start=False, server=f'{key} = "{USER}"\numask = "027"')


def may_run() -> bool:
    """Whether the user can run this Python: one below /root nobody but root may."""
    try:
        return subprocess.run([sys.executable, "-c", ""], user=USER, check=False).returncode == 0
    except PermissionError:
        return False


class UserTests(LiveCase):
    """See `server.user`; where the user cannot run Python, of `server.group` at least."""

    needs_root = True

    def make_filter(self) -> Filter:
        """One that has a user of its own."""
        own = own_filter()
        own.start()
        self.addCleanup(own.kill)
        return own

    def ids(self, pid: int, field: str) -> set[int]:
        """Numbers of a process in a field of its status."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        (line,) = [line for line in lines if line.startswith(f"{field}:")]
        return {int(word) for word in line.split()[1:]}

    def test_all_of_it(self) -> None:
        """Master and workers, files, a reload, a replaced worker, and the next start."""
        entry = pwd.getpwnam(USER)
        uid = entry.pw_uid if may_run() else os.geteuid()
        for pid in (self.filter.child.pid, *self.filter.workers()):
            self.assertEqual(self.ids(pid, "Uid"), {uid})
            self.assertEqual(self.ids(pid, "Gid"), {entry.pw_gid})
            self.assertTrue(uid == 0 or 0 not in self.ids(pid, "Groups"))
            self.assertEqual(self.umask(pid), 0o027)
        state = Path(self.filter.state)
        for path in (state, state / "master.lock", state / "control.sock", Path(self.filter.unix)):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (uid, entry.pw_gid), path)
        self.assertEqual((state / "control.sock").stat().st_mode & 0o777, 0o600)
        self.assertEqual(Path(self.filter.unix).stat().st_mode & 0o777, 0o666)
        self.assertEqual(ask([self.filter.state], "reload"), Answer())
        before = self.filter.workers()
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: before[0] not in self.filter.workers(), "the dead to go")
        self.assertTrue(scan(self.filter.http))
        self.assertEqual(self.filter.stop(), -signal.SIGTERM)
        self.filter.start()
        self.assertTrue(scan(self.filter.http))

    def umask(self, pid: int) -> int:
        """The umask of a process."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        (line,) = [line for line in lines if line.startswith("Umask:")]
        return int(line.split()[1], 8)
