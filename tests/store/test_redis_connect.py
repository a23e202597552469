"""The store in Redis and servers and sentinels that cannot be reached, or name another master."""

import socket
from collections.abc import Callable
from threading import Event, Thread, current_thread
from typing import Any

from twisted.internet.defer import Deferred, DeferredList

from mailfilter.store.base import Get
from mailfilter.store.errors import Unavailable
from mailfilter.store.resp import connection, names, watch

from .case import A
from .fake_redis import OK, FakeCase, FakeServer, Speaker, bulk, pause

MASTER = b"*1\r\n$6\r\nmaster\r\n"


def as_master(value: bytes) -> Callable[[Speaker, list[bytes]], bytes]:
    """A server that says it is the master, and the same of all values."""
    return lambda speaker, words: MASTER if words[0] == b"ROLE" else bulk(value)


class ConnectCase(FakeCase):
    """Several servers."""

    def hole(self) -> str:
        """A place that drops what comes: its queue is full."""
        listening = socket.socket()
        self.addCleanup(listening.close)
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = socket.socket()
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        return f"127.0.0.1:{listening.getsockname()[1]}"

    def another(self, script: Any) -> FakeServer:
        """One more server."""
        server = FakeServer(script)
        self.addCleanup(server.stop_soon)
        return server

    def names(self, server: FakeServer) -> Callable[[Speaker, list[bytes]], bytes]:
        """A sentinel that names this server."""
        port = b"%d" % server.port
        return lambda speaker, words: b"*2\r\n" + bulk(b"127.0.0.1") + bulk(port)


class HoleTests(ConnectCase):
    """Peers that drop what is sent to them, as one that is switched off."""

    async def test_first_server(self) -> None:
        """The next one is tried, in the same attempt."""
        server = self.another(as_master(b"x"))
        places = (self.hole(), f"127.0.0.1:{server.port}")
        self.begin(OK, 0.3, servers=places)
        await self.works()

    async def test_first_sentinel(self) -> None:
        """So it is with sentinels."""
        master = self.another(as_master(b"x"))
        sentinel = self.another(self.names(master))
        places = (self.hole(), self.hole(), f"127.0.0.1:{sentinel.port}")
        self.begin(OK, 0.3, servers=places, sentinel="mail")
        await self.works()

    async def test_sentinel_is_behind(self) -> None:
        """One that names a server that is gone is not asked again before others are."""
        master = self.another(as_master(b"x"))
        gone = self.another(OK)
        behind, sentinel = self.another(self.names(gone)), self.another(self.names(master))
        await gone.stop()
        places = tuple(f"127.0.0.1:{server.port}" for server in (behind, sentinel))
        self.begin(OK, 0.3, servers=places, sentinel="mail")
        await self.works()

    async def test_name_hangs(self) -> None:
        """A name whose lookup hangs keeps one thread busy, of which the process does not wait."""
        event, asked = Event(), []

        def hang(name: str, *_: Any, **__: Any) -> Any:
            asked.append((name, current_thread().daemon))
            event.wait()
            return []

        self.patch(names, "getaddrinfo", hang)
        self.addCleanup(event.set)
        server = self.another(as_master(b"x"))
        places = ("hangs.example:6379", f"127.0.0.1:{server.port}")
        self.begin(OK, 0.3, servers=places, connections=3)
        await self.works()
        self.assertEqual(asked, [("hangs.example", True)])

    async def test_no_thread(self) -> None:
        """A name that could not be looked up for want of a thread is looked up later."""

        def refuse(**options: Any) -> Any:
            self.patch(names, "Thread", thread)
            raise RuntimeError("no thread is left")

        thread = Thread
        self.patch(names, "Thread", refuse)
        server = self.another(as_master(b"x"))
        self.begin(OK, 0.3, servers=(f"localhost:{server.port}",))
        self.assertIn("no thread", await self.fails(Get([A]), Unavailable))
        await self.works()


