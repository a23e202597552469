"""The master's state machine, with generations that do as they are told."""

import os
import signal
import socket
import threading
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mailfilter.app import reading
from mailfilter.app.exit_status import GIVEN_UP, NOT_STARTED
from mailfilter.app.master import Master
from mailfilter.app.master_state import ReloadError, StartError, State
from mailfilter.app.plan import draft
from mailfilter.codec.control import Notice, ReopenLog
from tests.app.fake_generation import FakeGeneration
from tests.live.processes import free_port

CLOCK = IReactorTime(reactor)

HTTP = 'listeners.scan = {{ protocol = "http", endpoint = "tcp:{port}:interface=127.0.0.1" }}\n'
NO_LINES = "listeners.spamd.enabled = false\nlisteners.controller.enabled = false\n"
UNIX = 'listeners.milter = {{ protocol = "milter", endpoint = "unix:{folder}/m.sock" }}\n'


class MasterCase(TestCase):
    def setUp(self) -> None:
        # Short, for the paths of sockets.
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.port = free_port()
        self.generations: list[FakeGeneration] = []
        self.master: Master | None = None
        self.exits: list[int] = []
        self.patch(Master, "_exit", lambda _, status: self.exits.append(status))

    def write(self, *lines: str) -> str:
        path = self.folder / "m.toml"
        text = "\n".join(lines) + "\n" + HTTP + UNIX + NO_LINES
        path.write_text(text.format(port=self.port, folder=self.folder))
        return str(path)

    def make(self, *lines: str, daemon: bool = False) -> Master:
        made = Master(reactor, draft(self.write(*lines)), str(self.folder / "state"), daemon=daemon)

        def make_generation(_draft: object, _bound: object) -> FakeGeneration:
            self.generations.append(FakeGeneration(len(self.generations) + 1))
            return self.generations[-1]

        self.patch(made, "_make", make_generation)
        return made

    async def start(self, *lines: str) -> Master:
        made = self.make(*lines)
        made.startService()
        self.addCleanup(self.stop, made)
        await self.until(lambda: bool(self.generations))
        return made

    async def serve(self, *lines: str) -> Master:
        made = await self.start(*lines)
        self.generations[0].ready()
        self.assertIs(made.state, State.SERVING)
        return made

    async def stop(self, made: Master) -> None:
        if not made.running:
            return
        stopped = made.stopService()
        for generation in self.generations:
            generation.end()
        await stopped

    async def until(self, condition: object, seconds: float = 5.0) -> None:
        end = CLOCK.seconds() + seconds
        while not condition():  # type: ignore[operator]
            self.assertLess(CLOCK.seconds(), end, "it does not come to that")
            await deferLater(CLOCK, 0.01)

    async def candidate(self, number: int) -> FakeGeneration:
        await self.until(lambda: len(self.generations) >= number)
        return self.generations[number - 1]


class StartTests(MasterCase):
    async def test_listens_from_the_start(self) -> None:
        """Connections wait for the first generation."""
        made = await self.start()
        with socket.create_connection(("127.0.0.1", self.port)):
            self.assertIs(made.state, State.STARTING)
        self.assertIs(self.generations[0].is_strict, False)

    async def test_fails(self) -> None:
        await self.start()
        self.generations[0].fail("no hands")
        self.assertEqual(self.exits, [NOT_STARTED])

    async def test_second_master(self) -> None:
        """Refused before it binds anything, with who is there."""
        await self.serve()
        second = self.make()
        error = self.assertRaises(SystemExit, second.privilegedStartService)
        self.assertIn(f"is in use by the mailfilter with pid {os.getpid()};", str(error))
        self.assertIn("--state-dir", str(error))

    async def test_port_in_use(self) -> None:
        """Nothing stays behind: another one can start at once."""
        with socket.create_server(("127.0.0.1", self.port)):
            error = self.assertRaises(SystemExit, self.make().privilegedStartService)
            self.assertIn(f"port {self.port} is in use by pid {os.getpid()}", str(error))
            self.assertFalse((self.folder / "m.sock").exists())
            error = self.assertRaises(StartError, self.make(daemon=True).privilegedStartService)
            self.flushLoggedErrors()
        await self.serve()

    async def test_reload_while_starting(self) -> None:
        """It follows the start."""
        made = await self.start()
        done = made.reload()
        self.generations[0].ready()
        (await self.candidate(2)).ready("w")
        self.assertEqual(await done, ["w"])
        self.assertIs(made.state, State.SERVING)


