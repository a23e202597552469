"""A generation by the clock: who is started when, who is given up, who accepts for whom."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import generation as module
from mailfilter.app.generation import KILL_MARGIN, MAX_DELAY, Generation
from mailfilter.app.hub import GenerationError, Hub
from mailfilter.app.plan import Draft
from mailfilter.app.worker_process import WorkerError
from mailfilter.codec.control import (
    ControlError,
    Cover,
    Credentials,
    Drain,
    Notice,
    Pair,
    ReopenLog,
    Serve,
)
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Server
from mailfilter.report.alarms import Alarms
from tests.app.fake_worker import FakeWorker, report

SERVER = Server(
    workers=3, watchdog=10.0, worker_memory=2**20, reload_timeout=20.0, drain_timeout=30.0
)


class GenerationCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.alarms = Alarms()
        self.hub = Hub(self.alarms, "/var/lib/mailfilter")
        FakeWorker.made = []
        FakeWorker.error = None
        self.workers = FakeWorker.made
        self.patch(module, "WorkerProcess", FakeWorker)
        config = Config(server=SERVER)
        draft = Draft(Loaded(config=config, origins={}, path=None, directory="/"), ())
        self.generation = Generation(self.clock, self.hub, 1, draft, {}, 3)

    def start(self, *, is_strict: bool = False) -> Deferred[list[str]]:
        return Deferred.fromCoroutine(self.generation.start(is_strict=is_strict))  # type: ignore[arg-type]

    def serve(self) -> None:
        started = self.start()
        for worker in self.workers:
            worker.get_ready()
        self.assertEqual(self.successResultOf(started), [])
        self.generation.serve()

    def pass_time(self, seconds: float, but: tuple[FakeWorker, ...] = ()) -> None:
        """Time goes by, and all but some workers give signs of life."""
        for _ in range(int(seconds)):
            for worker in self.workers:
                if worker not in but:
                    worker.last_heard = self.clock.seconds()
            self.clock.advance(1.0)

    def alarm(self) -> str:
        return self.alarms.raised[-1].text

    def covered(self, worker: FakeWorker) -> tuple[int, ...]:
        """What it was last told to accept for."""
        return [message for message in worker.sent if isinstance(message, Cover)][-1].places


class StartTests(GenerationCase):
    def test_together(self) -> None:
        """Nobody accepts before all can."""
        started = self.start(is_strict=True)
        self.assertEqual([worker.boot.place for worker in self.workers], [0, 1, 2])
        self.assertTrue(all(worker.boot.is_strict for worker in self.workers))
        self.workers[0].get_ready("a", "b")
        self.workers[1].get_ready("a")
        self.assertNoResult(started)
        self.assertEqual([worker.sent for worker in self.workers], [[], [], []])
        self.workers[2].get_ready()
        self.assertEqual(self.successResultOf(started), ["a", "b"])
        self.assertEqual([worker.sent for worker in self.workers], [[], [], []])
        self.generation.serve()
        self.assertEqual([worker.sent for worker in self.workers], [[Serve()]] * 3)

    def test_one_fails(self) -> None:
        """All are ended, and the reason is that one's."""
        started = self.start()
        self.workers[0].get_ready()
        self.workers[1].ready.errback(WorkerError("m.toml:1: no"))
        error = self.failureResultOf(started, GenerationError)
        self.assertEqual(str(error.value), "m.toml:1: no")
        self.assertEqual([worker.killed for worker in self.workers], [1, 1, 1])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_takes_too_long(self) -> None:
        started = self.start()
        self.workers[0].get_ready()
        self.clock.advance(20.0)
        error = self.failureResultOf(started, GenerationError)
        self.assertEqual(str(error.value), "not ready within 20 s")
        self.assertTrue(all(worker.killed for worker in self.workers))

    def test_cannot_be_spawned(self) -> None:
        FakeWorker.error = OSError(12, "Cannot allocate memory")
        error = self.failureResultOf(self.start(), GenerationError)
        self.assertIn("Cannot allocate memory", str(error.value))

    def test_dies_before_the_others_are_ready(self) -> None:
        """It is replaced as soon as the generation serves."""
        started = self.start()
        self.workers[0].get_ready()
        self.workers[0].end()
        self.workers[1].get_ready()
        self.workers[2].get_ready()
        self.successResultOf(started)
        self.generation.serve()
        self.assertEqual(len(self.workers), 4)
        self.assertEqual(self.covered(self.workers[1]), (0,))
        self.workers[3].get_ready()
        self.assertEqual(self.workers[3].sent[0], Serve())

    def test_killed(self) -> None:
        started = self.start()
        self.generation.kill()
        for worker in self.workers:
            self.assertTrue(worker.killed)
            worker.ready.errback(WorkerError("ended"))
            worker.end()
        self.failureResultOf(started, GenerationError)
        self.assertEqual(len(self.workers), 3)


