"""What a certificate says of itself."""

from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.tls.facts import facts, fingerprint, public_key
from tests.authority import Authority, load

NAMES = ("mx.example.org", "*.example.org", "192.0.2.1", "2001:db8::1", "a@example.org",
         "spiffe://example.org/mx")  # fmt: skip


class FactsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(mkdtemp())
        self.addCleanup(rmtree, self.folder)
        self.root = Authority(self.folder, "root")

    def test_all(self) -> None:
        certificate = load(self.root.issue(*NAMES)[0])
        found = facts(certificate)
        self.assertEqual(found.names, NAMES)
        self.assertEqual((found.subject, found.issuer), ("CN=mx.example.org", "CN=root"))
        self.assertEqual(found.key, "P-256")
        self.assertEqual(round((found.expires - found.begins) / 86400), 91)
        self.assertEqual(found.fingerprint, fingerprint(certificate))
        self.assertEqual(found.public_key, public_key(certificate))

    def test_digests(self) -> None:
        """Those that `openssl` prints."""
        certificate = load(self.root.issue("mx.example.org")[0])
        der = certificate.public_bytes(Encoding.DER)
        self.assertEqual(fingerprint(certificate), sha256(der).hexdigest())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.assertEqual(public_key(certificate), sha256(key).hexdigest())

    def test_without_names(self) -> None:
        self.assertEqual(facts(self.root.certificate).names, ())
