"""Public keys of DKIM: which records give one, and why others do not."""

from base64 import b64encode
from hashlib import sha256
from random import Random

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.dkim_key import (
    MAX_RECORD,
    MAX_RECORDS,
    KeyRecordError,
    read_public_key,
    read_public_keys,
)

RSA = generate_private_key(65537, 1024)
SPKI = b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
PKCS1 = b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))
ED25519 = Ed25519PrivateKey.generate()
RAW = b64encode(ED25519.public_key().public_bytes_raw())
EC = b64encode(
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)


def rsa_record(bits: int, exponent: int = 65537) -> bytes:
    """The record of a key of a size, which nobody can sign by."""
    modulus = Random(bits).getrandbits(bits) | 1 | 1 << bits - 1
    return b"p=" + b64encode(der(0x30, der_number(modulus) + der_number(exponent)))


def der_number(number: int) -> bytes:
    """A positive number in DER."""
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def der(tag: int, octets: bytes) -> bytes:
    """A value in DER."""
    size = len(octets)
    if size < 128:
        return bytes((tag, size)) + octets
    length = size.to_bytes(2).lstrip(b"\0")
    return bytes((tag, 0x80 + len(length))) + length + octets


def problem(record: bytes) -> str:
    """Why a record gives no key."""
    try:
        read_public_key(record)
    except KeyRecordError as error:
        return str(error)
    return ""


class RecordTests(SynchronousTestCase):
    """One record."""

    def test_good(self) -> None:
        """Forms that are in use."""
        for front in (b"", b"v=DKIM1;", b"v=DKIM1; k=rsa; t=y:s; s=email; h=sha256; n=x;"):
            for octets in (SPKI, PKCS1, SPKI[:50] + b" \t " + SPKI[50:]):
                found = read_public_key(front + b"p=" + octets)
                self.assertEqual(
                    (found.kind, found.bits, found.key), ("rsa", 1024, RSA.public_key())
                )
        found = read_public_key(b"v=DKIM1; k=ed25519; p=" + RAW + b";")
        self.assertEqual((found.kind, found.key), ("ed25519", ED25519.public_key()))

    def test_flags(self) -> None:
        """Others than those known are let be (RFC 6376 3.6.1)."""
        for text, flags in (
            (b"", (False, False)),
            (b"t=;", (False, False)),
            (b"t=y;", (True, False)),
            (b"t=s;", (False, True)),
            (b"t= x : s : y ;", (True, True)),
            (b"t=Y;", (False, False)),
        ):
            for key in (b"p=" + SPKI, b"k=ed25519; p=" + RAW):
                found = read_public_key(text + key)
                self.assertEqual((found.is_testing, found.is_strict), flags, text)

    def test_ignored(self) -> None:
        """Unknown tags, and g= of the time before."""
        for text in (b"g=*;", b"g=;", b"x1 = extra ;", b"s=web:*;", b"h=sha1: sha256 ;"):
            self.assertEqual(problem(text + b"p=" + SPKI), "", text)

    def test_bad(self) -> None:
        """Each with its reason."""
        for record, reason in (
            (b"", "no p="),
            (b"v=DKIM1", "no p="),
            (b"v=spf1 -all", "version"),
            (b"v=DKIM2; p=" + SPKI, "version"),
            (b"v=dkim1; p=" + SPKI, "version"),
            (b"v=; p=" + SPKI, "version"),
            (b"k=rsa; v=DKIM1; p=" + SPKI, "version"),
            (b"p=", "revoked"),
            (b"v=DKIM1; p= \t", "revoked"),
            (b"p=!", "not base64"),
            (b"p=" + SPKI[:-3], "not base64"),
            (b"p=" + SPKI[:40], "no RSA key"),
            (b"p=" + EC, "no RSA key"),
            (b"p=" + RAW, "no RSA key"),
            (b"k=ed25519; p=" + SPKI, "not 32"),
            (b"k=ed25519; p=" + b64encode(bytes(31)), "has 31 octets"),
            (b"k=ed25519; p=" + b64encode(bytes(33)), "has 33 octets"),
            (b"k=RSA; p=" + SPKI, "neither"),
            (b"k=; p=" + SPKI, "neither"),
            (b"k=ed448; p=" + SPKI, "neither"),
            (b"s=web; p=" + SPKI, "not for mail"),
            (b"s=; p=" + SPKI, "not for mail"),
            (b"h=sha1; p=" + SPKI, "not for sha256"),
            (b"h=; p=" + SPKI, "not for sha256"),
            (b"p=" + SPKI + b"; p=" + SPKI, "broken"),
            (b"t; p=" + SPKI, "broken"),
            (b"\xff=x; p=" + SPKI, "broken"),
            (b"n=" + b"x" * MAX_RECORD + b"; p=" + SPKI, "more than 8192 octets"),
        ):
            self.assertIn(reason, problem(record), record)

    def test_longest(self) -> None:
        record = b"p=" + SPKI + b"; n="
        self.assertEqual(problem(record.ljust(MAX_RECORD, b"x")), "")
        self.assertIn("octets", problem(record.ljust(MAX_RECORD + 1, b"x")))

    def test_sizes(self) -> None:
        """RFC 8301 3.2, and what an operation may cost."""
        for bits in (512, 1023, 8193, 16384):
            self.assertIn(f"has {bits} bits, not 1024 to 8192", problem(rsa_record(bits)))
        self.assertEqual([problem(rsa_record(bits)) for bits in (1024, 2048, 8192)], [""] * 3)

    def test_exponents(self) -> None:
        self.assertEqual([problem(rsa_record(2048, e)) for e in (3, 65537, 2**32 + 1)], [""] * 3)
        for exponent in (2**33 + 1, 2**2000 + 1):
            self.assertIn("exponent", problem(rsa_record(2048, exponent)))

    @given(st.binary(max_size=200))
    def test_any_octets(self, octets: bytes) -> None:
        """A key, or a reason that can be printed."""
        for record in (octets, b"p=" + octets, b"p=" + b64encode(octets)):
            self.assertTrue(problem(record).isprintable())

    @given(st.integers(0, 160), st.binary(min_size=1, max_size=4))
    def test_damaged_keys(self, at: int, octets: bytes) -> None:
        """Whatever comes of such a key verifies nothing, and raises nothing."""
        der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        damaged = der[:at] + octets + der[at + len(octets) :]
        try:
            found = read_public_key(b"p=" + b64encode(damaged))
        except KeyRecordError:
            return
        if found.key != RSA.public_key():
            signature = RSA.sign(b"x", PKCS1v15(), SHA256())
            self.assertFalse(found.verifies(signature, b"x"))


