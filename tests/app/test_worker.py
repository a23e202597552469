"""A worker in our own process: what it says to its master, and what it does when told."""

import os
import socket
import threading
from collections.abc import Mapping
from typing import ClassVar

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mailfilter.app import worker as module
from mailfilter.app.engine import Engine
from mailfilter.app.worker import Worker, read_boot
from mailfilter.codec.control import (
    Ask,
    Boot,
    ControlError,
    Cover,
    Credentials,
    Drain,
    Failed,
    File,
    Handed,
    Logged,
    Message,
    Notice,
    Ready,
    Report,
    Saved,
    Serve,
    Told,
    ToWorker,
    TurnedAway,
    encode,
)
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Listener, Server, StoreSettings
from mailfilter.scan.check import Check, Findings, Symbol
from mailfilter.scan.plan import build_plan
from mailfilter.scan.task import Task
from mailfilter.scan.verdict import Action
from mailfilter.servers.services import Refused
from tests.live.processes import free_port

CLOCK = IReactorTime(reactor)


class Broken(Check):
    name = "broken"
    symbols: ClassVar[Mapping[str, Symbol]] = {}

    def run(self, task: Task) -> Findings:
        raise ValueError("no")


class FakeChannel:
    """Keeps what would be sent."""

    is_stalled = False

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.is_closed = False

    def open(self, reactor: object, read: int, write: int) -> None:
        """Nothing to open."""

    def send(self, message: Message) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.is_closed = True


