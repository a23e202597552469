"""Who somebody is by a certificate."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Identity
from mailfilter.tls.book import Book
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load


class BookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.authority = Authority(Path(mkdtemp()), "ca")

    def certificate(self, *names: str) -> x509.Certificate:
        return load(self.authority.issue(*names)[0])

    def name(self, certificate: x509.Certificate, *admitted: str, **identities: Identity) -> Any:
        known = Book(identities, admitted).find(certificate)
        return known and known.name

    def fits(self, identity: Identity, *names: str) -> bool:
        return bool(self.name(self.certificate(*names), it=identity) == "it")

    def test_dns(self) -> None:
        identity = Identity(dns=("mx1.Example.net", "*.relay.example.net"))
        for name in ("mx1.example.net", "MX1.EXAMPLE.NET", "a.relay.example.net"):
            self.assertTrue(self.fits(identity, name), name)
        for name in (
            "mx2.example.net",
            "a.mx1.example.net",
            "relay.example.net",
            "a.b.relay.example.net",
            "mx1.example.net.evil.example",
            "*.example.net",
            ".relay.example.net",
            ".mx1.example.net",
        ):
            self.assertFalse(self.fits(identity, name), name)

    def test_others(self) -> None:
        cases = (
            (Identity(ip=("192.0.2.1", "2001:db8::1")), "192.0.2.1", "192.0.2.2"),
            (Identity(ip=("2001:db8:0::1",)), "2001:db8::1", "2001:db8::2"),
            (
                Identity(uri=("spiffe://a.example/x",)),
                "spiffe://a.example/x",
                "spiffe://a.example/",
            ),
            (Identity(email=("me@Example.org",)), "me@example.ORG", "Me@example.org"),
            (Identity(email=("@example.org",)), "any@example.org", "any@a.example.org"),
        )
        for identity, right, wrong in cases:
            self.assertTrue(self.fits(identity, right), right)
            self.assertTrue(self.fits(identity, "b.example", right), right)
            self.assertFalse(self.fits(identity, wrong), wrong)

    def test_address_without_local_part(self) -> None:
        """Is none of the domain, and not that which is in the configuration."""
        good = self.authority.issue("x@example.org")[0]
        self.assertEqual(self.name(load(good), it=Identity(email=("@example.org",))), "it")
        odd = self.authority.alter(good, b"x@example.org", b"@eexample.org", stem="odd")
        self.assertIsNone(self.name(load(odd), it=Identity(email=("@eexample.org",))))

    def test_kinds_are_not_mixed(self) -> None:
        self.assertFalse(self.fits(Identity(dns=("192.0.2.1",)), "192.0.2.1"))
        self.assertFalse(self.fits(Identity(uri=("a.example",)), "a.example"))

    def test_subject_does_not_count(self) -> None:
        """The common name is the first name here; nobody looks at it."""
        certificate = self.certificate("a.example", "b.example")
        without = Identity(dns=("c.example",))
        self.assertIsNone(self.name(certificate, it=without))

    def test_pins(self) -> None:
        certificate = self.certificate("a.example")
        for pins in (
            Identity(fingerprints=(fingerprint(certificate),)),
            Identity(public_keys=(public_key(certificate),)),
        ):
            book = Book({"it": pins})
            self.assertTrue(book.has_pins)
            self.assertTrue(book.pinned(certificate))
            self.assertFalse(book.pinned(self.certificate("a.example")))
            self.assertEqual(self.name(certificate, it=pins), "it")
        book = Book({"it": Identity(dns=("a.example",))})
        self.assertFalse(book.has_pins)
        self.assertFalse(book.pinned(certificate))

    def test_order(self) -> None:
        """Pins, then names, then any; among names the first in the configuration."""
        certificate = self.certificate("a.example", "b.example")
        everybody = Identity(any_certificate=True)
        second, first = Identity(dns=("a.example",)), Identity(dns=("b.example",))
        pinned = Identity(fingerprints=(fingerprint(certificate),))
        self.assertEqual(self.name(certificate, any=everybody), "any")
        found = self.name(certificate, any=everybody, first=first, second=second)
        self.assertEqual(found, "first")
        found = self.name(certificate, any=everybody, first=first, pinned=pinned)
        self.assertEqual(found, "pinned")

    def test_admitted(self) -> None:
        certificate = self.certificate("a.example")
        pinned = Identity(fingerprints=(fingerprint(certificate),))
        identities = {"one": Identity(dns=("a.example",)), "two": pinned}
        self.assertEqual(self.name(certificate, **identities), "two")
        self.assertEqual(self.name(certificate, "one", **identities), "one")
        self.assertFalse(Book(identities, ("one",)).has_pins)
        self.assertIsNone(self.name(certificate, "three", **identities))

    def test_rights(self) -> None:
        certificate = self.certificate("a.example")
        for access, rights in (("none", (0, 0)), ("read", (1, 0)), ("write", (1, 1))):
            settings: Any = {"controller": access}
            book = Book({"it": Identity(dns=("a.example",), trusted=True, **settings)})
            known = book.find(certificate)
            assert known is not None
            self.assertTrue(known.is_trusted)
            self.assertEqual((known.may_read, known.may_change), rights)
