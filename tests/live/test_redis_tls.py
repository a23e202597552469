"""TLS to Redis: only the right certificate will do, and the password goes to nobody else."""

from functools import cache
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mailfilter.store.base import Count, Publish, Store, key
from mailfilter.store.errors import Unavailable
from tests.authority import Authority

from .processes import free_port, private_directory
from .redis import Server, Told, closing, make_store, need_redis, settings, until

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
    authority = authorities()[0]
    certificate, key = authority.issue(*names)
    server = Server(
        f"tls-port {port}",
        "requirepass s3cret",
        f"tls-cert-file {certificate}",
        f"tls-key-file {key}",
        f"tls-ca-cert-file {authority.file}",
        "tls-auth-clients no",
        port=0,
    ).start()
    server.port = port
    return server


class TlsTests(TestCase):
    """Certificates, right and wrong."""

    timeout = 90

    def setUp(self) -> None:
        """Skip where there is no Redis."""
        need_redis()
        self.told = Told()

    def store(self, server: Server, **options: Any) -> Store:
        """A store with TLS that trusts the right authority; what is told is of this one."""
        self.told = Told()
        options.setdefault("tls_ca", str(authorities()[0].file))
        options.setdefault("servers", (f"localhost:{server.port}",))
        store = make_store(settings(server, tls=True, password="s3cret", **options), self.told)
        closing(self, store)
        return store

    async def fails(self, store: Store) -> str:
        """The text of the error, which comes at once when a server was tried."""
        await until(lambda: bool(self.told.counts))
        call = Deferred.fromCoroutine(store.do(Count({A: 1})))
        return str(self.failureResultOf(call, Unavailable).value)

    async def works(self, store: Store) -> None:
        """Calls and notices."""
        self.assertEqual(await store.do(Count({A: 1})), [1])
        got: list[bytes | None] = []
        store.subscribe(b"topic", got.append)
        await until(lambda: got == [None])
        await store.do(Publish(b"topic", b"1"))
        await until(lambda: got == [None, b"1"])
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