class RecordsTests(SynchronousTestCase):
    """What the records of a name give together."""

    def test_several(self) -> None:
        """Those of the kind, whatever stands beside them, in any order."""
        records = [b"something", b"p=" + SPKI, b"p=", b"k=ed25519; p=" + RAW]
        for n in range(4):
            turned = records[n:] + records[:n]
            self.assertEqual([key.kind for key in read_public_keys(turned, "rsa")], ["rsa"])
            self.assertEqual([key.kind for key in read_public_keys(turned, "ed25519")], ["ed25519"])

    def test_none(self) -> None:
        for records, reason in (
            ([], "no key"),
            ([b"p=", b"x"], "revoked"),
            ([b"p=" + SPKI] * (MAX_RECORDS + 1), "more than 4"),
            ([b"k=ed25519; p=" + RAW], "the key is one of ed25519, the signature of rsa"),
        ):
            error = self.assertRaises(KeyRecordError, read_public_keys, records, "rsa")
            self.assertIn(reason, str(error))


class VerifyTests(SynchronousTestCase):
    """Signatures by a key."""

    def test_rsa(self) -> None:
        key = read_public_key(b"p=" + SPKI)
        good = RSA.sign(b"signed", PKCS1v15(), SHA256())
        self.assertTrue(key.verifies(good, b"signed"))
        for bad in (b"", good[1:], b"\0" + good, good + b"\0", bytes(128), b"\xff" * 128):
            self.assertFalse(key.verifies(bad, b"signed"))
        self.assertFalse(key.verifies(good, b"signeD"))

    def test_ed25519(self) -> None:
        """It signs the hash of what is signed (RFC 8463 3), and not that itself."""
        key = read_public_key(b"k=ed25519; p=" + RAW)
        self.assertFalse(key.verifies(ED25519.sign(b"signed"), b"signed"))
        good = ED25519.sign(sha256(b"signed").digest())
        self.assertTrue(key.verifies(good, b"signed"))
        for bad in (b"", good[1:], good + b"\0", bytes(64), b"\xff" * 64):
            self.assertFalse(key.verifies(bad, b"signed"))
        self.assertFalse(key.verifies(good, b"signeD"))