class ReloadTests(MasterCase):
    async def test_swaps(self) -> None:
        made = await self.serve("server.drain_timeout = '7s'")
        done = made.reload()
        second = await self.candidate(2)
        self.assertIs(made.state, State.RELOADING)
        self.assertEqual(self.generations[0].drained, [])
        self.assertIs(second.is_strict, True)
        second.ready()
        self.assertEqual(await done, [])
        self.assertEqual(self.generations[0].drained, [(False, 7.0)])
        self.assertIs(made.state, State.SERVING)

    async def test_not_ready(self) -> None:
        """The old one goes on, and whoever asked is told why."""
        made = await self.serve()
        done = made.reload()
        (await self.candidate(2)).fail("check x: no")
        error = await self.assertFailure(done, ReloadError)
        self.assertEqual(str(error), "check x: no")
        self.assertEqual(self.generations[0].drained, [])
        self.assertIs(made.state, State.SERVING)
        self.assertIn("check x: no", made.alarms.raised[-1].text)
        self.assertEqual(made.hub.events, {"reloads_failed": 1})

    async def test_our_own_mistake(self) -> None:
        """It is logged, and costs the reload alone."""
        made = await self.serve()
        self.patch(made.sockets, "take", lambda *_: 1 // 0)
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("ZeroDivisionError", str(error))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        await self.until(lambda: made.state is State.SERVING)

    async def test_broken_file(self) -> None:
        made = await self.serve()
        self.write("scan.timout = '8s'")
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("m.toml:1: scan.timout", str(error))
        self.assertEqual(len(self.generations), 1)

    async def test_port_that_cannot_be_bound(self) -> None:
        made = await self.serve()
        before, self.port = self.port, free_port()
        self.write()
        with socket.create_server(("127.0.0.1", self.port)):
            error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn(f"port {self.port} is in use", str(error))
        socket.create_connection(("127.0.0.1", before)).close()

    async def test_sockets_of_a_failed_reload(self) -> None:
        """What was bound for it is closed again."""
        made = await self.serve()
        before, self.port = self.port, free_port()
        self.write()
        done = made.reload()
        (await self.candidate(2)).fail("no")
        await self.assertFailure(done, ReloadError)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port))
        socket.create_connection(("127.0.0.1", before)).close()

    async def test_files_that_nobody_reads(self) -> None:
        """As on a file system that is gone: the reload fails in time, and nobody waits for it."""
        made = await self.serve("server.reload_timeout = '1s'")
        held = threading.Event()
        self.addCleanup(held.set)
        self.patch(reading, "draft", lambda *_: held.wait(60))
        error = await self.assertFailure(made.reload(), ReloadError)
        self.assertIn("files are not read within 1 s (server.reload_timeout)", str(error))
        await self.until(lambda: made.state is State.SERVING)
        # Threads of the pool are waited for at the end of the process.
        pool = reactor.getThreadPool()  # type: ignore[attr-defined]
        self.assertEqual([], list(pool.working))

    async def test_listener_moves(self) -> None:
        made = await self.serve()
        before, self.port = self.port, free_port()
        self.write()
        done = made.reload()
        (await self.candidate(2)).ready()
        await done
        socket.create_connection(("127.0.0.1", self.port)).close()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", before))

    async def test_storm(self) -> None:
        """However many ask meanwhile, one more reload follows; each is answered by it."""
        made = await self.serve()
        first = made.reload()
        second = await self.candidate(2)
        others = [made.reload() for _ in range(50)]
        second.ready("a")
        self.assertEqual(await first, ["a"])
        (await self.candidate(3)).ready("b")
        for done in others:
            self.assertEqual(await done, ["b"])
        self.assertEqual(len(self.generations), 3)
        self.assertIs(made.state, State.SERVING)

    async def test_hangup_storm(self) -> None:
        await self.serve()
        for _ in range(20):
            os.kill(os.getpid(), signal.SIGHUP)
        (await self.candidate(2)).ready()
        await deferLater(CLOCK, 0.1)
        for generation in self.generations[2:]:
            generation.ready()
        self.assertLessEqual(len(self.generations), 3)

    async def test_too_many_drain(self) -> None:
        """The oldest must end soon."""
        made = await self.serve("server.stop_timeout = '3s'")
        for number in range(2, 5):
            done = made.reload()
            (await self.candidate(number)).ready()
            await done
        drained = [generation.drained for generation in self.generations]
        self.assertEqual(drained[0], [(False, 120.0), (True, 3.0)])
        self.assertEqual(drained[1:], [[(False, 120.0)], [(False, 120.0)], []])


