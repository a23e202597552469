"""Who somebody is where a certificate fits several identities, or nearly fits one."""

from pathlib import Path
from tempfile import mkdtemp

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.base32 import encode_base32
from mailfilter.config.model import Identity
from mailfilter.tls.book import Book
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load


class OrderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.authority = Authority(Path(mkdtemp()), "ca")

    def certificate(self, *names: str) -> x509.Certificate:
        return load(self.authority.issue(*names)[0])

    def name(self, certificate: x509.Certificate, **identities: Identity) -> str | None:
        known = Book(identities).find(certificate)
        return known.name if known is not None else None

    def test_first_of_the_same(self) -> None:
        """By whatever both are known: the first in the configuration has what it gives."""
        names = ("a.example.org", "192.0.2.1", "spiffe://a.example/x", "me@example.org")
        certificate = self.certificate(*names)
        for identity in (
            Identity(dns=names[:1]),
            Identity(dns=("*.example.org",)),
            Identity(ip=names[1:2]),
            Identity(uri=names[2:3]),
            Identity(email=names[3:]),
            Identity(email=("@example.org",)),
            Identity(fingerprints=(fingerprint(certificate),)),
            Identity(public_keys=(public_key(certificate),)),
            Identity(any_certificate=True),
        ):
            found = self.name(certificate, zeta=identity, alpha=identity)
            self.assertEqual(found, "zeta", identity)

    def test_first_of_the_same_key_or_name(self) -> None:
        """The same of what is no certificate of theirs."""
        key = bytes(range(32))
        identity = Identity(httpcrypt_keys=(encode_base32(key),), proxy_names=("mx1",))
        book = Book({"zeta": identity, "alpha": identity})
        self.assertEqual(book.by_key[key].name, "zeta")
        found = book.by_proxy_name("mx1")
        assert found is not None
        self.assertEqual(found.name, "zeta")

    def test_exact_before_wild(self) -> None:
        """One that is named itself is not one of many, wherever that stands."""
        wild = Identity(dns=("*.example.org",), email=("@example.org",))
        exact = Identity(dns=("a.example.org",), email=("me@example.org",))
        for name in ("a.example.org", "me@example.org"):
            self.assertEqual(self.name(self.certificate(name), wild=wild, exact=exact), "exact")

    def test_case_of_uris(self) -> None:
        """It matters, other than that of domains (RFC 5280 7.4)."""
        identity = Identity(uri=("spiffe://a.example/mx",))
        self.assertIsNone(self.name(self.certificate("spiffe://a.example/MX"), it=identity))

    def test_last_dot(self) -> None:
        for listed, shown in (("a.example.", "a.example"), ("*.example", "a.example.")):
            identity = Identity(dns=(listed,))
            self.assertEqual(self.name(self.certificate(shown), it=identity), "it")
