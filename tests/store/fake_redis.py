"""A server that speaks the protocol of Redis as a test tells it to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hiredis
from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import LoopingCall
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from mailfilter.config.model import Redis, StoreSettings
from mailfilter.store.base import Call, Get, key
from mailfilter.store.errors import StoreError
from mailfilter.store.health import Health
from mailfilter.store.redis import RedisStore

reactor: Any = the_reactor
Answer = bytes | None
Script = Callable[["Speaker", list[bytes]], Answer]
OK = b"+OK\r\n"


def bulk(data: bytes) -> bytes:
    """A reply with octets."""
    return b"$%d\r\n%b\r\n" % (len(data), data)


def always(answer: Answer) -> Script:
    """The same reply to everything."""
    return lambda speaker, words: answer


class Speaker(Protocol):
    """One connection."""

    def __init__(self, server: "FakeServer") -> None:
        self._server = server
        self._reader = hiredis.Reader()
        self._repeating: LoopingCall | None = None

    def connectionMade(self) -> None:
        """Remember it."""
        self._server.speakers.append(self)
        self._server.connections += 1

    def dataReceived(self, data: bytes) -> None:
        """Commands."""
        if self._server.is_deaf:
            return
        self._reader.feed(data)
        while (words := self._reader.gets()) is not False:
            self._server.heard.append(words)
            answer = self._server.answer(self, words)
            if answer is not None:
                self.send(answer)

    def send(self, data: bytes) -> None:
        """Send octets."""
        assert self.transport is not None
        self.transport.write(data)

    def repeat(self, seconds: float, data: bytes) -> None:
        """Send the same again and again, until the connection ends."""
        self._repeating = LoopingCall(self.send, data)
        self._repeating.start(seconds)

    def end(self) -> None:
        """End the connection."""
        assert self.transport is not None
        self.transport.abortConnection()  # type: ignore[attr-defined]

    def connectionLost(self, reason: Any = None) -> None:
        """Forget it."""
        if self._repeating is not None:
            self._repeating.stop()
        self._server.speakers.remove(self)


class FakeServer:
    """Listens on loopback; `script` answers what is not part of logging in."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.login: dict[bytes, bytes] = {}
        """Command -> reply, when somebody logs in; OK for all others."""
        self.heard: list[list[bytes]] = []
        self.speakers: list[Speaker] = []
        self.connections = 0
        self.is_deaf = False
        factory = Factory.forProtocol(lambda: Speaker(self))
        factory.noisy = False
        self._port = reactor.listenTCP(0, factory, interface="127.0.0.1")

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._port.getHost().port
        return port

    def answer(self, speaker: Speaker, words: list[bytes]) -> Answer:
        """What to say to a command."""
        if words[0] in self.login:
            return self.login[words[0]]
        if words[0] in (b"AUTH", b"SELECT", b"SCRIPT"):
            return OK
        return self.script(speaker, words)

    def stop_soon(self) -> "Deferred[None]":
        """The same as `stop`, for those who cannot await it."""
        return Deferred.fromCoroutine(self.stop())

    async def stop(self) -> None:
        """Listen no more, end all connections."""
        self.is_deaf = True
        await maybeDeferred(self._port.stopListening)
        for speaker in list(self.speakers):
            speaker.end()
        while self.speakers:
            await pause(0.005)


@implementer(IPushProducer)
class Flood:
    """Sends the same octets again and again until the other side goes."""

    def __init__(self, speaker: Speaker, data: bytes, most: int) -> None:
        self._speaker, self._data, self._most = speaker, data, most
        self._is_paused = False
        self.sent = 0
        assert speaker.transport is not None
        speaker.transport.registerProducer(self, True)  # type: ignore[attr-defined]
        self._go()

    def _go(self) -> None:
        while not self._is_paused and self.sent < self._most:
            self._speaker.send(self._data)
            self.sent += len(self._data)

    def pauseProducing(self) -> None:
        """Enough for now."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """More."""
        self._is_paused = False
        self._go()

    def stopProducing(self) -> None:
        """The other side is gone."""
        self._is_paused = True


def pause(seconds: float) -> "Deferred[None]":
    """Let time go by."""
    done: Deferred[None] = Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done


class FakeCase(TestCase):
    """A store that talks to a server of ours."""

    timeout = 20

    def setUp(self) -> None:
        """Nothing listens yet."""
        self.alarms: list[str] = []
        self.counts: list[str] = []

    def begin(self, answer: Any, seconds: float = 5.0, **options: Any) -> RedisStore:
        """A server that answers so, and a store that has begun to connect."""
        script = answer if callable(answer) else always(answer)
        self.server = server = FakeServer(script)
        server.login.update(options.pop("login", {}))
        self.addCleanup(server.stop_soon)
        options.setdefault("servers", (f"127.0.0.1:{self.server.port}",))
        options.setdefault("connections", 1)
        made = replace(StoreSettings(kind="redis", timeout=seconds), redis=Redis(**options))
        health = Health("redis", reactor, self.alarms.append, self.counts.append)
        self.store = RedisStore(reactor, made, health)
        self.store.open()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.store.close()))
        return self.store

    async def works(self) -> None:
        """After a while calls are answered, with this."""
        end = reactor.seconds() + 15
        while True:
            try:
                self.assertEqual(await self.store.do(Get([key("test", "a")])), [b"x"])
            except StoreError as error:
                self.assertLess(reactor.seconds(), end, str(error))
                await pause(0.02)
            else:
                return

    async def until(self, condition: Callable[[], bool], seconds: float = 15.0) -> None:
        """Wait for something to become true."""
        end = reactor.seconds() + seconds
        while not condition():
            self.assertLess(reactor.seconds(), end, "it did not become true")
            await pause(0.005)

    async def fails(self, call: Call[Any], kind: type[StoreError] = StoreError) -> str:
        """A call that must fail with exactly this error; its text."""
        try:
            answer = await self.store.do(call)
        except StoreError as error:
            self.assertIs(type(error), kind, str(error))
            self.assertIn(f"store/{kind.name}", self.counts)
            return str(error)
        raise AssertionError(f"it was answered {answer!r}")
