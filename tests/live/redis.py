"""Redis servers and sentinels for tests: in private directories, ended with us."""

import contextlib
import shutil
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import hiredis
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import SkipTest, TestCase

from mailfilter.config.model import Redis, StoreSettings
from mailfilter.store.base import Store
from mailfilter.store.health import Health
from mailfilter.store.redis import RedisStore

from . import peers
from .processes import Child, free_port, private_directory, wait_until

PROGRAMS = ("redis-server", "redis-sentinel")
PERMISSIONS = (
    "-@all +@read +@write +@connection +@pubsub +eval +evalsha +script|load +time"
    " -@dangerous +role +info"
)
"""What docs say a user must be allowed."""

_numbers = count(1)


def need_redis() -> None:
    """Raises SkipTest where there is no Redis."""
    missing = peers.why_missing(*PROGRAMS)
    if missing:
        raise SkipTest(missing)


class Server:
    """A server, or with `sentinel` one that looks after others."""

    def __init__(self, *lines: str, sentinel: bool = False, port: int | None = None) -> None:
        need_redis()
        self.port = free_port() if port is None else port
        self.home = private_directory()
        self.socket = self.home / "socket"
        self._program = str(peers.find("redis-sentinel" if sentinel else "redis-server"))
        common = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.home}"]
        if not sentinel:
            common += [f"unixsocket {self.socket}", 'save ""', "enable-debug-command yes"]
        self.config = self.home / "redis.conf"
        self.config.write_text("\n".join([*common, *lines]) + "\n")
        self.child: Child | None = None
        self._has_port = self.port != 0

    def start(self) -> "Server":
        """Start, and wait until it answers."""
        self.child = Child(
            [self._program, str(self.config)], self.home / "log", peers.environment(), self.home
        )
        self.child.wait_ready(self._answers)
        return self

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self.child is not None:
            self.child.kill()
            shutil.rmtree(self.home, ignore_errors=True)

    def kill(self) -> None:
        """kill -9; it can be started again."""
        assert self.child is not None
        self.child.kill()

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.child is not None
        self.child.send(number)

    def ask(self, *words: Any, first: Sequence[Any] = ()) -> Any:
        """The reply to a command, on a connection of its own; blocks."""
        with self._connect() as connection:
            for command in filter(None, (first, words)):
                connection.sendall(hiredis.pack_command(tuple(command)))
                reader = hiredis.Reader()
                while (reply := reader.gets()) is False:
                    data = connection.recv(65536)
                    if not data:
                        raise OSError("closed")
                    reader.feed(data)
        return reply

    def _connect(self) -> socket.socket:
        if self._has_port:
            return socket.create_connection(("127.0.0.1", self.port), 5)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        connection.connect(str(self.socket))
        return connection

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            # Without a password it may refuse, but it is there.
            return isinstance(self.ask("PING"), bytes | hiredis.ReplyError)
        return False


@cache
def shared(*lines: str) -> Server:
    """A server that runs until the tests end, the same for the same lines."""
    return Server(*lines).start()


def settings(server: Server | Path | str, **options: Any) -> StoreSettings:
    """Settings for a server, with a prefix of their own unless there is one in the options."""
    where = f"127.0.0.1:{server.port}" if isinstance(server, Server) else str(server)
    options.setdefault("prefix", f"t{next(_numbers)}:")
    options.setdefault("servers", (where,))
    timeout = options.pop("timeout", 5.0)
    return replace(StoreSettings(kind="redis", timeout=timeout), redis=Redis(**options))


class Told:
    """What is told of trouble."""

    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.counts: list[str] = []

    def health(self) -> Health:
        """A health that tells us."""
        return Health("redis", reactor, self.alarms.append, self.counts.append)


def make_store(made: StoreSettings, told: Told | None = None) -> Store:
    """A store, open."""
    store = RedisStore(reactor, made, (told or Told()).health())
    store.open()
    return store


def closing(case: TestCase, store: Store) -> None:
    """Have the store closed at the end of a test."""
    case.addCleanup(lambda: Deferred.fromCoroutine(store.close()))


async def passes(seconds: float) -> None:
    """Real time goes by."""
    await deferLater(reactor, seconds)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    end = reactor.seconds() + seconds
    while not condition():
        if reactor.seconds() > end:
            raise AssertionError(f"it did not become true within {seconds:g} s")
        await passes(0.01)


def on_its_own(coroutine: Any) -> "Deferred[Any]":
    """Have a coroutine run beside the test."""
    return Deferred.fromCoroutine(coroutine)


__all__ = [
    "PERMISSIONS",
    "Server",
    "Told",
    "closing",
    "make_store",
    "need_redis",
    "on_its_own",
    "passes",
    "settings",
    "shared",
    "until",
    "wait_until",
]
