"""Listeners over real sockets: bound together or not at all, stopped without losing a scan."""

import socket
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mailfilter.app.listeners import Listeners
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Listener
from mailfilter.scan.check import Check, Findings, Hit
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.task import Task
from tests.live.processes import free_port

CLOCK = IReactorTime(reactor)


class Slow(Check):
    name = "slow"

    async def run(self, task: Task) -> Findings:
        await deferLater(CLOCK, 0.3)
        return [Hit("SLOW")]


class ListenersTests(TestCase):
    def setUp(self) -> None:
        # Short, for the path of a unix socket.
        self.directory = Path(mkdtemp())
        self.addCleanup(rmtree, self.directory)

    def make(self, **endpoints: str) -> Listeners:
        listeners = {
            name: Listener(protocol="http", endpoint=text) for name, text in endpoints.items()
        }
        config = Config(listeners=listeners)
        loaded = Loaded(config=config, origins={}, path=None, directory=str(self.directory))
        return Listeners(CLOCK, loaded, Scanner(build_plan(config, [Slow]), config.scan, CLOCK))

    def files(self) -> list[str]:
        return [path.name for path in self.directory.iterdir()]

    def ask(self, address: tuple[str, int] | str, request: bytes) -> Deferred[bytes]:
        def talk() -> bytes:
            family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
            with socket.socket(family) as client:
                client.settimeout(10)
                client.connect(address)
                client.sendall(request)
                return b"".join(iter(lambda: client.recv(65536), b""))

        return deferToThread(talk)

    async def test_stop_waits_for_scans(self) -> None:
        port = free_port()
        listeners = self.make(http=f"tcp:{port}:interface=127.0.0.1")
        listeners.startService()
        answer = self.ask(
            ("127.0.0.1", port), b"POST /checkv2 HTTP/1.0\r\nContent-Length: 4\r\n\r\nA: b"
        )
        await deferLater(CLOCK, 0.15)
        await listeners.stopService()
        self.assertIn(b'"SLOW"', await answer)

    async def test_unix_socket(self) -> None:
        """What a dead process left is replaced."""
        path = str(self.directory / "s.sock")
        listeners = self.make(http=f"unix:{path}")
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(path)
        dead.close()
        listeners.startService()
        answer = await self.ask(path, b"GET /ping HTTP/1.0\r\n\r\n")
        self.assertTrue(answer.endswith(b"pong\r\n"))
        await listeners.stopService()
        self.assertEqual(self.files(), [])

    async def test_many_clients_at_once(self) -> None:
        """A crowd that comes before anybody is accepted gets in; Twisted's own queue is of 50."""
        port = free_port()
        listeners = self.make(http=f"tcp:{port}:interface=127.0.0.1")
        listeners.startService()
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", port), 2)
            self.addCleanup(client.close)
        await listeners.stopService()

    async def test_all_or_none(self) -> None:
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, free = taken.getsockname()[1], free_port()
        listeners = self.make(
            good=f"tcp:{free}:interface=127.0.0.1", bad=f"tcp:{port}:interface=127.0.0.1"
        )
        error = self.assertRaises(SystemExit, listeners.startService)
        self.assertIn(f'listeners.bad.endpoint = "tcp:{port}:interface=127.0.0.1"', str(error))
        self.assertIn(f"port {port} is in use by pid ", str(error))
        await listeners.stopService()

    async def test_socket_of_a_living_process(self) -> None:
        path = str(self.directory / "s.sock")
        listeners = self.make(http=f"unix:{path}")
        living = socket.socket(socket.AF_UNIX)
        self.addCleanup(living.close)
        living.bind(path)
        living.listen()
        error = self.assertRaises(SystemExit, listeners.startService)
        self.assertIn("the socket is in use by pid ", str(error))
        self.assertEqual(self.files(), ["s.sock"])
        await listeners.stopService()
