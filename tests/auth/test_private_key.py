"""Private keys for signing mail: all forms they come in, and what is refused."""

import base64

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.private_key import (
    MAX_FILE,
    PrivateKeyError,
    public_record,
    read_private_key,
)

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

PLAIN = NoEncryption()
RSA = generate_private_key(65537, 1024)
SEED = bytes(range(32))
ED25519 = Ed25519PrivateKey.from_private_bytes(SEED)


def wrong_rsa(bits: int) -> bytes:
    """What looks like a key of that size, in no time."""
    p = (3 << (bits // 2 - 2)) + 1
    q = p + 2
    public = RSAPublicNumbers(65537, p * q)
    numbers = RSAPrivateNumbers(p, q, 3, 3, 3, pow(q, -1, p), public)
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)


def wrapped(octets: bytes, width: int = 64) -> bytes:
    """Base64 in lines."""
    text = base64.b64encode(octets)
    return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width)) + b"\r\n"


def number(private: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """What tells keys apart."""
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN)


class ReadPrivateKeyTests(SynchronousTestCase):
    """Keys in files and maps."""

    def assert_reads(self, data: bytes, wanted: RSAPrivateKey | Ed25519PrivateKey) -> None:
        """It must be that key."""
        self.assertEqual(number(read_private_key(data)), number(wanted))

    def assert_refused(self, data: bytes, *words: str) -> None:
        """It must be refused with these words, and nothing of the key in them."""
        error = self.assertRaises(PrivateKeyError, read_private_key, data)
        for word in words:
            self.assertIn(word, str(error))
        self.assertIsNone(error.__cause__)

    def test_pem(self) -> None:
        for private_format in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            pem = RSA.private_bytes(Encoding.PEM, private_format, PLAIN)
            self.assert_reads(pem, RSA)
            self.assert_reads(pem.replace(b"\n", b"\r\n"), RSA)
            self.assert_reads(b"made today\n\n" + pem + b"\n\n", RSA)
        pem = ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
        self.assert_reads(pem, ED25519)

    def test_pem_with_public_key(self) -> None:
        pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
        public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.assert_reads(public + pem, RSA)
        self.assert_reads(pem + public, RSA)
        self.assert_refused(public, "no private key")

    def test_base64(self) -> None:
        for private_format in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            der = RSA.private_bytes(Encoding.DER, private_format, PLAIN)
            self.assert_reads(base64.b64encode(der), RSA)
            self.assert_reads(b" " + wrapped(der), RSA)
        self.assert_reads(base64.b64encode(number(ED25519)), ED25519)

    def test_raw_ed25519(self) -> None:
        public = ED25519.public_key().public_bytes_raw()
        self.assert_reads(base64.b64encode(SEED) + b"\n", ED25519)
        self.assert_reads(base64.b64encode(SEED + public), ED25519)
        self.assert_refused(base64.b64encode(SEED + bytes(32)), "not the public key")
        for length in (1, 31, 33, 63, 65):
            self.assert_refused(base64.b64encode(bytes(length)), f"{length} octets", "32 or 64")

    def test_seed_that_looks_like_der(self) -> None:
        for length in (32, 64):
            seed = b"\x30" + bytes(31)
            private = Ed25519PrivateKey.from_private_bytes(seed)
            octets = (seed + private.public_key().public_bytes_raw())[:length]
            self.assert_reads(base64.b64encode(octets), private)

    def test_sizes_of_rsa(self) -> None:
        for bits in (512, 1016, 8200):
            self.assert_refused(wrong_rsa(bits), f"RSA of {bits} bits", "1024 to 8192")

    def test_wrong_numbers(self) -> None:
        self.assert_refused(wrong_rsa(1024), "damaged")
        known = read_private_key(wrong_rsa(8192), is_known=True)
        assert isinstance(known, RSAPrivateKey)
        self.assertEqual(known.key_size, 8192)

    def test_encrypted(self) -> None:
        password = BestAvailableEncryption(b"secret")
        for private_format in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            pem = RSA.private_bytes(Encoding.PEM, private_format, password)
            self.assert_refused(pem, "encrypted", "without")
        der = RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, password)
        self.assert_refused(base64.b64encode(der), "encrypted")

    def test_other_kinds(self) -> None:
        others = (ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate())
        for other in (*others, dsa.generate_private_key(1024)):
            pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
            self.assert_refused(pem, "RSA or Ed25519")
        pem = others[0].private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PLAIN)
        self.assert_refused(pem, "EC PRIVATE KEY", "RSA or Ed25519")

    def test_damaged(self) -> None:
        pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
        self.assert_refused(pem[:-40], "cut off")
        self.assert_refused(pem.replace(b"\nMII", b"\nMIJ"), "damaged")
        self.assert_refused(pem + pem, "2 private keys", "expected one")
        self.assert_refused(b"-----BEGIN PRIVATE KEY-----\n", "cut off")
        self.assert_refused(number(RSA), "DER")
        self.assert_refused(b"/etc/mail/key.pem", "neither PEM nor base64")
        for empty in (b"", b" \n"):
            self.assert_refused(empty, "empty")

    def test_damaged_kind(self) -> None:
        """Of Ed25519, as if it were another curve, whose keys are longer."""
        for kind in (b"\x2b\x65\x6f", b"\x2b\x65\x6e", b"\x2b\x65\x71"):
            octets = number(ED25519).replace(b"\x2b\x65\x70", kind)
            self.assert_refused(base64.b64encode(octets), "of another kind")

    def test_size_of_file(self) -> None:
        pem = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
        self.assert_reads(pem.ljust(MAX_FILE, b"\n"), RSA)
        self.assert_refused(pem.ljust(MAX_FILE + 1, b"\n"), f"{MAX_FILE} octets")

    @EXAMPLES
    @given(st.binary(max_size=100), st.booleans(), st.booleans())
    def test_any_octets(self, octets: bytes, is_base64: bool, is_pem: bool) -> None:
        data = base64.b64encode(octets) if is_base64 else octets
        if is_pem:
            data = b"-----BEGIN PRIVATE KEY-----\n" + data + b"\n-----END PRIVATE KEY-----\n"
        try:
            read_private_key(data)
        except PrivateKeyError as error:
            self.assertLess(len(str(error)), 200)


class PublicRecordTests(SynchronousTestCase):
    """What is published of a key."""

    def test_rsa(self) -> None:
        start, _, text = public_record(RSA).rpartition("p=")
        self.assertEqual(start, "v=DKIM1; k=rsa; ")
        self.assertEqual(load_der_public_key(base64.b64decode(text)), RSA.public_key())

    def test_rfc_8463(self) -> None:
        # The key of its appendix A.
        private = read_private_key(b"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        self.assertEqual(
            public_record(private),
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        )
