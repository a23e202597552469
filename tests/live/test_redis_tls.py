"""TLS to Redis: only the right certificate will do, and the password goes to nobody else."""

from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import load, self_signed

from .redis import Server, closing, make_store, settings
from .redis_tls import RedisTlsCase, authorities, fill, serve, tls_server


class NameTests(RedisTlsCase):
    """Whom it is for."""

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
        """A certificate for another name is refused, and it is said for which it is."""
        expected = "the certificate is not for localhost but for redis.example.org"
        await self.refuses(tls_server("redis.example.org"), expected)

    async def test_wrong_address(self) -> None:
        """A certificate for a name is not one for an address."""
        server = tls_server("localhost")
        expected = "the certificate is not for 127.0.0.1 but for localhost"
        await self.refuses(server, expected, servers=(f"127.0.0.1:{server.port}",))


class ChainTests(RedisTlsCase):
    """Who has signed it, and whether it still holds."""

    async def test_unknown_authority(self) -> None:
        """One that was signed by somebody else."""
        expected = "the certificate is from an authority that is not trusted: CN=right"
        server = tls_server("localhost")
        await self.refuses(server, expected, tls_ca=str(authorities().wrong.file))

    async def test_authorities_of_the_system(self) -> None:
        """They do not know our authority."""
        expected = "the certificate is from an authority that is not trusted: CN=right"
        await self.refuses(tls_server("localhost"), expected, tls_ca="")

    async def test_expired(self) -> None:
        """One that has ended."""
        server = serve(authorities().right.issue("localhost", days=(-9, -1), stem="expired"))
        self.addCleanup(server.stop)
        await self.refuses(server, "the certificate expired on ")

    async def test_self_signed(self) -> None:
        """Refused, but where it is the one that is trusted."""
        files = self_signed(authorities().folder, "localhost")
        server = serve(files)
        self.addCleanup(server.stop)
        await self.refuses(server, "the certificate is self-signed, and not one that is trusted")
        await self.works(self.store(server, tls_ca=str(files[0])))

    async def test_revoked(self) -> None:
        """By a list; by a list without it, it is right."""
        right = authorities().right
        files = right.issue("localhost", stem="revoked")
        server = serve(files)
        self.addCleanup(server.stop)
        lists = self.mktemp()
        fill(lists, right.revoke(files[0]))
        await self.refuses(server, "the certificate is revoked", tls_crl=(lists,))
        fill(lists, right.revoke())
        await self.works(self.store(server, tls_crl=(lists,)))


class PinTests(RedisTlsCase):
    """Certificates that are pinned."""

    async def test_pins(self) -> None:
        """The certificate or its public key; another one is refused."""
        files = authorities().right.issue("localhost", stem="pinned")
        server = serve(files)
        self.addCleanup(server.stop)
        certificate = load(files[0])
        for pin in (fingerprint(certificate), public_key(certificate)):
            await self.works(self.store(server, tls_pins=(pin,)))
        wrong = fingerprint(load(authorities().right.file))
        expected = f"the certificate is not pinned: SHA-256 {fingerprint(certificate)}"
        await self.refuses(server, expected, tls_pins=(wrong,))


class VersionTests(RedisTlsCase):
    """Servers that speak no TLS of today."""

    async def test_old(self) -> None:
        """TLS 1.0 and 1.1 are refused."""
        for version in ("TLSv1", "TLSv1.1"):
            files = authorities().right.issue("localhost", stem=version)
            lines = (f"tls-protocols {version}", "tls-ciphers DEFAULT:@SECLEVEL=0")
            server = serve(files, *lines)
            self.addCleanup(server.stop)
            await self.refuses(server, "it does not speak TLS 1.2 or TLS 1.3")

    async def test_both(self) -> None:
        """TLS 1.2 and 1.3 are not."""
        for version in ("TLSv1.2", "TLSv1.3"):
            files = authorities().right.issue("localhost", stem=version)
            server = serve(files, f"tls-protocols {version}")
            self.addCleanup(server.stop)
            await self.works(self.store(server))

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


class FileTests(RedisTlsCase):
    """Files of ours."""

    async def test_no_file(self) -> None:
        """A file of authorities that is not there, or holds none."""
        for name in ("/nowhere.pem", "/dev/null"):
            store = self.store(tls_server("localhost"), tls_ca=name)
            self.assertIn(f"TLS: {name}: ", await self.fails(store))

    async def test_mended(self) -> None:
        """The store begins to work when the file is right, without a restart."""
        path = self.mktemp()
        fill(path, authorities().wrong.file)
        store = self.store(tls_server("localhost"), tls_ca=path)
        self.assertIn("not trusted", await self.fails(store))
        fill(path, authorities().right.file)
        await self.comes_to_work(store)
