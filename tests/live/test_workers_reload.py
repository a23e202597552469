"""Generations of real workers follow each other, and no request is lost."""

import os
import signal

from mailfilter.codec.control import Answer
from tests.live.harness import wish
from tests.live.processes import free_port, wait_until
from tests.live.scan_client import Connection, with_length
from tests.live.workers_case import HAM, Load, WorkersCase, accepts, scan


class ReloadTests(WorkersCase):
    """New generations."""

    def test_under_load(self) -> None:
        """No request fails, on connections kept alive or new, over TCP."""
        load = Load(self.filter.http)
        for _ in range(3):
            self.assertEqual(self.reload(), Answer())
        for _ in range(3):
            self.filter.child.send(signal.SIGHUP)
        wait_until(lambda: self.filter.status()["generation"] >= 5, "reloads by signals")
        self.assertEqual(load.stop(), [])
        self.assertGreater(load.answered, 100)

    def test_new_settings(self) -> None:
        """What is new holds for the next connection."""
        self.edit("[scan]", "[actions]\ngreylist = -10\nadd_header = 1\n\n[scan]")
        kept = Connection(self.filter.http)
        self.assertEqual(kept.scan(HAM)["action"], "no action")
        self.assertEqual(self.reload(), Answer())
        # The old ones may take whoever comes in the same moment.
        wait_until(lambda: self.fresh_action() == "greylist", "new connections to meet new workers")
        # One that was open stays with the old ones, and is told that this was its last reply.
        self.assertEqual(kept.scan(HAM)["action"], "no action")
        self.assertEqual(kept.socket.recv(1), b"")

    def fresh_action(self) -> object:
        """What a message on a connection of its own gets."""
        fresh = Connection(self.filter.http)
        try:
            return fresh.scan(HAM)["action"]
        finally:
            fresh.close()

    def test_broken(self) -> None:
        """What is wrong is returned and logged; the old ones go on, also after a death."""
        before = frozenset(self.wait_workers())
        self.edit("[scan]", "[scan]\ntimout = 1")
        answer = self.reload()
        self.assertIn("scan.timout = 1: unknown key; did you mean scan.timeout?", answer.error)
        self.wait_log("alarm: reload failed, the old configuration goes on")
        self.assertEqual(frozenset(self.wait_workers()), before)
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        self.wait_workers(but=frozenset({victim}))
        self.assertTrue(scan(self.filter.http))

    def test_check_that_fails(self) -> None:
        """New code that raises for any message is not put to work."""
        path = self.filter.home / "checks" / "bad.py"
        path.write_text(
            "from mailfilter.scan.check import Check\n\n\nclass Bad(Check):\n    name = 'bad'\n\n"
            "    def run(self, task):\n        return 1 // 0\n"
        )
        self.addCleanup(path.unlink, missing_ok=True)
        self.complaints_expected = True
        before = self.wait_workers()
        self.assertEqual(self.reload().error, "self-test: check bad: ZeroDivisionError")
        self.assertEqual(self.wait_workers(), before)

    def test_code_of_checks(self) -> None:
        """The master, which may be root, runs none of it, at a start or at a reload."""
        trace = self.filter.home / "trace"
        self.write_check(
            "trace.py",
            f"import os\n\nwith open({str(trace)!r}, 'a') as file:\n"
            "    print(os.getpid(), file=file)\n\nfrom mailfilter.scan.check import Check\n\n\n"
            "class Trace(Check):\n    name = 'trace'\n\n"
            "    def run(self, task):\n        return []\n",
        )
        self.filter.stop()
        self.filter.start()
        pids = {str(pid) for pid in self.wait_workers()}
        self.assertEqual(self.reload(), Answer())
        pids |= {str(pid) for pid in self.wait_workers()}
        self.assertEqual(set(trace.read_text().split()), pids)

    def test_worker_that_does_not_get_ready(self) -> None:
        """Given up in time, with its processes."""
        path = self.filter.home / "checks" / "slow.py"
        path.write_text("import time\n\ntime.sleep(60)\n")
        self.addCleanup(path.unlink, missing_ok=True)
        self.edit("[server]", '[server]\nreload_timeout = "1s"')
        before = self.wait_workers()
        self.assertEqual(self.reload().error, "not ready within 1 s")
        self.assertEqual(self.wait_workers(), before)
        wait_until(lambda: len(self.filter.workers()) == 2, "the others to end")

    def test_other_number(self) -> None:
        """From two to three, to one process, and back, with the listeners as they were."""
        load = Load(self.filter.http)
        for old, new in ((2, 3), (3, 1), (1, 2)):
            self.edit(f"workers = {old}", f"workers = {new}")
            self.assertEqual(self.reload(), Answer())
            pids = self.wait_workers(new)
            self.assertEqual(self.filter.child.pid in pids, new == 1)
        self.assertEqual(load.stop(), [])

    def test_one_process(self) -> None:
        """Without workers a reload loses no request either, and new settings hold."""
        self.edit("workers = 2", "workers = 1")
        self.assertEqual(self.reload(), Answer())
        load = Load(self.filter.http)
        for _ in range(4):
            self.assertEqual(self.reload(), Answer())
            self.assertEqual(self.wait_workers(1), [self.filter.child.pid])
        self.edit("[scan]", "[scan]\ntimout = 1")
        self.assertIn("unknown key", self.reload().error)
        self.assertEqual(load.stop(), [])
        self.assertGreater(load.answered, 100)

    def test_one_process_and_bad_checks(self) -> None:
        """What hangs, computes without end or ends its process is tried in another one first."""
        self.edit("workers = 2", 'workers = 1\nreload_timeout = "3s"')
        self.assertEqual(self.reload(), Answer())
        for text, error in (
            ("import time\n\ntime.sleep(60)\n", "not ready within 3 s"),
            ("while True:\n    pass\n", "not ready within 3 s"),
            ("import os\n\nos._exit(5)\n", "worker 0 ended before it was ready: exit status 5"),
        ):
            self.write_check("bad.py", text)
            self.assertEqual(self.reload().error, error)
            self.assertTrue(scan(self.filter.http))
        self.assertEqual(self.filter.stop(), -signal.SIGTERM)

    def test_listeners(self) -> None:
        """One that is added serves, one that is taken away is closed at once."""
        port, old = free_port(), self.filter.http
        self.edit(f"tcp:{old}:", f"tcp:{port}:")
        kept = Connection(old)
        self.assertIn("action", kept.scan(HAM))
        self.assertEqual(self.reload(), Answer())
        self.assertTrue(scan(port))
        wait_until(lambda: not accepts(old), "the old port to be closed")
        self.assertIn("action", kept.scan(HAM))

    def test_edited_without_reload(self) -> None:
        """A worker that replaces a dead one is like its siblings."""
        before = frozenset(self.wait_workers())
        self.edit("[scan]", "[scan]\nnonsense = 1")
        (self.filter.home / "checks" / "force.py").rename(self.filter.home / "force.py")
        try:
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            self.wait_workers(but=before)
            request = with_length(wish({"Action": "reject"}))
            connection = Connection(self.filter.http)
            self.assertEqual(connection.scan(request)["action"], "reject")
        finally:
            (self.filter.home / "force.py").rename(self.filter.home / "checks" / "force.py")