class ReplaceTests(GenerationCase):
    def test_at_once_and_covered(self) -> None:
        """The first time there is no delay; meanwhile another one accepts in its place."""
        self.serve()
        self.workers[1].end()
        self.assertIn(
            "(pid 1001) ended: killed by SIGKILL; another one starts at once", self.alarm()
        )
        self.assertEqual(self.covered(self.workers[0]), (1,))
        self.assertEqual(self.covered(self.workers[2]), ())
        self.clock.advance(0)
        self.workers[3].get_ready()
        self.assertEqual(self.workers[3].sent[0], Serve())
        self.assertEqual(self.covered(self.workers[0]), ())
        self.assertFalse(self.workers[3].boot.is_strict)
        self.assertEqual(self.hub.events, {"worker_deaths": 1, "workers_replaced": 1})

    def test_backoff(self) -> None:
        """One that always dies is started ever more seldom, to a bound; a good life forgives."""
        self.serve()
        delays = []
        current = self.workers[0]
        for _ in range(10):
            current.end()
            begun = self.clock.seconds()
            count = len(self.workers)
            self.clock.advance(0)
            while len(self.workers) == count:
                self.clock.advance(0.5)
            delays.append(self.clock.seconds() - begun)
            current = self.workers[-1]
            current.get_ready()
        self.assertEqual(delays[:5], [0, 0.5, 1, 2, 4])
        self.assertEqual(delays[-1], MAX_DELAY)
        self.pass_time(61)
        current.end()
        self.assertIn("starts at once", self.alarm())

    def test_not_ready(self) -> None:
        """A replacement that does not get ready is tried again later."""
        self.serve()
        self.workers[0].end()
        self.clock.advance(0)
        self.workers[3].ready.errback(WorkerError("no memory"))
        self.assertIn("does not get ready: no memory; trying again in 0.5 s", self.alarm())
        self.assertTrue(self.workers[3].killed)
        self.clock.advance(0.5)
        self.assertEqual(len(self.workers), 5)
        self.pass_time(20)
        self.assertIn("not ready within 20 s", self.alarm())

    def test_cannot_be_spawned(self) -> None:
        self.serve()
        FakeWorker.error = OSError(11, "Resource temporarily unavailable")
        self.workers[0].end()
        self.clock.advance(0)
        self.assertIn("cannot start a worker", self.alarm())
        FakeWorker.error = None
        self.clock.advance(1)
        self.workers[-1].get_ready()
        self.assertEqual(self.workers[-1].sent[0], Serve())

    def test_dies_while_its_successor_is_due(self) -> None:
        """One start for one place, whatever the reasons for it."""
        self.serve()
        self.pass_time(61)
        self.workers[0].report = report(memory=2**20 + 1)
        self.clock.advance(0.5)
        self.generation._look_after()
        self.workers[0].end()
        self.clock.advance(0)
        self.clock.advance(0)
        self.assertEqual(len(self.workers), 4)
        self.generation.drain(is_stop=True, seconds=1.0)
        self.clock.advance(60)
        self.assertEqual(len(self.workers), 4)

    def test_stuck(self) -> None:
        self.serve()
        self.pass_time(11, but=(self.workers[1],))
        self.assertEqual([worker.stuck for worker in self.workers], [0, 1, 0])
        self.assertIn("worker 1 (pid 1001) is stuck for", self.alarm())
        self.pass_time(3, but=(self.workers[1],))
        self.assertEqual(self.workers[1].stuck, 1)
        self.workers[1].end()
        self.clock.advance(0)
        self.assertEqual(len(self.workers), 4)

    def test_we_were_stuck(self) -> None:
        """What the master was too late to read is not held against anybody."""
        self.serve()
        self.clock.advance(100)
        self.clock.advance(1)
        self.assertEqual([worker.stuck for worker in self.workers], [0, 0, 0])

    def test_always_too_large(self) -> None:
        """Where a limit is too low for any worker, they are not replaced without end."""
        self.serve()
        for _ in range(120):
            for worker in self.workers:
                worker.report = report(memory=2**20 + 1)
                if not worker.ready.called:
                    worker.get_ready()
            self.pass_time(1)
        self.assertLess(len(self.workers), 3 * 14)

    def test_too_large_and_not_replaced(self) -> None:
        """A replacement that does not get ready is not tried each second."""
        self.serve()
        self.workers[0].report = report(memory=2**20 + 1)
        for _ in range(60):
            self.pass_time(1)
            if not self.workers[-1].ready.called:
                self.workers[-1].ready.errback(WorkerError("no"))
        self.assertLess(len(self.workers), 3 + 9)
        self.assertNotIn(Drain, map(type, self.workers[0].sent))

    def test_ready_too_late(self) -> None:
        """One that is ready when all is over serves nobody."""
        self.serve()
        self.workers[0].end()
        self.clock.advance(0)
        self.generation.drain(is_stop=False, seconds=5.0)
        self.workers[3].get_ready()
        self.assertEqual(self.workers[3].sent, [])

    def test_grows(self) -> None:
        """A new one is ready before the old one is let go."""
        self.serve()
        self.workers[0].report = report(memory=2**20 + 1, scans=5)
        self.pass_time(3)
        self.assertEqual(len(self.workers), 4)
        self.assertIn("more than server.worker_memory", self.alarm())
        self.assertNotIn(Drain, map(type, self.workers[0].sent))
        self.workers[3].get_ready()
        self.assertIn(Drain(is_stop=False, seconds=30.0), self.workers[0].sent)
        self.workers[0].end("exit status 0")
        self.pass_time(3)
        self.assertEqual(len(self.workers), 4)
        self.assertEqual(self.hub.totals([])[0], {"scans": 5})


