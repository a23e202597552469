"""TLS to Redis: only the right certificate will do, and the password goes to nobody else."""

from functools import cache
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, Publish, Store, key
from mailfilter.store.errors import StoreError, Unavailable

from .processes import free_port, private_directory
from .redis import Server, Told, closing, make_store, need_redis, passes, settings
from .redis_tls import Authority

A = key("test", "a")


@cache
def authorities() -> tuple[Authority, Authority]:
    """The one that is trusted, and another."""
    folder = private_directory()
    return Authority(folder, "right"), Authority(folder, "wrong")


@cache
def tls_server(*names: str) -> Server:
    """A server with a certificate for these names."""
    port = free_port()
    lines = (f"tls-port {port}", "requirepass s3cret", *authorities()[0].lines(*names))
    server = Server(*lines, port=0).start()
    server.port = port
    return server


class TlsTests(TestCase):
    """Certificates, right and wrong."""

    timeout = 30

    def setUp(self) -> None:
        """Skip where there is no Redis."""
        need_redis()
        self.told = Told()

    def store(self, server: Server, **options: Any) -> Store:
        """A store with TLS that trusts the right authority."""
        options.setdefault("tls_ca", str(authorities()[0].file))
        options.setdefault("servers", (f"localhost:{server.port}",))
        store = make_store(settings(server, tls=True, password="s3cret", **options), self.told)
        closing(self, store)
        return store

    async def fails(self, store: Store) -> str:
        """The text of the error, which comes at once when a server was tried."""
        await passes(0.3)
        for _ in range(100):
            if self.told.counts:
                break
            await passes(0.1)
        began = reactor.seconds()
        try:
            await store.do(Count({A: 1}))
        except Unavailable as error:
            self.assertLess(reactor.seconds() - began, 0.2)
            return str(error)
        except StoreError as error:
            raise AssertionError(f"{error.name}: {error}") from error
        raise AssertionError("it was answered")

    async def works(self, store: Store) -> None:
        """Calls and notices."""
        self.assertEqual(await store.do(Count({A: 1})), [1])
        got: list[bytes | None] = []
        store.subscribe(b"topic", got.append)
        for _ in range(500):
            if got:
                break
            await passes(0.01)
        await store.do(Publish(b"topic", b"1"))
        await passes(0.05)
        self.assertEqual(got, [None, b"1"])
        self.assertEqual(self.told.counts, [])

    async def test_right_name(self) -> None:
        """The name of the host."""
        await self.works(self.store(tls_server("localhost")))

    async def test_other_name(self) -> None:
        """The name that the configuration gives."""
        server = tls_server("redis.example.org")
        address = (f"127.0.0.1:{server.port}",)
        await self.works(self.store(server, servers=address, tls_name="redis.example.org"))

    async def test_address(self) -> None:
        """A certificate may be for an address."""
        server = tls_server("127.0.0.1", "::1")
        await self.works(self.store(server, servers=(f"127.0.0.1:{server.port}",)))

    async def test_wrong_name(self) -> None:
        """A certificate for another name is refused."""
        self.assertIn("TLS", await self.fails(self.store(tls_server("redis.example.org"))))

    async def test_wrong_address(self) -> None:
        """A certificate for a name is not one for an address."""
        server = tls_server("localhost")
        store = self.store(server, servers=(f"127.0.0.1:{server.port}",))
        self.assertIn("TLS", await self.fails(store))

    async def test_unknown_authority(self) -> None:
        """So is one that was signed by somebody else."""
        store = self.store(tls_server("localhost"), tls_ca=str(authorities()[1].file))
        self.assertIn("certificate verify failed", await self.fails(store))

    async def test_authorities_of_the_system(self) -> None:
        """They do not know our authority."""
        store = self.store(tls_server("localhost"), tls_ca="")
        self.assertIn("certificate verify failed", await self.fails(store))

    async def test_no_file(self) -> None:
        """A file of authorities that is not there, or holds none."""
        for name in ("/nowhere.pem", "/dev/null"):
            store = self.store(tls_server("localhost"), tls_ca=name)
            self.assertIn(name, await self.fails(store))

    async def test_plain_server(self) -> None:
        """A server without TLS does not answer, and gets no password."""
        server = Server("requirepass other").start()
        self.addCleanup(server.stop)
        self.assertIn("TLS", await self.fails(self.store(server, timeout=0.5)))

    async def test_plain_client(self) -> None:
        """Who forgets TLS is told."""
        store = make_store(settings(tls_server("localhost")), self.told)
        closing(self, store)
        self.assertIn("connection lost", await self.fails(store))
