"""Authorities and lists of revoked certificates."""

import time
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.control import Trust
from mailfilter.tls.trust import TrustError, Verifying, read_trust
from tests.authority import Authority, self_signed


class TrustTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.root = Authority(self.folder, "root")
        self.authorities = self.root.file.read_bytes()

    def read(self, *revoked: bytes, authorities: bytes | None = None) -> Verifying:
        known = self.authorities if authorities is None else authorities
        return read_trust(Trust(listener="scan", authorities=known, revoked=revoked))

    def check_refused(
        self, part: str, number: int, text: str, *revoked: bytes, authorities: bytes | None = None
    ) -> None:
        with self.assertRaises(TrustError) as caught:
            self.read(*revoked, authorities=authorities)
        self.assertEqual((caught.exception.part, caught.exception.number), (part, number))
        self.assertIn(text, str(caught.exception))

    def test_good(self) -> None:
        """Several authorities in one file, lists in both forms; nothing is all right, too."""
        other = Authority(self.folder, "other")
        pem = self.root.revoke().read_bytes()
        der = x509.load_pem_x509_crl(other.revoke().read_bytes()).public_bytes(Encoding.DER)
        found = self.read(pem, der, authorities=self.authorities + other.file.read_bytes())
        self.assertEqual(found.listener, "scan")
        self.assertEqual(list(found.authorities), [self.root.certificate, other.certificate])
        self.assertEqual([item.issuer for item in found.revoked], [
            self.root.certificate.subject, other.certificate.subject,
        ])  # fmt: skip
        self.assertEqual(self.read(authorities=b"").authorities, ())
        both = self.read(pem + other.revoke().read_bytes())
        self.assertEqual(len(both.revoked), 2)

    def test_no_authority(self) -> None:
        single, _ = self.root.issue("mx.example.net")
        own, _ = self_signed(self.folder, "self.example.net")
        for file in (single, own):
            self.check_refused(
                "authorities", 0, "is not an authority; list a single certificate in fingerprints",
                authorities=self.authorities + file.read_bytes(),
            )  # fmt: skip
        self.check_refused("authorities", 0, "no certificate in it", authorities=b"junk")
        cut = self.authorities[:-30]
        self.check_refused("authorities", 0, "cut off", authorities=cut)

    def test_no_list(self) -> None:
        good = self.root.revoke().read_bytes()
        self.check_refused("revoked", 1, "no list of revoked certificates", good, b"junk")
        self.check_refused(
            "revoked", 0, "not a list of revoked certificates", b"\x30\x82junk", good
        )
        self.check_refused("revoked", 0, "cut off", good[:-30])
        self.check_refused("revoked", 0, "no list of revoked", self.authorities)
        self.check_refused("revoked", 0, "more than 8MiB", b"\x30" * (2**23 + 1))

    def test_long_list(self) -> None:
        """Of an authority that has revoked tens of thousands of certificates."""
        pem = b"#" * 2**21 + b"\n" + self.root.revoke().read_bytes()
        self.assertEqual(len(self.read(pem).revoked), 1)

    def test_forged_list(self) -> None:
        """In the name of an authority, by another key."""
        folder = self.folder / "other"
        folder.mkdir()
        forged = Authority(folder, "root").revoke().read_bytes()
        self.check_refused("revoked", 0, "is not signed by the key of that authority", forged)

    def test_list_of_an_authority_below(self) -> None:
        """Its key is not known yet: clients show its certificate."""
        middle = Authority(self.folder, "middle", signed_by=self.root)
        self.assertEqual(len(self.read(middle.revoke().read_bytes()).revoked), 1)

    def test_unlisted(self) -> None:
        """Without any list nobody needs one."""
        other = Authority(self.folder, "other")
        both = self.authorities + other.file.read_bytes()
        self.assertEqual(self.read(authorities=both).unlisted(), [])
        lists = self.read(self.root.revoke().read_bytes(), authorities=both)
        self.assertEqual(lists.unlisted(), ["CN=other"])

    def test_stale(self) -> None:
        now = time.time()
        fresh = self.read(self.root.revoke().read_bytes())
        self.assertEqual(fresh.stale(now), [])
        old = self.read(self.root.revoke(days=(-9, -1)).read_bytes())
        self.assertEqual(old.stale(now), ["the list of revoked certificates of CN=root"])
        both = self.root.revoke(days=(-9, -1)).read_bytes() + self.root.revoke().read_bytes()
        for lists in ((both,), (both[both.index(b"-----END X509 CRL-----\n") + 23 :], both)):
            self.assertEqual(self.read(*lists).stale(now), [])
        ended = Authority(self.folder, "ended", days=(-9, -1)).file.read_bytes()
        self.assertEqual(self.read(authorities=ended + self.authorities).stale(now), [])
        self.assertEqual(self.read(authorities=ended).stale(now), ["the authority CN=ended"])
        years = now + 12 * 366 * 86400
        self.assertEqual(self.read().stale(years), ["the authority CN=root"])
