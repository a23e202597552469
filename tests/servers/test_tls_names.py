"""Which certificate is shown to whom, with what beside it."""

import time
from pathlib import Path
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from mailfilter.codec.control import Credentials, Pair, Trust
from mailfilter.config.model import Certificate, Config, Listener
from mailfilter.tls.contexts import ServerSide, build_sides
from mailfilter.tls.errors import TlsError
from tests.authority import Authority

from .tls_case import VERSIONS, TlsCase, TlsClient


class NamesTests(TlsCase):
    def several(self, *settings: tuple[str, tuple[str, ...], tuple[str, ...]]) -> None:
        """Certificates: name, names in it, names by which it is asked for."""
        self.serve()
        pairs = []
        for name, names, _ in settings:
            files = self.authority.issue(*names, stem=name)
            pairs.append(Pair(name=name, chain=files[0].read_bytes(), key=files[1].read_bytes()))
        config = Config(
            listeners={
                "here": Listener(
                    protocol="http",
                    endpoint="tcp:0",
                    certificates=tuple(name for name, *_ in settings),
                )
            },
            certificates={name: Certificate(chain="x", names=asked) for name, _, asked in settings},
        )
        self.factory.side = build_sides(config, Credentials(pairs=tuple(pairs)))["here"]

    def first_name(self, name: bytes) -> str:
        """The first name in what is shown to a client that asks so."""
        shown = set()
        for version in VERSIONS:
            client = self.client(version, pump=False)
            if name:
                client.ssl.set_tlsext_host_name(name)
            client.pump()
            self.assertTrue(client.is_up, client.error)
            certificate = client.ssl.get_peer_certificate(as_cryptography=True)
            assert certificate is not None
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            shown.add(names.value.get_values_for_type(x509.DNSName)[0])
        (only,) = shown
        return only

    def test_by_name(self) -> None:
        self.several(
            ("one", ("one.example", "also.example"), ()),
            ("two", ("two.example", "*.two.example"), ()),
            ("three", ("three.example",), ("asked.example", "*.asked.example")),
        )
        for asked, expected in (
            (b"", "one.example"),
            (b"one.example", "one.example"),
            (b"also.example", "one.example"),
            (b"TWO.example", "two.example"),
            (b"a.two.example", "two.example"),
            (b"a.b.two.example", "one.example"),
            (b"asked.example", "three.example"),
            (b"x.asked.example", "three.example"),
            (b"three.example", "one.example"),
            (b"unknown.example", "one.example"),
            (b"\xff\xfe", "one.example"),
            (b".two.example", "one.example"),
        ):
            self.assertEqual(self.first_name(asked), expected, asked)

    def test_client_certificates(self) -> None:
        """They are looked at whatever is shown."""
        self.serve(client_auth="required")
        files = [self.authority.issue(name) for name in ("one.example", "two.example")]
        pairs = [
            Pair(name=path.stem, chain=path.read_bytes(), key=key.read_bytes())
            for path, key in files
        ]
        names = tuple(pair.name for pair in pairs)
        listener = Listener(
            protocol="http", endpoint="tcp:0", certificates=names, client_auth="required"
        )
        config = Config(
            listeners={"here": listener},
            certificates={name: Certificate(chain="x") for name in names},
        )
        trust = Trust(listener="here", authorities=self.theirs.file.read_bytes())
        self.factory.side = build_sides(config, Credentials(pairs=tuple(pairs), trusts=(trust,)))[
            "here"
        ]
        for version in VERSIONS:
            client = self.client(version, self.authority.issue("c.example"), pump=False)
            client.ssl.set_tlsext_host_name(b"two.example")
            client.pump()
            self.assertIn("alert unknown ca", client.error)

    def test_resumed_by_name(self) -> None:
        self.several(("one", ("one.example",), ()), ("two", ("two.example",), ()))
        for version in VERSIONS:
            context = self.context(version)
            session = None
            for is_resumed in (False, True):
                self.counted.clear()
                client = self.client(context=context, session=session, pump=False)
                client.ssl.set_tlsext_host_name(b"two.example")
                client.pump()
                self.assertEqual("tls/resumed" in self.counted, is_resumed)
                session = client.ssl.get_session()
                client.end()