class WorkerTests(TestCase):
    def setUp(self) -> None:
        self.port = free_port()
        self.sock = socket.create_server(("127.0.0.1", self.port))
        self.sock.setblocking(False)
        self.addCleanup(self.sock.close)
        self.channel = FakeChannel()
        self.patch(module, "LAST_WORDS_SECONDS", 0.0)

    def make(self, *checks: type[Check], is_strict: bool = False, place: int = 0) -> Worker:
        endpoint = f"tcp:{self.port}:interface=127.0.0.1"
        config = Config(
            listeners={"http": Listener(protocol="http", endpoint=endpoint)},
            server=Server(watchdog=0.0, stop_timeout=2.0),
            store=StoreSettings(kind="memory"),
        )
        loaded = Loaded(config=config, origins={}, path=None, directory="/")
        plan = build_plan(config, checks)
        engine = Engine(reactor, loaded, plan, lambda text: None, self.mktemp())
        handed = Handed("http", os.dup(self.sock.fileno()), int(self.sock.family), (0,))
        boot = Boot(
            generation=1,
            place=place,
            seconds=10.0,
            state_dir="/var/lib/mailfilter",
            config=None,
            directory="/",
            files=(),
            checks=(),
            sockets=(handed,),
            is_strict=is_strict,
            log="-",
        )
        worker = Worker(reactor, boot, engine)
        self.patch(worker, "channel", self.channel)
        self.patch(worker, "_leave", lambda: None)
        self.addCleanup(self.end, worker)
        return worker

    async def end(self, worker: Worker) -> None:
        worker.stop()
        while not self.channel.is_closed:
            await deferLater(CLOCK, 0.01)
        await deferLater(CLOCK, 0.01)

    def tell(self, worker: Worker, message: ToWorker) -> None:
        worker._hear(message)

    def test_credentials(self) -> None:
        """New ones go to those who accept."""
        worker = self.make()
        renewed: list[Credentials] = []
        self.patch(worker._engine.serving, "renew", renewed.append)
        self.tell(worker, Credentials())
        self.assertEqual(renewed, [Credentials()])

    def test_refusals(self) -> None:
        """The master says them, for all workers."""
        worker = self.make()
        refusals = worker._engine.serving.factories["http"].refusals
        for _ in range(2):
            refusals.note_on_plain(IPv4Address("TCP", "192.0.2.1", 1))
        (told,) = self.channel.sent
        assert isinstance(told, TurnedAway)
        self.assertEqual((told.listener, told.source, told.how), ("http", "192.0.2.1", "refused"))
        self.channel.is_stalled = True
        refusals.note_on_plain(IPv4Address("TCP", "192.0.2.2", 1))
        self.assertEqual(len(self.channel.sent), 1)

    def ping(self) -> Deferred[bytes]:
        def talk() -> bytes:
            with socket.create_connection(("127.0.0.1", self.port), 5) as client:
                client.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
                client.settimeout(0.3)
                try:
                    return client.recv(65536)
                except TimeoutError:
                    return b""

        return deferToThread(talk)

    async def test_serves_when_told(self) -> None:
        """It is ready first, and accepts only when all of its generation are."""
        worker = self.make()
        await worker.start()
        self.assertEqual([type(item) for item in self.channel.sent], [Ready, Report])
        self.assertEqual(await self.ping(), b"")
        self.tell(worker, Serve())
        self.assertIn(b"200 OK", await self.ping())

    async def test_covers(self) -> None:
        """It accepts for another place while it is told to, and only once it serves."""
        worker = self.make(place=1)
        await worker.start()
        self.tell(worker, Cover(places=(0,)))
        self.assertEqual(await self.ping(), b"")
        self.tell(worker, Serve())
        self.assertIn(b"200 OK", await self.ping())
        self.tell(worker, Cover(places=()))
        self.assertEqual(await self.ping(), b"")

    async def test_strict(self) -> None:
        worker = self.make(Broken, is_strict=True)
        await worker.start()
        self.flushLoggedErrors(ValueError)
        self.assertEqual(self.channel.sent[0], Failed(reason="self-test: check broken: ValueError"))
        self.assertTrue(self.channel.is_closed)

    async def test_lenient(self) -> None:
        """At a start a failing check is no reason to have no filter at all."""
        worker = self.make(Broken)
        await worker.start()
        self.flushLoggedErrors(ValueError)
        self.assertEqual(
            self.channel.sent[0],
            Ready(warnings=("check broken: ValueError",), scores={"BROKEN_FAIL": 0.0}),
        )

    async def test_notices(self) -> None:
        """They go out by the master, and come in to those who have asked for their topic."""
        worker = self.make()
        heard: list[bytes] = []
        worker.subscribers["map"] = [heard.append]
        self.tell(worker, Notice(topic="map", value=b"x"))
        self.tell(worker, Notice(topic="score", value=b"y"))
        self.assertEqual(heard, [b"x"])
        worker.publish("score", b"z")
        self.assertEqual(self.channel.sent, [Notice(topic="score", value=b"z")])

    async def test_saved(self) -> None:
        """The next message is scanned by it."""
        worker = self.make(Broken)
        self.tell(worker, Saved(number=1, symbols={"BROKEN_FAIL": 2.0}, actions={"reject": 9.0}))
        plan = worker._engine.plan
        self.assertEqual(plan.symbols["BROKEN_FAIL"].score, 2.0)
        self.assertEqual(plan.profiles.thresholds[Action.REJECT], 9.0)
        self.assertEqual(worker._engine.scores, {"BROKEN_FAIL": 0.0})

    async def test_asks(self) -> None:
        """Its controllers ask the master, and are told when that is gone."""
        worker = self.make()
        asked = Deferred.fromCoroutine(worker.desk.status())
        (question,) = self.channel.sent
        assert isinstance(question, Ask)
        self.tell(worker, Told(number=question.number, value=b"\x81\xa1a\x01"))
        self.assertEqual(self.successResultOf(asked), {"a": 1})
        asked = Deferred.fromCoroutine(worker.desk.status())
        await worker.start()
        worker._master_is_gone("the master is gone")
        self.failureResultOf(asked, Refused)
        while not self.channel.is_closed:
            await deferLater(CLOCK, 0.01)

    async def test_troubles(self) -> None:
        """Warnings and errors go to the master beside the figures, the last ones too."""
        worker = self.make()
        await worker.start()
        Logger(observer=worker.troubles, namespace="m").warn("odd")
        worker._report()
        Logger(observer=worker.troubles, namespace="m").error("odder")
        self.tell(worker, Drain(is_stop=True, seconds=0.0))
        while not self.channel.is_closed:
            await deferLater(CLOCK, 0.01)
        texts = [item.text for item in self.channel.sent if isinstance(item, Logged)]
        self.assertEqual(texts, ["odd", "odder"])

    async def test_drains(self) -> None:
        """It accepts no more, closes the sockets, and says its last figures."""
        worker = self.make()
        await worker.start()
        self.tell(worker, Serve())
        self.assertIn(b"200 OK", await self.ping())
        self.tell(worker, Drain(is_stop=False, seconds=1.0))
        while not self.channel.is_closed:
            await deferLater(CLOCK, 0.01)
        last = self.channel.sent[-1]
        assert isinstance(last, Report)
        self.sock.close()
        self.assertNotEqual(socket.socket().connect_ex(("127.0.0.1", self.port)), 0)

    async def test_master_is_gone(self) -> None:
        worker = self.make()
        await worker.start()
        worker._master_is_gone("the master is gone")
        while not self.channel.is_closed:
            await deferLater(CLOCK, 0.01)

    async def test_stalled(self) -> None:
        """A master that does not read gets no more reports, so that none pile up."""
        worker = self.make()
        await worker.start()
        self.channel.is_stalled = True
        count = len(self.channel.sent)
        worker._report()
        self.assertEqual(len(self.channel.sent), count)


class BootTests(SynchronousTestCase):
    def boot(self, data: bytes) -> Boot:
        read, write = os.pipe()
        os.write(write, data)
        os.close(write)
        try:
            return read_boot(read)
        finally:
            os.close(read)

    def test_nothing(self) -> None:
        """The master has ended."""
        self.assertRaises(ControlError, self.boot, b"")

    def test_no_more_than_it(self) -> None:
        """What follows is left for whoever reads then."""
        boot = Boot(
            generation=1,
            place=0,
            seconds=10.0,
            state_dir="/var/lib/mailfilter",
            config=None,
            directory="/",
            files=(File("/x", b"x" * 300_000),),
            checks=(),
            sockets=(),
            is_strict=False,
            log="-",
        )
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        following = encode(Serve())
        writer = threading.Thread(target=os.write, args=(write, encode(boot) + following))
        writer.start()
        self.assertEqual(read_boot(read), boot)
        writer.join()
        os.close(write)
        self.assertEqual(os.read(read, 100), following)

    def test_something_else(self) -> None:
        self.assertRaises(ControlError, self.boot, encode(Serve()))
        self.assertRaises(ControlError, self.boot, b"\xff" * 100)