class StopTests(MasterCase):
    async def test_during_a_reload(self) -> None:
        """Old and new ones are ended, and who waits is told."""
        made = await self.serve()
        done = made.reload()
        second = await self.candidate(2)
        stopped = made.stopService()
        error = await self.assertFailure(done, ReloadError)
        self.assertIn("stopping", str(error))
        self.assertTrue(second.is_killed)
        self.assertEqual(self.generations[0].drained, [(True, 10.0)])
        self.assertNoResult(stopped)
        for generation in self.generations:
            generation.end()
        await stopped
        self.assertEqual(len(self.generations), 2)

    async def test_before_the_candidate(self) -> None:
        """While files are read for a reload: no generation is begun any more."""
        made = await self.serve()
        done = made.reload()
        stopped = made.stopService()
        await self.assertFailure(done, ReloadError)
        self.generations[0].end()
        await stopped
        await deferLater(CLOCK, 0.1)
        self.assertEqual(len(self.generations), 1)

    async def test_while_starting(self) -> None:
        made = await self.start()
        stopped = made.stopService()
        self.assertTrue(self.generations[0].is_killed)
        self.generations[0].end()
        await stopped
        self.assertEqual(self.exits, [])

    async def test_leaves_nothing(self) -> None:
        made = await self.serve()
        self.assertTrue((self.folder / "m.sock").exists())
        stopped = made.stopService()
        self.assertFalse((self.folder / "m.sock").exists())
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port))
        self.generations[0].end()
        await stopped
        self.assertEqual(os.listdir(self.folder / "state"), ["master.lock"])
        await self.assertFailure(made.reload(), ReloadError)

    async def test_signals_afterwards(self) -> None:
        """A hang-up while stopping neither reloads nor kills."""
        made = await self.serve()
        stopped = made.stopService()
        os.kill(os.getpid(), signal.SIGHUP)
        self.generations[0].end()
        await stopped
        await deferLater(CLOCK, 0.05)
        self.assertEqual(len(self.generations), 1)


class HubTests(MasterCase):
    async def test_notices(self) -> None:
        """They go to all generations but their sender."""
        made = await self.serve()
        done = made.reload()
        second = await self.candidate(2)
        notice = Notice(topic="map", value=b"x")
        made.hub.relay(self.generations[0], notice)
        self.assertEqual((self.generations[0].told, second.told), ([], [notice]))
        second.ready()
        await done

    async def test_reopen(self) -> None:
        await self.serve()
        os.kill(os.getpid(), signal.SIGUSR1)
        await self.until(lambda: self.generations[0].told == [ReopenLog()])

    async def test_giving_up(self) -> None:
        made = await self.serve()
        made.hub.give_up("too large")
        self.assertEqual(self.exits, [GIVEN_UP])
        self.assertIn("too large", made.alarms.raised[-1].text)
