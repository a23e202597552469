"""What a certificate says of itself (RFC 5280)."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import TlsError

MAX_NAMES = 1000
"""Subject alternative names that are shown of one certificate."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What people want to know of a certificate."""

    subject: str
    """As RFC 4514 writes it."""
    issuer: str
    names: tuple[str, ...]
    """DNS names, addresses, mail addresses and URIs in its subject alternative names, in order."""
    begins: float
    """Unix time from which it holds."""
    expires: float
    """Unix time after which it holds no more."""
    fingerprint: str
    """SHA-256 of it, in 64 hexadecimal digits."""
    public_key: str
    """SHA-256 of its SubjectPublicKeyInfo, in 64 hexadecimal digits."""
    key: str
    """Kind of its key: `P-256`, `RSA 2048`."""

    def holds(self, now: float) -> bool:
        """Whether it has begun to hold, and not ended."""
        return self.begins <= now <= self.expires

    def lacks(self, other: "Facts") -> list[str]:
        """Names of another certificate that this one is not for."""
        ours = {name.lower() for name in self.names}
        return [
            name
            for name in other.names
            if name.lower() not in ours and f"*.{name.lower().partition('.')[2]}" not in ours
        ]


def facts(certificate: x509.Certificate) -> Facts:
    """Read all of them. Raises TlsError where the certificate is not well formed."""
    try:
        return Facts(
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            names=tuple(alternative_names(certificate)),
            begins=certificate.not_valid_before_utc.timestamp(),
            expires=certificate.not_valid_after_utc.timestamp(),
            fingerprint=fingerprint(certificate),
            public_key=public_key(certificate),
            key=key_kind(certificate.public_key()),
        )
    except Exception as error:
        # Many kinds: ValueError, UnsupportedAlgorithm, and those of extensions.
        raise TlsError(f"a certificate that is not well formed: {error}") from None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, in hexadecimal digits."""
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def public_key(certificate: x509.Certificate) -> str:
    """SHA-256 of its SubjectPublicKeyInfo, in hexadecimal digits.

    Raises what `cryptography` does for kinds of keys that it does not know.
    """
    return sha256(spki(certificate.public_key())).hexdigest()


def spki(key: PublicKeyTypes) -> bytes:
    """The SubjectPublicKeyInfo of a public key, in DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_kind(key: object) -> str:
    """What kind of public key it is, as people call it."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448"
    return "of an unknown kind"


def alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    """The names of a certificate, without its common name: no client looks at that any more."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return
    for at, name in enumerate(extension.value):
        if at == MAX_NAMES:
            return
        if isinstance(
            name, x509.DNSName | x509.RFC822Name | x509.UniformResourceIdentifier | x509.IPAddress
        ):
            yield str(name.value)
