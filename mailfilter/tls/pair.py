"""What we show: a certificate with its chain, its key, and what its authority says of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..codec.control import Pair
from .errors import TlsError
from .facts import Facts, facts, key_kind, spki
from .pem import blocks, certificates, instead
from .staple import RevokedError, read_staple

MAX_CHAIN = 10
"""Certificates in a chain; real ones have up to four."""

MIN_RSA = 2048
"""Bits of a key of RSA; peers refuse less."""

Part = Literal["chain", "key", "ocsp"]

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)

_CURVES = ("secp256r1", "secp384r1", "secp521r1")

_IS_ENCRYPTED = re.compile(rb"^Proc-Type: *4, *ENCRYPTED", re.MULTILINE)

_OF_SERVERS = frozenset(
    {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)

_OLD_HASHES = ("md5", "sha1")


class PairError(TlsError):
    """A pair cannot be used; the text does not name the pair, `part` is which file is wrong,
    `is_revoked` whether that is since its authority says so."""

    def __init__(self, part: Part, text: str, *, is_revoked: bool = False) -> None:
        self.part = part
        self.is_revoked = is_revoked
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair that fits together."""

    name: str
    """In [certificates]."""
    chain: tuple[x509.Certificate, ...]
    """Its own certificate, then each that has signed the one before."""
    key: PrivateKey = field(repr=False)
    ocsp: bytes = field(repr=False)
    """An answer of OCSP in DER; empty where there is none."""
    facts: Facts
    """Of the certificate."""
    ocsp_begins: float | None = None
    """Unix time from which the answer holds."""
    ocsp_expires: float | None = None
    """Unix time; `None` without an answer, or if it has no end."""

    def has_answer(self, now: float) -> bool:
        """Whether there is an answer of OCSP that holds at this Unix time."""
        if self.ocsp_begins is None or now < self.ocsp_begins:
            return False
        return self.ocsp_expires is None or now <= self.ocsp_expires


def read_pair(pair: Pair) -> Shown:
    """Read the files of a pair. Raises PairError if they do not fit together.

    A certificate that has expired is no error here, nor is an answer of OCSP that has.
    """
    part: Part = "chain"
    try:
        chain = certificates(pair.chain, MAX_CHAIN)
        known = facts(chain[0])
        part = "key"
        key = read_key(pair.key or pair.chain)
        _check_match(key, chain)
        part = "chain"
        _check_chain(chain)
        part = "ocsp"
        staple = read_staple(pair.ocsp, chain) if pair.ocsp else None
    except TlsError as error:
        is_revoked = isinstance(error, RevokedError)
        raise PairError(part, str(error), is_revoked=is_revoked) from None
    if staple is None:
        return Shown(pair.name, chain, key, b"", known)
    return Shown(pair.name, chain, key, pair.ocsp, known, staple.begins, staple.expires)


def check_server(shown: Shown) -> None:
    """Raise PairError for a certificate that says what it is for, and servers are not among that
    (RFC 5280, 4.2.1.12): no client takes it from one."""
    extensions = shown.chain[0].extensions
    try:
        usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not _OF_SERVERS.intersection(usages):
        text = "it says that it is not for servers: extendedKeyUsage has no serverAuth"
        raise PairError("chain", text)


def read_key(data: bytes) -> PrivateKey:
    """The only private key in a file of PEM, which may hold certificates too. Raises TlsError."""
    found = [text for label, text in blocks(data) if label.endswith("PRIVATE KEY")]
    if not found:
        raise TlsError(f"no private key in it{instead(data, 'PRIVATE KEY')}")
    if len(found) > 1:
        raise TlsError(f"{len(found)} private keys, expected one")
    (pem,) = found
    if b"ENCRYPTED PRIVATE KEY" in pem or _IS_ENCRYPTED.search(pem):
        raise TlsError(
            "the private key is encrypted, and there is nobody to ask for its password;"
            " `openssl pkey -in FILE -out NEW` writes it without"
        )
    try:
        key = load_pem_private_key(pem, None)
    except Exception:
        # What is said of it could hold parts of the key.
        raise TlsError("the private key is damaged") from None
    return _usable(key)


def _usable(key: object) -> PrivateKey:
    """Refuse what peers do not take."""
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA:
            raise TlsError(
                f"a key of RSA of {key.key_size} bits, expected at least {MIN_RSA}, or P-256"
            )
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name not in _CURVES:
            raise TlsError(f"a key on the curve {key.curve.name}, expected P-256, P-384 or P-521")
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return key
    raise TlsError("a kind of key that TLS does not take; expected P-256 or RSA")


def _check_match(key: PrivateKey, chain: Sequence[x509.Certificate]) -> None:
    ours = spki(key.public_key())
    if spki(chain[0].public_key()) == ours:
        return
    for at, certificate in enumerate(chain[1:], 2):
        if spki(certificate.public_key()) == ours:
            raise TlsError(
                f"the private key belongs to certificate {at} of the chain; that must be the first"
            )
    kinds = (key_kind(key.public_key()), key_kind(chain[0].public_key()))
    known = f" (they are {' and '.join(kinds)})" if kinds[0] != kinds[1] else ""
    raise TlsError(f"the private key does not belong to the certificate{known}")


def _check_chain(chain: Sequence[x509.Certificate]) -> None:
    """Each must have signed the one before."""
    for at, (certificate, issuer) in enumerate(pairwise(chain), 1):
        if certificate.issuer == certificate.subject:
            raise TlsError(f"certificate {at} of the chain has signed itself; nothing follows it")
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            raise TlsError(
                f"certificate {at + 1} of the chain ({_subject(issuer)}) has not signed"
                f" certificate {at}, expected {certificate.issuer.rfc4514_string()}"
            ) from None
        except Exception as error:
            raise TlsError(f"certificate {at} of the chain cannot be checked: {error}") from None
    for at, certificate in enumerate(chain, 1):
        _check_signature(at, certificate)
        _check_strength(at, certificate)


def _check_strength(at: int, certificate: x509.Certificate) -> None:
    """Of an authority in the chain OpenSSL would find out in each handshake."""
    key = certificate.public_key()
    is_weak = isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA
    if is_weak or (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES):
        raise TlsError(
            f"certificate {at} of the chain has a key that peers refuse ({key_kind(key)}),"
            f" expected RSA of at least {MIN_RSA} bits, or P-256"
        )


def _check_signature(at: int, certificate: x509.Certificate) -> None:
    if certificate.issuer == certificate.subject:
        # Nobody looks at the signature of a root.
        return
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception as error:
        raise TlsError(f"certificate {at} of the chain: {error}") from None
    if algorithm is not None and algorithm.name in _OLD_HASHES:
        raise TlsError(
            f"certificate {at} of the chain is signed with {algorithm.name.upper()},"
            " which peers refuse; expected SHA-256"
        )


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