class StapleTests(TlsCase):
    def stapled(self, ocsp: Path | None, days: float = 0) -> bytes:
        """What is shown to a client that asks for it, so long after it was read."""
        self.serve()
        data = b"" if ocsp is None else ocsp.read_bytes()
        self.factory.side = self.side(pairs=(self.shown(*self.pair, ocsp=data),))
        found: list[bytes] = []
        now = time.time()
        self.patch(time, "time", lambda: now + days * 86400)

        def note(_: SSL.Connection, data: bytes, __: object) -> bool:
            found.append(data)
            return True

        context = self.context()
        context.set_ocsp_client_callback(note)
        client = self.client(context=context, pump=False)
        client.ssl.request_ocsp()
        client.pump()
        self.assertTrue(client.is_up, client.error)
        return found[0]

    def test_ocsp(self) -> None:
        self.pair = self.authority.issue("o.example", chain=[self.authority])
        good = self.authority.vouch(self.pair[0])
        self.assertEqual(self.stapled(good), good.read_bytes())
        self.assertEqual(self.stapled(None), b"")

    def test_ocsp_out_of_date(self) -> None:
        """Also one that was not when it was read."""
        self.pair = self.authority.issue("o.example", chain=[self.authority])
        self.assertEqual(self.stapled(self.authority.vouch(self.pair[0], days=(-9, -1))), b"")
        good = self.authority.vouch(self.pair[0], days=(-9, 1))
        self.assertEqual(self.stapled(good, 0.5), good.read_bytes())
        self.assertEqual(self.stapled(good, 2), b"")

    def test_ocsp_ahead(self) -> None:
        """One whose authority has a clock ahead of ours is shown from its time on."""
        ahead = self.authority.vouch(self.pair[0], days=(1, 9))
        self.assertEqual(self.stapled(ahead), b"")
        self.assertEqual(self.stapled(ahead, 2), ahead.read_bytes())

    def test_long_chain(self) -> None:
        """Longer than what Twisted takes from OpenSSL at once."""
        authorities = [self.authority]
        for number in range(8):
            last = authorities[-1]
            authorities.append(Authority(self.folder, "x" * 60 + f"{number}", signed_by=last))
        names = [f"host{number}.example.net" for number in range(2500)]
        self.pair = authorities[-1].issue(*names, chain=authorities[:0:-1])
        self.serve()
        for version in VERSIONS:
            client = self.client(version)
            self.assertTrue(client.is_up, client.error)

    def test_authorities(self) -> None:
        """Clients are told which authorities count, unless there are others that need none."""
        for version in VERSIONS:
            self.serve(client_auth="optional")
            client = self.client(version)
            names = [name.rfc4514_string() for name in self.asked(client)]
            self.assertEqual(names, ["CN=theirs"])

    def asked(self, client: TlsClient) -> Any:
        return client.ssl.get_client_ca_list(as_cryptography=True)


class BadTests(TlsCase):
    def build(self, **changes: Any) -> ServerSide:
        self.serve()
        return self.side(**changes)

    def test_missing(self) -> None:
        error = self.assertRaises(TlsError, self.build, pairs=())
        self.assertEqual(str(error), "certificates.mx: its files were not read")

    def test_wrong_key(self) -> None:
        other = self.authority.issue("other.example")
        pair = self.shown(self.pair[0], other[1])
        error = self.assertRaises(TlsError, self.build, pairs=(pair,))
        self.assertIn("certificates.mx: the private key does not belong", str(error))

    def test_trust(self) -> None:
        trust = Trust(listener="here", authorities=b"nothing")
        error = self.assertRaises(TlsError, self.build, trusts=(trust,))
        self.assertIn("listeners.here: ", str(error))