class MovedTests(ConnectCase):
    """Connections that are not where the master is."""

    async def test_some_have_moved(self) -> None:
        """Those that are still at the old one are ended, though others are at the new one."""
        self.patch(watch, "ASK_SECONDS", 1.0)
        old, new = self.another(as_master(b"old")), self.another(as_master(b"x"))
        sentinel = self.another(self.names(old))
        place = (f"127.0.0.1:{sentinel.port}",)
        self.begin(OK, 5, servers=place, sentinel="mail", connections=2)
        self.store.subscribe(b"topic", lambda _: None)
        await self.until(lambda: len(old.speakers) == 3)
        sentinel.script = self.names(new)
        old.speakers[0].end()
        await self.until(lambda: not old.speakers and len(new.speakers) == 3)
        await self.works()

    async def test_replica_is_left(self) -> None:
        """Who is told that a server is a replica leaves that server, and no other."""
        self.patch(watch, "ASK_SECONDS", 1000.0)
        old, new = self.another(as_master(b"old")), self.another(as_master(b"x"))
        sentinel = self.another(self.names(old))
        place = (f"127.0.0.1:{sentinel.port}",)
        self.begin(OK, 5, servers=place, sentinel="mail", connections=2)
        await self.until(lambda: len(old.speakers) == 2)
        sentinel.script = self.names(new)
        old.speakers[0].end()
        await self.until(lambda: len(new.speakers) == 1)
        old.script = lambda speaker, words: b"-READONLY it is a replica\r\n"
        while old.speakers:
            # One for each connection.
            calls = [Deferred.fromCoroutine(self.store.do(Get([A]))) for _ in range(2)]
            await DeferredList(calls, consumeErrors=True)
            await pause(0.01)
        await self.until(lambda: len(new.speakers) == 2)
        self.assertEqual(new.connections, 2)


class NameTests(ConnectCase):
    """Names for which there are no certificates."""

    async def test_no_name(self) -> None:
        """It is said, and nobody is connected to."""
        self.begin(OK, 0.3, tls=True, tls_name="redis..example")
        await self.until(lambda: bool(self.alarms))
        self.assertIn("TLS: redis..example is not a DNS name", self.alarms[0])
        self.assertEqual(self.server.connections, 0)


class SubscribeTests(ConnectCase):
    """Topics stay heard."""

    def subscribed(self, speaker: Speaker, words: list[bytes]) -> bytes:
        """What a server says to SUBSCRIBE."""
        return b"*3\r\n" + bulk(b"subscribe") + bulk(words[1]) + b":1\r\n"

    async def test_no_answer(self) -> None:
        """A topic that a server does not confirm while it speaks of others begins anew."""

        def answer(speaker: Speaker, words: list[bytes]) -> bytes | None:
            if words[0] not in (b"SUBSCRIBE", b"PING"):
                return OK
            if self.server.connections <= 2 and words[0] == b"PING":
                return None
            if self.server.connections <= 2:
                other = bulk(b"message") + bulk(b"other") + bulk(b"x")
                speaker.repeat(0.02, b"*3\r\n" + other)
                return None
            return self.subscribed(speaker, words)

        self.begin(answer, 0.3)
        got: list[bytes | None] = []
        self.store.subscribe(b"topic", got.append)
        await self.until(lambda: got == [None])

    async def test_not_sent(self) -> None:
        """So does one that could not be asked for."""
        self.begin(lambda speaker, words: self.subscribed(speaker, words))
        first: list[bytes | None] = []
        second: list[bytes | None] = []
        self.store.subscribe(b"first", first.append)
        await self.until(lambda: first == [None])
        limit = connection.MAX_CALLS
        self.patch(connection, "MAX_CALLS", 0)
        self.store.subscribe(b"second", second.append)
        self.patch(connection, "MAX_CALLS", limit)
        await self.until(lambda: second == [None] and first == [None, None])
