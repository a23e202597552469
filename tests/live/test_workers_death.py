"""Workers that end, get stuck or grow are replaced, and nobody is left behind."""

import os
import resource
import signal
import time

from mailfilter.codec.control import Answer
from tests.live import mta
from tests.live.harness import wish
from tests.live.processes import wait_until
from tests.live.scan_client import Connection, with_length
from tests.live.workers_case import HAM, WorkersCase, is_alive, read_reply, scan


class DeathTests(WorkersCase):
    """Workers that end, for whatever reason."""

    def test_killed(self) -> None:
        """It is replaced, the others answer meanwhile, and what waited in its queue is served."""
        before = frozenset(self.wait_workers())
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.assertTrue(scan(self.filter.http))
        self.wait_workers(but=before)
        self.wait_log("ended: killed by SIGKILL; another one starts at once")
        self.assertEqual(self.filter.status()["events"]["worker_deaths"], 2)

    def test_covered(self) -> None:
        """While a place is empty for long, others accept for it: nobody waits."""
        wait_until(self.kill_first_place, "a place to be empty for a while", 30)
        self.wait_log("starts in 2 s")
        begun = time.monotonic()
        self.assertTrue(all(scan(self.filter.http) for _ in range(20)))
        self.assertLess(time.monotonic() - begun, 2.0)

    def kill_first_place(self) -> bool:
        """Kill who serves there, until that has been too often."""
        for worker in self.serving():
            if worker["place"] == 0:
                os.kill(worker["pid"], signal.SIGKILL)
        return "starts in 2 s" in self.filter.log(self.mark)

    def test_spins(self) -> None:
        """A check in an endless loop: its stack is logged, the worker killed and replaced."""
        self.suffer("spin", "force.py")

    def test_holds(self) -> None:
        """The same where no other thread of the process gets to run."""
        self.suffer("hold", "force.py")

    def suffer(self, what: str, where: str) -> None:
        self.complaints_expected = True
        before = frozenset(self.wait_workers())
        self.assertFalse(scan(self.filter.http, with_length(wish({what: "1"}))))
        self.wait_log("is stuck for")
        self.wait_log(where)
        after = self.wait_workers()
        self.assertEqual(len(before.intersection(after)), 1)
        self.assertEqual(self.filter.status()["events"]["workers_stuck"], 1)

    def test_grows(self) -> None:
        """A worker over its memory is replaced, and answers what it has begun."""
        self.edit("[server]", '[server]\nworker_memory = "150MiB"')
        self.assertEqual(self.reload().error, "")
        before = frozenset(self.wait_workers())
        idle = Connection(self.filter.http)
        idle.write(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.read_reply()
        connection = Connection(self.filter.http)
        verdict = connection.scan(with_length(wish([("Eat", "200"), ("Delay", "2.5")])))
        self.assertIn("action", verdict)
        self.wait_log("more than server.worker_memory, 150 MiB; replacing it")
        wait_until(lambda: len(before.intersection(i["pid"] for i in self.serving())) == 1, "swap")
        connection.close()
        idle.close()

    def test_master_is_killed(self) -> None:
        """No orphans, also of workers that are at work."""
        workers = self.wait_workers()
        busy = Connection(self.filter.http)
        busy.write(with_length(wish({"Delay": "1"})))
        self.wait_log("force: waiting")
        os.kill(self.filter.child.pid, signal.SIGKILL)
        self.assertEqual(busy.read_reply()[0], 200)
        wait_until(lambda: not any(map(is_alive, workers)), "all workers to end")

    def test_master_is_killed_while_one_is_stuck(self) -> None:
        """The kernel ends a worker that hears nothing."""
        workers = self.wait_workers()
        busy = Connection(self.filter.http)
        busy.write(with_length(wish({"Hold": "1"})))
        time.sleep(0.5)
        os.kill(self.filter.child.pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, workers)), "all workers to end")

    def test_master_is_killed_while_one_loads(self) -> None:
        """A worker that hangs before it hears anything is ended by the kernel, too."""
        self.edit("[server]", '[server]\nreload_timeout = "5s"')
        self.assertEqual(self.reload(), Answer())
        self.write_check("slow.py", "import time\n\ntime.sleep(60)\n")
        self.filter.child.send(signal.SIGHUP)
        wait_until(lambda: len(self.filter.workers()) == 4, "new workers")
        workers = self.filter.workers()
        os.kill(self.filter.child.pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, workers)), "all workers to end")

    def test_master_is_killed_while_one_drains(self) -> None:
        """A session that may go on for an hour does not keep its worker without a master."""
        self.edit('drain_timeout = "3s"', 'drain_timeout = "1h"')
        session = mta.Session(self.filter.milter)
        session.envelope("alice@example.org", ["bob@box.test"], "Q1")
        self.assertEqual(self.reload(), Answer())
        wait_until(lambda: len(self.filter.workers()) == 3, "the one without a session to end")
        workers = self.filter.workers()
        os.kill(self.filter.child.pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, workers)), "all workers to end")
        session.close()

    def test_program_of_a_check(self) -> None:
        """It has our pipes, and is no reason to take its worker for alive."""
        before = frozenset(self.wait_workers())
        self.assertTrue(scan(self.filter.http, with_length(wish({"Child": "20"}))))
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        self.wait_workers(but=before)
        self.assertTrue(scan(self.filter.http, with_length(wish({"Child": "20"}))))
        self.assertEqual(self.filter.stop(), -signal.SIGTERM)

    def test_no_descriptors(self) -> None:
        """Workers that have none left wait, and are not taken for stuck; nobody is turned away."""
        before = self.wait_workers()
        for pid in before:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (40, 40))
        crowd = [Connection(self.filter.http) for _ in range(120)]
        self.wait_log("Too many open files; waiting")
        time.sleep(4.0)
        self.assertEqual(self.wait_workers(), before)
        for connection in crowd:
            connection.write(HAM)
        answered = 0
        for connection in crowd:
            answered += read_reply(connection).startswith(b"HTTP/1.1 200")
            connection.close()
        self.assertEqual(answered, len(crowd))
        self.assertNotIn("stuck", self.filter.log(self.mark))

    def test_master_was_paused(self) -> None:
        """A pause of the master is not held against its workers."""
        workers = self.wait_workers()
        os.kill(self.filter.child.pid, signal.SIGSTOP)
        time.sleep(3.5)
        os.kill(self.filter.child.pid, signal.SIGCONT)
        time.sleep(2.0)
        self.assertEqual(self.wait_workers(), workers)
        self.assertNotIn("stuck", self.filter.log(self.mark))

    def test_counted_after_death(self) -> None:
        """Figures of workers that have ended are not forgotten."""
        for _ in range(10):
            self.assertTrue(scan(self.filter.http))
        self.assertEqual(self.reload(), Answer())
        wait_until(lambda: len(self.filter.workers()) == 2, "the old ones to end")
        self.assertEqual(self.filter.status()["counters"]["scans"], 10)
