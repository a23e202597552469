"""Redis that wants a certificate of ours (`tls-auth-clients yes`)."""

from functools import cache
from typing import Any

from tests.authority import Authority

from .redis import Server
from .redis_tls import RedisTlsCase, authorities, fill, serve

VERSIONS = ("TLSv1.2", "TLSv1.3")


@cache
def strict_server(version: str) -> Server:
    """A server that takes certificates of the right authority."""
    files = authorities().right.issue("localhost", stem=f"strict-{version}")
    return serve(files, f"tls-protocols {version}", auth_clients="yes")


@cache
def shown(name: str, **options: Any) -> dict[str, str]:
    """Options with a certificate of ours, of the authority of that name."""
    authority: Authority = getattr(authorities(), name)
    stem = "-".join([name, "client", *options])
    certificate, key = authority.issue("filter.example.org", usage="client", stem=stem, **options)
    return {"tls_certificate": str(certificate), "tls_key": str(key)}


class ClientTests(RedisTlsCase):
    """The certificate that we show."""

    async def test_right(self) -> None:
        """It lets us in, with both versions of TLS."""
        for version in VERSIONS:
            await self.works(self.store(strict_server(version), **shown("right")))

    async def test_one_file(self) -> None:
        """Certificate and key in one."""
        options = shown("right")
        both = self.mktemp()
        fill(both, options["tls_key"], options["tls_certificate"])
        await self.works(self.store(strict_server("TLSv1.3"), tls_certificate=both))

    async def test_none(self) -> None:
        """Without, the reason is told."""
        expected = {
            # There Redis does not say which of the two it is.
            "TLSv1.2": "it refused the handshake: no cipher in common, or it wants a certificate",
            "TLSv1.3": "it wants a certificate of ours, and was shown none",
        }
        for version in VERSIONS:
            await self.refuses(strict_server(version), expected[version])

    async def test_wrong_authority(self) -> None:
        """One of another authority is refused by the server."""
        for version in VERSIONS:
            expected = "it refused the certificate that we showed: unknown ca"
            await self.refuses(strict_server(version), expected, **shown("wrong"))

    async def test_expired(self) -> None:
        """One of ours that has ended."""
        options = shown("right", days=(-9, -1))
        for version in VERSIONS:
            expected = "it refused the certificate that we showed: certificate expired"
            await self.refuses(strict_server(version), expected, **options)

    async def test_mismatch(self) -> None:
        """A key of another certificate is not tried."""
        options = {**shown("right"), "tls_key": shown("wrong")["tls_key"]}
        store = self.store(strict_server("TLSv1.3"), **options)
        text = await self.fails(store)
        self.assertIn(f"TLS: {options['tls_key']}: the private key does not belong", text)

    async def test_renewed(self) -> None:
        """A certificate that replaces one that was not taken is shown without a restart."""
        options = {name: self.mktemp() for name in ("tls_certificate", "tls_key")}
        for name, path in options.items():
            fill(path, shown("wrong")[name])
        store = self.store(strict_server("TLSv1.3"), **options)
        self.assertIn("unknown ca", await self.fails(store))
        for name, path in options.items():
            fill(path, shown("right")[name])
        await self.comes_to_work(store)