class EndTests(GenerationCase):
    def test_drain(self) -> None:
        self.serve()
        gone = self.generation.drain(is_stop=False, seconds=5.0)
        for worker in self.workers:
            self.assertEqual(worker.sent[-1], Drain(is_stop=False, seconds=5.0))
            self.assertNoResult(gone)
            worker.end("exit status 0")
        self.successResultOf(gone)
        self.assertEqual(list(self.alarms.raised), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cannot_be_killed(self) -> None:
        """Even then the end comes."""
        self.serve()
        gone = self.generation.drain(is_stop=True, seconds=5.0)
        self.clock.advance(5.0 + KILL_MARGIN)
        self.assertNoResult(gone)
        self.clock.advance(KILL_MARGIN)
        self.successResultOf(gone)

    def test_killed_in_the_end(self) -> None:
        """Those that do not end by themselves are ended."""
        self.serve()
        gone = self.generation.drain(is_stop=True, seconds=5.0)
        self.clock.advance(5.0 + KILL_MARGIN)
        for worker in self.workers:
            self.assertTrue(worker.killed)
            worker.end()
        self.successResultOf(gone)

    def test_reload_then_stop(self) -> None:
        """Those that drain after a reload are told when all stops."""
        self.serve()
        first = self.generation.drain(is_stop=False, seconds=60.0)
        second = self.generation.drain(is_stop=True, seconds=3.0)
        for worker in self.workers:
            self.assertEqual(worker.sent[-1], Drain(is_stop=True, seconds=3.0))
            worker.end("exit status 0")
        self.successResultOf(first)
        self.successResultOf(second)

    def test_while_one_is_replaced(self) -> None:
        """The new one is ended too, and a start that was due is not made."""
        self.serve()
        self.workers[0].end()
        self.clock.advance(0)
        self.workers[3].ready.errback(WorkerError("no"))
        self.workers[1].end()
        self.clock.advance(0)
        gone = self.generation.drain(is_stop=True, seconds=3.0)
        self.assertTrue(self.workers[4].killed)
        self.workers[4].end()
        self.workers[3].end()
        self.workers[2].end()
        self.successResultOf(gone)
        self.clock.advance(60)
        self.assertEqual(len(self.workers), 5)


class TellTests(GenerationCase):
    def test_notices(self) -> None:
        """They go to all but their sender."""
        self.serve()
        notice = Notice(topic="score", value=b"x")
        self.generation.tell(notice, but=self.workers[1])
        self.assertEqual([notice in worker.sent for worker in self.workers], [True, False, True])

    def test_credentials(self) -> None:
        """Those that live are told, those that leave too; those that come begin with them."""
        self.serve()
        self.assertEqual(self.workers[0].boot.credentials, Credentials())
        fresh = Credentials(pairs=(Pair(name="mx", chain=b"c"),))
        self.generation.tell(fresh)
        self.assertTrue(all(fresh in worker.sent for worker in self.workers))
        self.workers[0].end()
        self.clock.advance(1.0)
        self.assertEqual(len(self.workers), 4)
        self.assertEqual(self.workers[3].boot.credentials, fresh)

    def test_credentials_that_are_too_large(self) -> None:
        """Who comes next begins with what the others have."""
        self.serve()

        def refuse(message: object) -> None:
            raise ControlError("too large")

        for worker in self.workers:
            self.patch(worker, "send", refuse)
        fresh = Credentials(pairs=(Pair(name="mx", chain=b"c"),))
        self.assertRaises(ControlError, self.generation.tell, fresh)
        self.patch(self.workers[1], "send", lambda message: None)
        self.patch(self.workers[2], "send", lambda message: None)
        self.workers[0].end()
        self.clock.advance(1.0)
        self.assertEqual(self.workers[3].boot.credentials, Credentials())

    def test_logs(self) -> None:
        self.serve()
        self.generation.tell(ReopenLog())
        self.assertTrue(all(ReopenLog() in worker.sent for worker in self.workers))

    def test_status(self) -> None:
        self.serve()
        self.workers[0].report = report(memory=5, scans=7)
        self.pass_time(2)
        first = self.generation.status()[0]
        self.assertEqual(
            (first.pid, first.state, first.total, first.memory), (1000, "serving", 7, 5)
        )
        self.generation.drain(is_stop=False, seconds=5.0)
        self.assertEqual({item.state for item in self.generation.status()}, {"draining"})
