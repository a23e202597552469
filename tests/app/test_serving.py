"""Protocols on sockets, and how they come to an end: nobody who has begun is cut off."""

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, LoopingCall, deferLater
from twisted.internet.threads import deferToThread

from mailfilter.app.serving import LOOK_INTERVAL, RELOAD_GRACE, STOP_GRACE, Serving
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Listener
from mailfilter.testing.fake_scanner import FakeScanner
from tests.codec.milter_mta import frame, message
from tests.servers.http_case import CHECK, PING
from tests.servers.milter_server import START, logged

from .case import CLOCK, SECONDS, SocketCase

LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
BOUND = 60.0
"""Seconds in which a drain must be over."""


class Timeless(Clock):
    """The reactor, but time passes only when a test says so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class ServingCase(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        self.scanner = FakeScanner(wait=True)
        config = Config(
            listeners={
                "http": Listener(protocol="http", endpoint="tcp:0"),
                "milter": Listener(protocol="milter", endpoint="tcp:0"),
                "off": Listener(protocol="http", endpoint="tcp:0", enabled=False),
            }
        )
        self.loaded_config = Loaded(config, {}, None, "/")
        self.clock = Timeless()
        # What is due now happens now.
        turning = LoopingCall(self.clock.advance, 0)
        turning.start(0.001)
        self.addCleanup(turning.stop)
        self.serving = self.serve()
        self.sockets = {name: self.listening(("127.0.0.1", 0)) for name in ("http", "milter")}
        for name, sock in self.sockets.items():
            sock.setblocking(False)
            self.serving.accept(name, sock, is_shared=False)

    def serve(self) -> Serving:
        made = Serving(self.clock, self.loaded_config, self.scanner, self.fail)
        self.addCleanup(self.end, made)
        return made

    async def end(self, made: Serving) -> None:
        await made.drain(is_stop=True, seconds=0)
        await self.until(lambda: not any(made.connections().values()))

    @property
    def open(self) -> int:
        return sum(self.serving.connections().values())

    def connect(self, name: str) -> socket.socket:
        """A client that the kernel has let in."""
        client = socket.create_connection(self.sockets[name].getsockname(), SECONDS)
        self.addCleanup(client.close)
        return client

    async def client(self, name: str, *parts: bytes) -> socket.socket:
        """A client that is served, and has sent something."""
        before = self.open
        client = self.connect(name)
        await self.until(lambda: self.open > before)
        for part in parts:
            client.sendall(part)
        return client

    def rest(self, client: socket.socket) -> Deferred[bytes]:
        """All that a client is sent until the connection ends."""
        return deferToThread(lambda: b"".join(iter(lambda: client.recv(65536), b"")))

    def drain(self, *, is_stop: bool, seconds: float = BOUND) -> Deferred[None]:
        return self.serving.drain(is_stop=is_stop, seconds=seconds)

    async def wait(self, seconds: float, end: Deferred[None] | None = None) -> float:
        """Let time pass, until something has fired; how much has passed."""
        begun = self.clock.seconds()
        while self.clock.seconds() < begun + seconds and not (end and end.called):
            self.clock.advance(LOOK_INTERVAL)
            await deferLater(CLOCK, 0)
        return self.clock.seconds() - begun

    async def over(self, drained: Deferred[None]) -> float:
        """Wait until a drain is over; how long that took."""
        passed = await self.wait(BOUND * 2, drained)
        await drained
        return passed

    def assert_passed(self, seconds: float, expected: float) -> None:
        """So much time, but for a few looks."""
        self.assertLessEqual(abs(seconds - expected), LOOK_INTERVAL * 4)


class AcceptTests(ServingCase):
    async def test_factories(self) -> None:
        """Of the listeners that listen; connections are counted by listener."""
        self.assertEqual(self.serving.connections(), {"http": 0, "milter": 0})
        await self.client("http")
        self.assertEqual(self.serving.connections(), {"http": 1, "milter": 0})

    async def test_leave(self) -> None:
        """Who leaves a socket leaves its queue to others, and may come back."""
        sock = self.sockets["http"]
        self.serving.accept("http", sock, is_shared=True)
        self.serving.leave(sock)
        self.serving.leave(sock)
        client = self.connect("http")
        client.sendall(PING.replace(b"1.1", b"1.0"))
        await self.client("milter")
        self.assertEqual(self.serving.connections(), {"http": 0, "milter": 1})
        self.serving.accept("http", sock, is_shared=False)
        self.assertTrue((await self.rest(client)).endswith(b"pong\r\n"))

    async def test_two_in_one_process(self) -> None:
        """As between two configurations: the end of one is not felt by the other."""
        sock = self.sockets["http"]
        successor = self.serve()
        successor.accept("http", sock, is_shared=False)
        await self.drain(is_stop=False)
        for _ in range(3):
            client = self.connect("http")
            client.sendall(PING.replace(b"1.1", b"1.0"))
            self.assertTrue((await self.rest(client)).endswith(b"pong\r\n"))
        self.assertNotEqual(sock.fileno(), -1)
        self.assertFalse(sock.getblocking())


class DrainTests(ServingCase):
    async def test_nothing_to_do(self) -> None:
        for is_stop in (False, True):
            await self.drain(is_stop=is_stop)
        self.assertEqual(self.clock.seconds(), 0.0)
        self.assertTrue(self.serving.is_draining)

    async def test_nobody_new(self) -> None:
        """The sockets stay, for those who come after us."""
        await self.drain(is_stop=False)
        self.serving.accept("http", self.sockets["http"], is_shared=False)
        client = self.connect("http")
        client.setblocking(False)
        successor = self.sockets["http"].accept()[0]
        successor.close()
        self.assertEqual(self.open, 0)

    async def test_scan_after_a_reload(self) -> None:
        await self.finish_scan(is_stop=False)

    async def test_scan_at_a_stop(self) -> None:
        await self.finish_scan(is_stop=True)

    async def finish_scan(self, *, is_stop: bool) -> None:
        """It is waited for, longer than those have who are idle."""
        client = await self.client("http", CHECK)
        await self.until(lambda: self.scanner.waiting == 1)
        drained = self.drain(is_stop=is_stop)
        await self.wait(RELOAD_GRACE * 2)
        self.assertFalse(drained.called)
        self.scanner.release()
        self.assertTrue((await self.rest(client)).startswith(LAST))
        self.assertLess(await self.over(drained), 1.0)

    async def test_idle_http(self) -> None:
        """A client that says nothing has the grace to say something."""
        for is_stop, grace in ((False, RELOAD_GRACE), (True, STOP_GRACE)):
            made = self.serving = self.serve()
            made.accept("http", self.sockets["http"], is_shared=False)
            idle, late = await self.client("http"), await self.client("http", PING)
            self.assertNotIn(b"close", await deferToThread(late.recv, 1000))
            drained = self.drain(is_stop=is_stop)
            await self.wait(grace / 2)
            self.assertEqual(self.open, 2)
            late.sendall(PING)
            reply = await self.rest(late)
            self.assertTrue(reply.startswith(LAST), reply)
            self.assertEqual(self.open, 1)
            self.assert_passed(await self.over(drained), grace / 2)
            self.assertEqual(await self.rest(idle), b"")

    async def test_request_that_has_begun(self) -> None:
        """A part of a request is no idleness, however long the rest takes."""
        client = await self.client("http", CHECK[:-3])
        await self.until(lambda: all(not item.is_idle for item in self.connections("http")))
        drained = self.drain(is_stop=True)
        await self.wait(STOP_GRACE * 2)
        client.sendall(CHECK[-3:])
        await self.until(lambda: self.scanner.waiting == 1)
        self.scanner.release()
        self.assertTrue((await self.rest(client)).startswith(LAST))
        await self.over(drained)

    async def test_queue_at_a_stop(self) -> None:
        """Whoever has been let in by the kernel is answered; there is nobody after us."""
        clients = [self.connect("http") for _ in range(50)]
        for client in clients:
            client.sendall(PING)
        drained = self.drain(is_stop=True)
        self.assertEqual(self.open, 50)
        for client in clients:
            self.assertTrue((await self.rest(client)).startswith(LAST))
        await self.over(drained)

    async def test_queue_after_a_reload(self) -> None:
        """There need not be any successors for this socket: it may be about to be closed."""
        client = self.connect("http")
        client.sendall(PING)
        drained = self.drain(is_stop=False)
        self.assertEqual(self.open, 1)
        self.assertTrue((await self.rest(client)).startswith(LAST))
        await self.over(drained)

    async def test_milter_after_a_reload(self) -> None:
        """A session between two messages goes on till the bound: its MTA cannot know."""
        client = await self.client("milter", *START)
        await deferToThread(client.recv, 1)
        drained = self.drain(is_stop=False)
        await self.wait(BOUND - 1)
        for part in message():
            client.sendall(part)
        await self.until(lambda: self.scanner.waiting == 1)
        self.scanner.release()
        self.assertEqual(self.open, 1)
        with logged() as lines:
            await self.over(drained)
        self.assertEqual((self.open, lines, self.clock.seconds() // BOUND), (0, [], 1))
        received = await deferToThread(self.until_reset, client)
        self.assertTrue(received.endswith(frame("a")), received)

    async def test_milter_at_a_stop(self) -> None:
        """Between messages it is closed after the grace."""
        client = await self.client("milter", *START)
        passed = await self.over(self.drain(is_stop=True))
        self.assert_passed(passed, STOP_GRACE)
        self.assertTrue(await self.rest(client))

    async def test_milter_in_a_message(self) -> None:
        """It is waited for, and then the session ends."""
        client = await self.client("milter", *START, *message()[:-1])
        await self.until(lambda: all(not item.is_idle for item in self.connections("milter")))
        drained = self.drain(is_stop=True)
        await self.wait(STOP_GRACE * 2)
        client.sendall(message()[-1])
        await self.until(lambda: self.scanner.waiting == 1)
        self.scanner.release()
        self.assertLess(await self.over(drained), 1.0)
        self.assertTrue((await self.rest(client)).endswith(frame("a")))

    async def test_cut(self) -> None:
        """There is an end to waiting, and the log tells of it."""
        clients = [
            await self.client("milter", *START, *message()),
            await self.client("milter", *START, *message()[:-1]),
            await self.client("milter", *START),
            await self.client("http", CHECK),
        ]
        await self.until(lambda: self.scanner.waiting == 2)
        await self.until(lambda: sum(not item.is_idle for item in self.connections("milter")) == 2)
        with logged() as lines:
            passed = await self.over(self.drain(is_stop=False, seconds=1.0))
        self.assert_passed(passed, 1.0)
        self.assertEqual(
            sorted(lines),
            ["http: 1 connections cut off at work", "milter: 2 connections cut off at work"],
        )
        self.assertEqual((self.open, self.scanner.cancelled), (0, 2))
        for client in clients:
            await deferToThread(self.until_reset, client)

    async def test_stop_during_a_drain(self) -> None:
        """A stop is not bound to wait as long as the reload before it."""
        await self.client("milter", *START)
        first = self.drain(is_stop=False)
        await self.wait(RELOAD_GRACE * 2)
        self.assertEqual(self.open, 1)
        passed = await self.over(self.drain(is_stop=True))
        self.assert_passed(passed, STOP_GRACE)
        self.assertEqual(self.open, 0)
        await self.over(first)

    def connections(self, name: str) -> list[Any]:
        return list(self.serving.factories[name].connections)

    def until_reset(self, client: socket.socket) -> bytes:
        """All that a client gets before its connection is cut."""
        received = b""
        while True:
            try:
                data = client.recv(65536)
            except ConnectionResetError:
                return received
            if not data:
                self.fail("closed in peace")
            received += data
