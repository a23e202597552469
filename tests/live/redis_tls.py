"""Redis with TLS, for tests: its certificates, and stores that connect to it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, Publish, Store, key
from mailfilter.store.errors import Unavailable
from tests.authority import Authority

from .processes import free_port, private_directory
from .redis import Server, Told, closing, make_store, need_redis, passes, settings, until

A = key("test", "a")


@dataclass(frozen=True, slots=True)
class Authorities:
    """Who signs, and where the certificates are."""

    folder: Path
    right: Authority
    wrong: Authority


@cache
def authorities() -> Authorities:
    """The one that is trusted, and another."""
    folder = private_directory()
    return Authorities(folder, Authority(folder, "right"), Authority(folder, "wrong"))


@cache
def tls_server(*names: str) -> Server:
    """A server with a right certificate for these names."""
    return serve(authorities().right.issue(*names))


def serve(files: tuple[Path, Path], *lines: str, auth_clients: str = "no") -> Server:
    """A server with this certificate and key."""
    port = free_port()
    server = Server(
        f"tls-port {port}",
        "requirepass s3cret",
        f"tls-cert-file {files[0]}",
        f"tls-key-file {files[1]}",
        f"tls-ca-cert-file {authorities().right.file}",
        f"tls-auth-clients {auth_clients}",
        *lines,
        port=0,
    ).start()
    server.port = port
    return server


def fill(target: str, *sources: str | Path) -> None:
    """Write the contents of files, one after another, into another one of ours alone."""
    Path(target).touch(mode=0o600)
    Path(target).write_bytes(b"".join(Path(source).read_bytes() for source in sources))


class RedisTlsCase(TestCase):
    """Stores that connect with TLS."""

    timeout = 90

    def setUp(self) -> None:
        """Skip where there is no Redis."""
        need_redis()
        self.told = Told()

    def store(self, server: Server, **options: Any) -> Store:
        """A store with TLS that trusts the right authority; what is told is of this one."""
        self.told = Told()
        options.setdefault("tls_ca", str(authorities().right.file))
        options.setdefault("servers", (f"localhost:{server.port}",))
        store = make_store(settings(server, tls=True, password="s3cret", **options), self.told)
        closing(self, store)
        return store

    async def fails(self, store: Store) -> str:
        """The text of the error, which comes at once when a server was tried."""
        await until(lambda: bool(self.told.counts))
        call = Deferred.fromCoroutine(store.do(Count({A: 1})))
        return str(self.failureResultOf(call, Unavailable).value)

    async def refuses(self, server: Server, expected: str, **options: Any) -> None:
        """The error, and the alarm, name the reason."""
        text = await self.fails(self.store(server, **options))
        self.assertIn(f":{server.port}: TLS: {expected}", text)
        self.assertIn(expected, "\n".join(self.told.alarms))

    async def works(self, store: Store) -> None:
        """Calls and notices."""
        self.assertEqual(await store.do(Count({A: 1})), [1])
        got: list[bytes | None] = []
        store.subscribe(b"topic", got.append)
        await until(lambda: got == [None])
        await store.do(Publish(b"topic", b"1"))
        await until(lambda: got == [None, b"1"])
        self.assertEqual(self.told.counts, [])

    async def comes_to_work(self, store: Store, seconds: float = 30.0) -> None:
        """Within a time; it tries by itself."""
        end = reactor.seconds() + seconds
        while True:
            try:
                await store.do(Count({A: 1}))
            except Unavailable:
                if reactor.seconds() > end:
                    raise
                await passes(0.05)
            else:
                return
