"""Answers of OCSP by how they are signed; what they may say is tested with pairs."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.tls.errors import TlsError
from mailfilter.tls.staple import Staple, read_staple

PSS_SHA256 = bytes.fromhex(
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)
"""The name of the signature, with a salt of 32 octets (RFC 4055 section 3.1)."""

PKCS1_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")

PSS = padding.PSS(padding.MGF1(SHA256()), 32)


class PssTests(SynchronousTestCase):
    """An authority with a key of RSA that signs as OpenSSL does with rsa_padding_mode:pss."""

    def setUp(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        now = datetime.now(UTC)
        self.root = self.certify("root", now)
        self.own = self.certify("mx.example.org", now)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.own,
            issuer=self.root,
            algorithm=SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=now + timedelta(days=7),
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.root)
        self.answer = builder.sign(self.key, SHA256())

    def certify(self, name: str, now: datetime) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("root"))
        builder = builder.public_key(self.key.public_key()).serial_number(len(name))
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=9))
        return builder.sign(self.key, SHA256())

    def read(self, signature: bytes) -> Staple:
        """The answer with another signature, which has the same length."""
        data = self.answer.public_bytes(Encoding.DER)
        tail = PKCS1_SHA256 + bytes.fromhex("0382010100") + self.answer.signature
        self.assertTrue(data.endswith(tail))
        body = self.answer.tbs_response_bytes
        basic = sequence(body + PSS_SHA256 + bytes.fromhex("0382010100") + signature)
        kind = bytes.fromhex("06092b0601050507300101")
        data = sequence(b"\x0a\x01\x00" + der(0xA0, sequence(kind + der(0x04, basic))))
        return read_staple(data, (self.own, self.root))

    def test_good(self) -> None:
        body = self.answer.tbs_response_bytes
        staple = self.read(self.key.sign(body, PSS, SHA256()))
        assert staple.expires is not None
        self.assertAlmostEqual(staple.expires - staple.begins, 7 * 86400, delta=2)

    def test_forged(self) -> None:
        other = rsa.generate_private_key(65537, 2048)
        signature = other.sign(self.answer.tbs_response_bytes, PSS, SHA256())
        with self.assertRaisesRegex(TlsError, "its authority has not signed it"):
            self.read(signature)
        with self.assertRaisesRegex(TlsError, "its authority has not signed it"):
            self.read(self.answer.signature)


def sequence(content: bytes) -> bytes:
    return der(0x30, content)


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content
